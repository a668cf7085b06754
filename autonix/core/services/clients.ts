/**
 * Which library speaks to which service, for each ecosystem's own names.
 *
 * Only libraries that speak to one kind: an ORM that needs a driver is told by
 * its driver. A module of Go stands for the packages below it too.
 *
 * @module
 */
import type { Ecosystem } from "../draft.ts";
import {
  C,
  CRYSTAL,
  DART,
  DOTNET,
  ELIXIR,
  GLEAM,
  GO,
  HASKELL,
  JVM,
  OCAML,
  RUST,
  SWIFT,
} from "./clients_compiled.ts";
import { JAVASCRIPT, PHP, PYTHON, RUBY } from "./clients_scripted.ts";

/** Kind and the names of its clients, separated by blanks. */
export type ClientTable = Readonly<Record<string, string>>;

const BY_ECOSYSTEM: ReadonlyMap<Ecosystem, ClientTable> = new Map<
  Ecosystem,
  ClientTable
>([
  ["javascript", JAVASCRIPT],
  ["python", PYTHON],
  ["go", GO],
  ["rust", RUST],
  ["jvm", JVM],
  ["ruby", RUBY],
  ["php", PHP],
  ["dotnet", DOTNET],
  ["elixir", ELIXIR],
  ["gleam", GLEAM],
  ["haskell", HASKELL],
  ["ocaml", OCAML],
  ["swift", SWIFT],
  ["dart", DART],
  ["crystal", CRYSTAL],
  ["c", C],
]);

const KINDS: ReadonlyMap<Ecosystem, ReadonlyMap<string, string>> = new Map(
  [...BY_ECOSYSTEM].map(([ecosystem, table]) => [
    ecosystem,
    new Map(
      Object.entries(table).flatMap(([kind, names]) =>
        names.split(" ").map((name) => [name, kind] as const)
      ),
    ),
  ]),
);

/** A name of Maven is `group:artifact`; the artifact tells. */
function ownName(ecosystem: Ecosystem, name: string): string {
  return ecosystem === "jvm" ? name.slice(name.lastIndexOf(":") + 1) : name;
}

/** The kind of service a library speaks to; null when to none or to several. */
export function kindOfClient(
  ecosystem: Ecosystem,
  dependency: string,
): string | null {
  const kinds = KINDS.get(ecosystem);
  if (kinds === undefined) return null;
  const name = ownName(ecosystem, dependency);
  const exact = kinds.get(name);
  if (exact !== undefined || ecosystem !== "go") return exact ?? null;
  // github.com/jackc/pgx/v5/stdlib is of github.com/jackc/pgx.
  for (
    let end = name.lastIndexOf("/");
    end > 0;
    end = name.lastIndexOf("/", end - 1)
  ) {
    const kind = kinds.get(name.slice(0, end));
    if (kind !== undefined) return kind;
  }
  return null;
}
