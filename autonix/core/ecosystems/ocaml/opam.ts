/**
 * Dependencies of an OCaml project: `package` stanzas of its dune-project, and
 * `depends` of its .opam files.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import type { Found, Reading } from "../../reading.ts";
import { type Sexp, stanzas } from "./sexp.ts";

export interface Declared {
  dependencies: Dependency[];
  ocaml: Found | null;
  /** Names of its packages. */
  names: string[];
}

const DEV = /\bwith-(?:test|doc|dev-setup)\b/;
const MAX_LINES = 2_000;

function add(to: Declared, dependency: Dependency): void {
  if (dependency.name === "ocaml") {
    const { version, evidence } = dependency;
    if (version !== null) to.ocaml ??= { value: version, evidence };
  } else if (!to.dependencies.some(({ name }) => name === dependency.name)) {
    to.dependencies.push(dependency);
  }
}

/** `(>= 5.1)`, `(and (>= 4.14) :with-test)` as written in opam: `>= 5.1`. */
function constraint(node: Sexp): string[] {
  const [operator, version] = node.items;
  if (/^[<>=]{1,2}$/.test(operator?.atom ?? "") && version?.atom) {
    return [`${operator?.atom} ${version.atom}`];
  }
  return node.items.flatMap(constraint);
}

function words(node: Sexp): string {
  return node.atom ?? node.items.map(words).join(" ");
}

/** What a dune-project says. */
export function fromDuneProject(
  to: Declared,
  file: string,
  root: readonly Sexp[],
): void {
  for (const { items } of stanzas(root, "package")) {
    const name = stanzas(items, "name")[0]?.items[1]?.atom;
    if (name) to.names.push(name);
    for (const depends of stanzas(items, "depends")) {
      for (const one of depends.items.slice(1)) {
        const name = one.atom ?? one.items[0]?.atom;
        if (!name) continue;
        const version = one.items.slice(1).flatMap(constraint).join(" & ");
        add(to, {
          name,
          version: version === "" ? null : version,
          isDev: DEV.test(words(one)),
          evidence: { file, line: one.line },
        });
      }
    }
  }
}

const LINE = /^\s{0,20}"([\w.+-]{1,100})"\s{0,8}(?:\{([^}]{0,300})\})?/;

/** What an .opam file says. */
export function fromOpam(to: Declared, reading: Reading, file: string): void {
  let inDepends = false;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 2_000);
    if (/^depends:/.test(line)) inDepends = true;
    if (!inDepends) continue;
    for (
      const part of line.replace(/^depends:\s{0,8}\[?/, "").split(
        /(?<=\})\s+(?=")/,
      )
    ) {
      const found = LINE.exec(part);
      if (found === null) continue;
      const [, name = "", filter = ""] = found;
      const version = [
        ...filter.matchAll(/([<>=!]{1,2})\s{0,4}"([^"]{1,40})"/g),
      ]
        .map(([, operator, value]) => `${operator} ${value}`).join(" & ");
      add(to, {
        name,
        version: version === "" ? null : version,
        isDev: DEV.test(filter),
        evidence: { file, line: number },
      });
    }
    if (line.includes("]")) inDepends = false;
  }
}
