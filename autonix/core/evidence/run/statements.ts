/**
 * What files of hosting platforms say: commands, ports, variables.
 *
 * @module
 */
import { itemsOf, type Node, scalarText, textOf } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { mayBeTold } from "../../secrets.ts";
import { OF_TOOLS } from "../env_files.ts";
import { type Gathering, service, state } from "../gathering.ts";
import { isOf, type Runtime, type Targets } from "../targets.ts";

export interface Place {
  file: string;
  /** Directory it speaks of. */
  path: string;
  targets: Targets;
}

export type Reader = (to: Gathering, root: Node, place: Place) => void;

/** Of package managers, with nothing behind it: it builds nothing. */
const INSTALLS =
  /^(?:npm (?:ci|i|install)|yarn(?: install)?(?= --|$)|pnpm (?:i|install)|bun install|(?:python3? -m )?pip3? install|poetry install|uv sync|pdm install|pipenv install|bundle install|composer install|go mod download|mix deps\.get)(?: [^&;|\n]{0,500})?$/;

export function command(
  to: Gathering,
  { file, path }: Place,
  field: "install" | "build" | "start",
  node: Node | null,
): void {
  const words = itemsOf(node).map((item) => scalarText(item) ?? "");
  const text = (textOf(node) ?? words.join(" && ")).trim();
  if (node === null || text === "" || text.length > 2_000) return;
  // A script of the platform's image is none of the repository's.
  if (field === "start" && /^\/(?!usr\/bin\/|bin\/)/.test(text)) return;
  state(to, {
    path,
    field: field === "build" && INSTALLS.test(text) ? "install" : field,
    value: text,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

/** A service of the platform, told once for each that takes its address. */
export function database(
  to: Gathering,
  { file }: Place,
  of: {
    kind: string;
    version: string | null;
    name: string | null;
    users: readonly { path: string | null; env: readonly string[] }[];
    node: Node;
  },
): void {
  const { kind, version, name, node } = of;
  const users = of.users.length > 0 ? of.users : [{ path: null, env: [] }];
  for (const { path, env } of users) {
    to.services.push(service({
      kind,
      version,
      name,
      usedBy: path,
      env,
      strength: "declared",
      place: "production",
      evidence: [nodeEvidence(file, node)],
    }));
  }
}

export function port(
  to: Gathering,
  { file, path }: Place,
  node: Node | null,
): void {
  const value = Number(scalarText(node));
  if (node === null || !Number.isInteger(value)) return;
  if (value < 1 || value > 65535) return;
  state(to, {
    path,
    field: "port",
    value,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

/** Variables by which a platform is told the version of a runtime. */
const VERSIONS: ReadonlyMap<string, Runtime> = new Map<string, Runtime>([
  ["NODE_VERSION", "node"],
  ["BUN_VERSION", "bun"],
  ["DENO_VERSION", "deno"],
  ["PYTHON_VERSION", "python"],
  ["RUBY_VERSION", "ruby"],
  ["GO_VERSION", "go"],
  ["PHP_VERSION", "php"],
  ["ELIXIR_VERSION", "elixir"],
  ["RUST_VERSION", "rust"],
  ["JAVA_VERSION", "jvm"],
]);
/** Those of tools: said to the platform as well, and nothing here has a place for them. */
const OF_MANAGERS =
  /^(?:POETRY|UV|PIP|PDM|PIPENV|YARN|NPM|PNPM|BUNDLER|HUGO)_VERSION$/;

/** A variable that tells the platform a version; true for one. */
export function version(
  to: Gathering,
  { file, path, targets }: Place,
  of: { name: string; value: string | null; node: Node },
): boolean {
  const name = of.name.replace(/^NIXPACKS_/, "");
  if (OF_MANAGERS.test(name)) return true;
  const runtime = VERSIONS.get(name);
  const owner = targets.owner(path);
  if (runtime === undefined || owner === null || !isOf(owner, runtime)) {
    return false;
  }
  const value = of.value?.trim().replace(/^v(?=\d)/, "") ?? "";
  if (/^[\w.]{1,40}$/.test(value)) {
    state(to, {
      path,
      field: "runtimeVersion",
      value,
      source: "procfile",
      evidence: nodeEvidence(file, of.node),
    });
  }
  return true;
}

export function variable(
  to: Gathering,
  { file, path, targets }: Place,
  of: { name: string; value: string | null; required: boolean; node: Node },
): void {
  const { name, value, required, node } = of;
  if (version(to, { file, path, targets }, { name, value, node })) return;
  if (OF_TOOLS.has(name) || !/^[A-Za-z_]\w{0,199}$/.test(name)) return;
  const isTold = value !== null && mayBeTold(name, value);
  state(to, {
    path,
    field: "env",
    value: {
      name,
      required: required && !isTold,
      ...(isTold ? { default: value } : {}),
    },
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}
