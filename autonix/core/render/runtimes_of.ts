/**
 * Which runtimes an application needs: its language's first, then those of a
 * second language it is built with.
 *
 * @module
 */
import type {
  AnalysedApplication,
  Language,
} from "../../../roles/model/analysis.ts";
import type { RuntimeName } from "./nixpkgs_release.ts";

const OF_LANGUAGE: Readonly<Record<Language, readonly RuntimeName[]>> = {
  javascript: ["nodejs"],
  typescript: ["nodejs"],
  python: ["python"],
  go: ["go"],
  rust: ["rust"],
  java: ["jdk"],
  kotlin: ["jdk"],
  scala: ["jdk"],
  clojure: ["jdk"],
  ruby: ["ruby"],
  php: ["php"],
  csharp: ["dotnet"],
  fsharp: ["dotnet"],
  elixir: ["elixir"],
  gleam: ["gleam"],
  haskell: ["ghc"],
  ocaml: ["ocaml"],
  zig: ["zig"],
  swift: ["swift"],
  dart: ["dart"],
  crystal: ["crystal"],
  c: ["gcc"],
  cpp: ["gcc"],
  static: [],
  shell: [],
};

const NODE_COMMAND = /(^|[\s;&|])(npm|npx|node|yarn|pnpm)\s/;

export function runtimesOf(application: AnalysedApplication): RuntimeName[] {
  const { packageManager, language, commands } = application;
  const manager = packageManager?.value;
  const own: RuntimeName[] = manager === "bun" || manager === "deno"
    ? [manager]
    : [...OF_LANGUAGE[language.value]];
  // Rails and Laravel build their pages with Node.js.
  const texts = [commands.install, commands.build, commands.start];
  const usesNode = texts.some((fact) =>
    NODE_COMMAND.test((fact?.value ?? "").slice(0, 2000))
  );
  if (usesNode && !own.includes("nodejs")) own.push("nodejs");
  return own;
}
