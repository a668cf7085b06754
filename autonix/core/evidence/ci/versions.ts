/**
 * Steps of workflows that set a runtime up: which input pins which version.
 *
 * @module
 */
import type { Runtime } from "../targets.ts";

export interface Setup {
  runtime: Runtime;
  /** Inputs that carry the version. */
  inputs: readonly string[];
  /** Input that names a file with it. */
  file?: string;
}

/** By the action's name without its version. */
export const SETUPS: ReadonlyMap<string, readonly Setup[]> = new Map<
  string,
  readonly Setup[]
>([
  ["actions/setup-node", [
    { runtime: "node", inputs: ["node-version"], file: "node-version-file" },
  ]],
  ["oven-sh/setup-bun", [
    { runtime: "bun", inputs: ["bun-version"], file: "bun-version-file" },
  ]],
  ["denoland/setup-deno", [
    { runtime: "deno", inputs: ["deno-version"], file: "deno-version-file" },
  ]],
  ["actions/setup-python", [
    {
      runtime: "python",
      inputs: ["python-version"],
      file: "python-version-file",
    },
  ]],
  ["astral-sh/setup-uv", [{ runtime: "python", inputs: ["python-version"] }]],
  ["conda-incubator/setup-miniconda", [
    { runtime: "python", inputs: ["python-version"] },
  ]],
  ["actions/setup-go", [
    { runtime: "go", inputs: ["go-version"], file: "go-version-file" },
  ]],
  ["dtolnay/rust-toolchain", [{ runtime: "rust", inputs: ["toolchain", "@"] }]],
  ["actions-rs/toolchain", [{ runtime: "rust", inputs: ["toolchain"] }]],
  ["actions-rust-lang/setup-rust-toolchain", [
    { runtime: "rust", inputs: ["toolchain"] },
  ]],
  ["actions/setup-java", [
    { runtime: "jvm", inputs: ["java-version"], file: "java-version-file" },
  ]],
  ["ruby/setup-ruby", [{ runtime: "ruby", inputs: ["ruby-version"] }]],
  ["shivammathur/setup-php", [
    { runtime: "php", inputs: ["php-version"], file: "php-version-file" },
  ]],
  ["actions/setup-dotnet", [
    { runtime: "dotnet", inputs: ["dotnet-version"] },
  ]],
  ["erlef/setup-beam", [
    { runtime: "elixir", inputs: ["elixir-version"] },
    { runtime: "gleam", inputs: ["gleam-version"] },
  ]],
  ["erlef/setup-elixir", [{ runtime: "elixir", inputs: ["elixir-version"] }]],
  ["haskell-actions/setup", [{ runtime: "haskell", inputs: ["ghc-version"] }]],
  ["haskell/actions/setup", [{ runtime: "haskell", inputs: ["ghc-version"] }]],
  ["ocaml/setup-ocaml", [{ runtime: "ocaml", inputs: ["ocaml-compiler"] }]],
  ["mlugg/setup-zig", [{ runtime: "zig", inputs: ["version"] }]],
  ["goto-bus-stop/setup-zig", [{ runtime: "zig", inputs: ["version"] }]],
  ["swift-actions/setup-swift", [
    { runtime: "swift", inputs: ["swift-version"] },
  ]],
  ["dart-lang/setup-dart", [{ runtime: "dart", inputs: ["sdk"] }]],
  ["crystal-lang/install-crystal", [
    { runtime: "crystal", inputs: ["crystal"] },
  ]],
]);

/** Steps that start a service, by the action's name: its kind and the input with its version. */
export const STARTED: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["supercharge/mongodb-github-action", ["mongodb", "mongodb-version"]],
  ["supercharge/redis-github-action", ["redis", "redis-version"]],
  ["ankane/setup-postgres", ["postgres", "postgres-version"]],
  ["ankane/setup-mysql", ["mysql", "mysql-version"]],
  ["ankane/setup-mariadb", ["mariadb", "mariadb-version"]],
  ["ankane/setup-elasticsearch", ["elasticsearch", "elasticsearch-version"]],
  ["ankane/setup-opensearch", ["opensearch", "opensearch-version"]],
  ["shogo82148/actions-setup-redis", ["redis", "redis-version"]],
  ["shogo82148/actions-setup-mysql", ["mysql", "mysql-version"]],
  ["getong/mariadb-action", ["mariadb", "mariadb version"]],
  ["getong/elasticsearch-action", ["elasticsearch", "elasticsearch version"]],
  ["ikalnytskyi/action-setup-postgres", ["postgres", "postgres-version"]],
  ["harmon758/postgresql-action", ["postgres", "postgresql version"]],
]);

/** Words that pin nothing. */
const MOVING = new Set([
  "stable",
  "latest",
  "nightly",
  "beta",
  "master",
  "main",
  "release",
  "default",
  "canary",
  "oldstable",
]);

/** A version as pinned; null for a moving one or an expression. */
export function pinned(text: string): string | null {
  const version = text.trim().replace(/^v(?=\d)/, "");
  if (version === "" || version.length > 60 || MOVING.has(version)) return null;
  return /^(?:\d|lts|[<>=^~]|1\.x|v\d)/.test(version) ? version : null;
}

function compareVersions(a: string, b: string): number {
  const parts = (text: string) =>
    text.split(/[.x-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest of a matrix: what is built for next. */
export function newest(versions: readonly string[]): string | null {
  return versions.toSorted(compareVersions).at(-1) ?? null;
}
