/**
 * Whose a source file is: of the nearest project at or above it.
 *
 * @module
 */
import { comparePaths, directoryOf, type FileTree } from "../../file_tree.ts";

/** Sorted paths by the project they belong to; those of nobody are left out. */
export function sourcesByOwner(
  tree: FileTree,
  owners: ReadonlySet<string>,
  extensions: readonly string[],
): Map<string, string[]> {
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
  const byOwner = new Map<string, string[]>();
  for (const extension of extensions) {
    for (const path of tree.withExtension(extension)) {
      const owner = find(directoryOf(path));
      if (owner === null) continue;
      const list = byOwner.get(owner);
      if (list === undefined) byOwner.set(owner, [path]);
      else list.push(path);
    }
  }
  for (const list of byOwner.values()) list.sort(comparePaths);
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
