/**
 * What a build plan of the public nixpacks examples states, in the words of an
 * Analysis. Written down before the first score was seen; the rule of Phoenix
 * came after it, as did what `start.ts` looks through.
 *
 * - Languages, package managers and versions come from the plan's packages and
 *   commands. `node`, `bun` and `deno` match javascript or typescript, a JDK
 *   whatever its build tool compiles.
 * - A plan names versions it chose itself too. They are taken for stated only
 *   where they are not that tool's default, as nobody asked for those.
 * - A repository may have several languages: each that the plan installs counts
 *   as right, but where the start command's runtime tells one, that one.
 * - Its start of every mix.exs is `mix phx.server`. Nobody asked for that either
 *   where nothing depends on Phoenix: it is no task there.
 * - An example that carries the tool's own configuration file is scored by
 *   language and package manager: its start command may be from there.
 * - Languages outside the closed list are left out.
 *
 * @module
 */
import { z } from "zod";

const Phase = z.object({
  nixPkgs: z.array(z.string()).nullish(),
  aptPkgs: z.array(z.string()).nullish(),
  cmds: z.array(z.string()).nullish(),
});
const Plan = z.object({
  variables: z.record(z.string(), z.string()).nullish(),
  phases: z.record(z.string(), Phase).nullish(),
  start: z.object({ cmd: z.string().nullish() }).nullish(),
});

/** What a plan states; null or empty: nothing. */
export interface Stated {
  /** Ecosystem it is counted under. */
  group: string;
  /** Any of them is right. */
  languages: readonly string[];
  packageManagers: readonly string[];
  /** A number with dots, to be met as far as it goes. */
  version: string | null;
  frameworks: readonly string[];
  start: string | null;
  /** Commands that build, to tell which program a start runs. */
  build: readonly string[];
}

const NODE = ["javascript", "typescript"];
/** By package or command; the first that fits names the group. */
const LANGUAGES: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^gleam |get-gleam/, "gleam", ["gleam"]],
  [/^(leiningen|clojure)$/, "clojure", ["clojure"]],
  [/sbt/, "scala", ["scala"]],
  [/^(maven|gradle(_\d+)?)$/, "jvm", ["java", "kotlin", "scala", "clojure"]],
  [/^dotnet-sdk/, "dotnet", ["csharp", "fsharp"]],
  [/^php|\(php/, "php", ["php"]],
  [/^bundle install/, "ruby", ["ruby"]],
  [/^elixir/, "elixir", ["elixir"]],
  [/^(crystal)$/, "crystal", ["crystal"]],
  [/^dart$/, "dart", ["dart"]],
  [/^swift$/, "swift", ["swift"]],
  [/^zig$/, "zig", ["zig"]],
  [/haskell|^stack|ghc/, "haskell", ["haskell"]],
  [/^(cargo|rust-bin|rustc)|rust-bin/, "rust", ["rust"]],
  [/^go(_\d+)*$/, "go", ["go"]],
  [/^python/, "python", ["python"]],
  [/^deno$/, "deno", NODE],
  [/^bun$/, "node", NODE],
  [/^nodejs/, "node", NODE],
  [/^nginx$/, "static", ["static"]],
];

/** By command; `npm i` of a helper is no manager where the language has its own. */
const MANAGERS: readonly (readonly [RegExp, string])[] = [
  [/\bpnpm (i|install)\b/, "pnpm"],
  [/\byarn install\b/, "yarn"],
  [/\bbun (i|install)\b/, "bun"],
  [/\bnpm (ci|i|install)\b(?! -g)/, "npm"],
  [/\bdeno cache\b/, "deno"],
  [/\bpoetry install\b/, "poetry"],
  [/\bpdm install\b/, "pdm"],
  [/\bpipenv install\b/, "pipenv"],
  [/\buv sync\b/, "uv"],
  [/\bpip install (-r|\.)/, "pip"],
  [/\bgo (mod|build)\b/, "go"],
  [/\bcargo build\b/, "cargo"],
  [/mvnw?\b/, "maven"],
  [/gradlew?\b/, "gradle"],
  [/\blein\b/, "lein"],
  [/\bclojure -T/, "clj"],
  [/\bsbt\b/, "sbt"],
  [/\bbundle install\b/, "bundler"],
  [/\bcomposer install\b/, "composer"],
  [/\bdotnet restore\b/, "nuget"],
  [/\bmix deps/, "mix"],
  [/\bgleam\b/, "gleam"],
  [/\bstack (setup|build)\b/, "stack"],
  [/\bzig build\b/, "zig"],
  [/\bswift package\b/, "swiftpm"],
  [/\bdart pub\b/, "pub"],
  [/\bshards\b/, "shards"],
];
const OF_NODE = new Set(["npm", "yarn", "pnpm", "bun"]);

