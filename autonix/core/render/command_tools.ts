/**
 * Programs that commands name and no language brings, by their attribute of
 * nixpkgs.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";

const PROGRAMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    autoreconf: ["autoconf", "automake", "libtool"],
    caddy: ["caddy"],
    "c++": ["gcc"],
    cmake: ["cmake"],
    dart_frog: ["dart"],
    flutter: ["flutter"],
    frankenphp: ["frankenphp"],
    "g++": ["gcc"],
    gcc: ["gcc"],
    git: ["git"],
    hugo: ["hugo"],
    jekyll: ["jekyll"],
    just: ["just"],
    make: ["gnumake"],
    mdbook: ["mdbook"],
    nginx: ["nginx"],
    rebar3: ["rebar3"],
    task: ["go-task"],
    trunk: ["trunk"],
    "wasm-pack": ["wasm-pack"],
    zola: ["zola"],
  }),
);
/** Of a command; longer ones are no commands but scripts. */
const MAX_TEXT = 4000;

/** Attributes of what the commands of an application run. */
export function commandTools(
  { commands }: AnalysedApplication,
): string[] {
  const found = new Set<string>();
  for (const fact of [commands.build, commands.start, commands.test]) {
    const text = (fact?.value ?? "").slice(0, MAX_TEXT);
    // The first word of each command of a line.
    for (const command of text.split(/&&|\|\||[;|\n]/)) {
      const [program = ""] = command.trim().split(/\s+/)
        .filter((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
      for (const attribute of PROGRAMS.get(program) ?? []) {
        found.add(attribute);
      }
    }
  }
  return [...found];
}
