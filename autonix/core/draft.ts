/**
 * What a detector hands over: an application (or a package of a monorepo) with
 * the claims about it, before anybody is believed.
 *
 * @module
 */
import type { Evidence } from "../../roles/model/analysis.ts";
import type { Claim, ClaimValues, Field, Source } from "./claims.ts";

/** An ecosystem: a registry line, a folder below `ecosystems/`. */
export type Ecosystem =
  | "javascript"
  | "python"
  | "go"
  | "rust"
  | "jvm"
  | "ruby"
  | "php"
  | "dotnet"
  | "elixir"
  | "gleam"
  | "haskell"
  | "ocaml"
  | "zig"
  | "swift"
  | "dart"
  | "crystal"
  | "c"
  | "static"
  | "shell";

/** Something the manifest asks for by name. */
export interface Dependency {
  /** In the ecosystem's own spelling; Python's normalised: lower case, `-`. */
  name: string;
  /** As written; null where none is. */
  version: string | null;
  /** True when only building or testing needs it. */
  isDev: boolean;
  evidence: Evidence;
}

/**
 * What a directory is to its repository.
 *
 * - `application`: can be started, or is the only thing there.
 * - `library`: other packages use it.
 * - `root`: only holds a workspace together; left out of the answer unless
 *   something else makes it an application.
 */
export type Role = "application" | "library" | "root";

export interface Draft {
  /** Directory relative to the root; `.` is the root. */
  path: string;
  ecosystem: Ecosystem;
  role: Role;
  /**
   * How much speaks for this ecosystem when another claims the same directory:
   * 3 a web framework of its own or an entry point; 2 a manifest; 1 sources or
   * helpers only (a package.json for assets, a Makefile, HTML).
   */
  weight: 1 | 2 | 3;
  claims: Claim[];
  dependencies: Dependency[];
  /** Names by which other packages of the repository depend on this one. */
  provides: string[];
  /** Directories in the repository that it depends on by path. */
  links: string[];
}

/** An empty draft. */
export function draftOf(
  of: Pick<Draft, "path" | "ecosystem" | "role" | "weight">,
): Draft {
  return { ...of, claims: [], dependencies: [], provides: [], links: [] };
}

/** Adds a claim; null evidence or value adds none, so that look-ups chain. */
export function claim<F extends Field>(
  draft: Pick<Draft, "claims">,
  field: F,
  value: ClaimValues[F] | null,
  source: Source,
  evidence: Evidence | readonly Evidence[] | null,
): void {
  if (value === null || evidence === null) return;
  const list = "file" in evidence ? [evidence] : [...evidence];
  draft.claims.push({ field, value, source, evidence: list } as Claim<F>);
}

/** The dependency of this name, whatever it is for. */
export function dependencyOf(draft: Draft, name: string): Dependency | null {
  return draft.dependencies.find((dependency) => dependency.name === name) ??
    null;
}
