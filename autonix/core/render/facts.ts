/**
 * What rendering asks of a repository beside its analysis: whether a lock file
 * is there, and what a manifest says. A port: the edge reads a disk, tests a
 * fixture.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { directoryOf, joinPath } from "../file_tree.ts";

export interface RenderFacts {
  /** True when there is such a file below the root. */
  has(path: string): boolean;
  /** Null when there is none, or it is too large to be a manifest. */
  text(path: string): string | null;
}

/** Why a line of the flake is there. */
export interface Because {
  what: string;
  evidence: readonly Evidence[];
}

export function because(
  what: string,
  evidence: readonly Evidence[] = [],
): Because {
  return { what, evidence };
}

/** The whole of a file as evidence. */
export function fileEvidence(file: string): Evidence {
  return { file, line: null };
}

/** The nearest of these files at a directory or above it. */
export function nearest(
  facts: RenderFacts,
  directory: string,
  names: readonly string[],
): string | null {
  for (let at = directory;; at = directoryOf(at)) {
    for (const name of names) {
      const path = joinPath(at, name);
      if (path !== null && facts.has(path)) return path;
    }
    if (at === ".") return null;
  }
}

/** The same, farthest above: of a project of several it is the project's. */
export function outermost(
  facts: RenderFacts,
  directory: string,
  names: readonly string[],
): string | null {
  let found: string | null = null;
  for (let at = directory;; at = directoryOf(at)) {
    for (const name of names) {
      const path = joinPath(at, name);
      if (path !== null && facts.has(path)) {
        found = path;
        break;
      }
    }
    if (at === ".") return found;
  }
}

/** A JSON file as a plain object; null when it is none. */
export function jsonOf(
  facts: RenderFacts,
  path: string,
): Record<string, unknown> | null {
  const text = facts.text(path);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