/** Packages that carry a version somebody may have asked for, and those nobody had to. */
const VERSIONS: readonly (readonly [RegExp, ...string[]])[] = [
  [/^nodejs_(\d+)$/, "18"],
  [/^python(\d)(\d+)$/],
  [/^go_(\d+)_(\d+)$/],
  // 8 is the default beside Clojure.
  [/^jdk(\d+)$/, "17", "8"],
  [/^\(php(\d)(\d)\./],
  [/^dotnet-sdk_(\d+)$/],
  [/^elixir_(\d+)_(\d+)$/],
];

/** Words of the plan's metadata that are frameworks by their usual name. */
const FRAMEWORKS: ReadonlyMap<string, string> = new Map([
  ["django", "django"],
  ["laravel", "laravel"],
  ["rails", "rails"],
]);

function versionOf(packages: readonly string[]): string | null {
  for (const name of packages) {
    for (const [pattern, ...standards] of VERSIONS) {
      const found = pattern.exec(name);
      if (found === null) continue;
      const version = found.slice(1).join(".");
      return standards.includes(version) ? null : version;
    }
  }
  return null;
}

/** Groups told by the runtime of a start command, against helpers that are installed too. */
function groupOfStart(start: string): RegExp | null {
  // Its server is configured by a script of another runtime first.
  if (/php-fpm/.test(start)) return /^php$/;
  if (/^(npm|npx|yarn|pnpm|bun|node) /.test(start)) return /^node$/;
  if (/^python |gunicorn|uvicorn/.test(start)) return /^python$/;
  if (/\b(ruby|bundle|rake|rails)\b/.test(start)) return /^ruby$/;
  return null;
}

/** What is to be known of an example to read its plan. */
export interface Example {
  /** The tool's own configuration file is in it. */
  hasOwnConfig: boolean;
  /** Texts of its mix.exs, those of an umbrella's applications too. */
  mixfiles: readonly string[];
}

function isStart(start: string, example: Example): boolean {
  if (example.hasOwnConfig) return false;
  return start !== "mix phx.server" ||
    example.mixfiles.some((text) => /\{\s*:phoenix\s*,/.test(text));
}

/** What a snapshot states; null when its language is none of the closed list. */
export function readPlan(
  snapshot: string,
  example: Example,
): Stated | null {
  const json = snapshot.slice(snapshot.indexOf("{"));
  const plan = Plan.parse(JSON.parse(json));
  const phases = Object.values(plan.phases ?? {});
  const packages = phases.flatMap(({ nixPkgs }) => nixPkgs ?? []);
  const commands = phases.flatMap(({ cmds }) => cmds ?? []);
  const start = plan.start?.cmd ?? null;
  const found = LANGUAGES.filter(([pattern]) =>
    [...packages, ...commands].some((text) => pattern.test(text))
  );
  const ofStart = start === null ? null : groupOfStart(start);
  const [first] = ofStart === null
    ? found
    : [...found.filter(([, group]) => ofStart.test(group)), ...found];
  if (first === undefined) return null;
  const managers = MANAGERS.filter(([pattern]) =>
    commands.some((command) => pattern.test(command))
  ).map(([, manager]) => manager);
  const isNode = first[1] === "node";
  const own = managers.filter((manager) => OF_NODE.has(manager) === isNode);
  const metadata = plan.variables?.["NIXPACKS_METADATA"]?.split(",") ?? [];
  return {
    group: first[1],
    languages: ofStart === null ? found.flatMap(([, , all]) => all) : first[2],
    packageManagers: own,
    version: versionOf(packages),
    frameworks: metadata.flatMap((word) => FRAMEWORKS.get(word) ?? []),
    start: start !== null && isStart(start, example) ? start : null,
    build: commands,
  };
}
