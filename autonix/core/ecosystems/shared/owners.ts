/**
 * Whose a file is: of the nearest project at or above it; and how one of them
 * is named from the other.
 *
 * @module
 */
import {
  directoryOf,
  type FileTree,
  pathsOf,
  type Run,
} from "../../file_tree.ts";
import { addTo } from "../../lists.ts";

/** The nearest of these directories at or above a path. */
export function nearest(
  path: string,
  directories: { has(path: string): boolean },
): string | null {
  for (let here = path;; here = directoryOf(here)) {
    if (directories.has(here)) return here;
    if (here === ".") return null;
  }
}

/** Sorted paths by the project they belong to; those of nobody are left out. */
export function sourcesByOwner(
  tree: FileTree,
  owners: ReadonlySet<string>,
  extensions: readonly string[],
): Map<string, readonly string[]> {
  const byOwner = runsByOwner(tree.runsWith(extensions), owners);
  return new Map([...byOwner].map(([owner, runs]) => [owner, pathsOf(runs)]));
}

/** The same of runs: a directory is asked once, whatever it holds. */
export function runsByOwner(
  runs: readonly Run[],
  owners: ReadonlySet<string>,
): Map<string, Run[]> {
  const known = new Map<string, string | null>();
  const find = (directory: string): string | null => {
    const before = known.get(directory);
    if (before !== undefined) return before;
    const owner = owners.has(directory)
      ? directory
      : directory === "."
      ? null
      : find(directoryOf(directory));
    known.set(directory, owner);
    return owner;
  };
  const byOwner = new Map<string, Run[]>();
  for (const run of runs) {
    const owner = find(run.directory);
    if (owner !== null) addTo(byOwner, owner, run);
  }
  return byOwner;
}

/** A path at or below `directory`, relative to it; `.` for itself. */
export function relativeTo(directory: string, path: string): string {
  if (path === directory) return ".";
  return directory === "." ? path : path.slice(directory.length + 1);
}

/** The way from a directory up to one that holds it: `../..`; `.` to itself. */
export function upTo(directory: string, from: string): string {
  const relative = relativeTo(directory, from);
  return relative === "." ? "." : relative.split("/").map(() => "..").join("/");
}
