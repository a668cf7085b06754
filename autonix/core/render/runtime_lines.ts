/**
 * Languages and tools of an application's package, apart by whether they only
 * build it or are there when it runs.
 *
 * @module
 */
import type { BuildLine } from "./builders/plan.ts";
import type { PlannedApplication, PlannedRuntime } from "./cluster_plan.ts";
import { commandTools } from "./command_tools.ts";
import { because } from "./facts.ts";
import type { FlakeLines } from "./flake_lines.ts";
import { nixList, nixPath, nixString } from "./nix_text.ts";
import { packagePath } from "./service_modules.ts";

/** Packages of a Python project are part of its interpreter. */
function runtimeText(
  planned: PlannedApplication,
  runtime: PlannedRuntime,
): string {
  if (runtime.name === "rust") return "pkgs.rustc";
  if (runtime.name !== "python") return runtime.package;
  const { application, broken, start } = planned;
  const test = application.commands.test?.value ?? "";
  const extra = new Set([
    ...application.frameworks.map(({ value }) => value),
    ...start?.servers ?? [],
    ...["pytest", "nox", "tox"].filter((tool) =>
      test.slice(0, 200).split(" ").includes(tool)
    ),
  ]);
  const names = nixList([...extra].sort().map(nixString));
  const ignored = broken.length === 0
    ? ""
    : ` broken = ${nixList(broken.map(nixString))};`;
  return `(procurator.pythonPackages { python = ${runtime.package}; project = ${
    nixPath(application.path)
  }; extra = ${names};${ignored} })`;
}

/** Programs by what nixpkgs calls them; those that compile are not needed by what is compiled. */
const COMPILERS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    go: /\bgo\b/,
    rust: /\b(?:rustc|cargo)\b/,
    ocaml: /\bocaml\b/,
    zig: /\bzig\b/,
    swift: /\bswift\b/,
    dart: /\bdart\b/,
    crystal: /\bcrystal\b/,
    gcc: /\b(?:gcc|g\+\+|c\+\+|cc)\b/,
    cargo: /\bcargo\b/,
    cmake: /\bcmake\b/,
    dune_3: /\bdune\b/,
    gnumake: /\bmake\b/,
    "gradle-unwrapped": /\bgradle\b/,
    leiningen: /\blein\b/,
    maven: /\bmvn\b/,
    meson: /\bmeson\b/,
    ninja: /\bninja\b/,
    "ocamlPackages.findlib": /\bocamlfind\b/,
    rebar3: /\brebar3\b/,
    sbt: /\bsbt\b/,
    shards: /\bshards\b/,
    swiftpm: /\bswift\b/,
  }),
);

/** True for what only builds: its start command does not name it. */
function isCompiler(name: string, start: string): boolean {
  // A path that ends so is a program of its own.
  const words = start.replace(/\S{0,200}\/\S{1,200}/g, " ");
  return COMPILERS.get(name)?.test(words) === false;
}

export function runtimeLines(
  lines: FlakeLines,
  planned: PlannedApplication,
): void {
  const { runtimes, build, start } = planned;
  for (const runtime of runtimes) {
    if (runtime.note !== null) lines.comment(runtime.note, runtime.because);
  }
  const command = (start?.command ?? "").slice(0, 4000);
  const items = runtimeItems(planned);
  const parts = [
    ["compilers", items.filter(({ name }) => isCompiler(name, command))],
    ["runtime", items.filter(({ name }) => !isCompiler(name, command))],
  ] as const;
  for (const [attribute, those] of parts) {
    if (those.length === 0) continue;
    const why = because(
      attribute === "runtime" ? "what its commands run" : "what builds it",
    );
    lines.block(`${attribute} = [`, "];", why, () => {
      for (const { name, text, because } of those) {
        lines.add(text, because);
        if (name === "python") {
          lines.comment(
            "its dependencies by name, in the versions that nixpkgs has",
            because,
          );
        }
      }
    });
  }
  for (const { text, because } of build.lines) lines.add(text, because);
}

interface RuntimeItem extends BuildLine {
  name: string;
}

/** The language, what its builder made of its packages, and tools, in this order. */
function runtimeItems(planned: PlannedApplication): RuntimeItem[] {
  const { runtimes, build, start } = planned;
  const manager = planned.application.packageManager;
  const ran = commandTools(planned.application);
  const tools = [...new Set([...build.tools, ...start?.tools ?? [], ...ran])];
  return [
    // nixpkgs' Haskell packages bring their compiler.
    ...runtimes.filter(({ name }) =>
      name !== "ghc" || build.packages.length === 0
    ).map((runtime) => ({
      name: runtime.name,
      text: runtimeText(planned, runtime),
      because: runtime.because,
    })),
    ...build.packages.map((line) => ({ name: "", ...line })),
    ...tools.map((tool) => ({
      name: tool,
      text: packagePath(tool),
      because: start?.tools.includes(tool) === true
        ? because("its start command runs it")
        : build.tools.includes(tool)
        ? because(
          `its package manager is ${manager?.value ?? "none"}`,
          manager?.evidence ?? [],
        )
        : because("its commands run it"),
    })),
  ];
}
