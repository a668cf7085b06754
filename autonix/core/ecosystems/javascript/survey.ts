/**
 * One look over the whole repository: which directories are packages, which
 * workspaces hold them, and whose each source file is.
 *
 * @module
 */
import {
  comparePaths,
  directoryOf,
  joinPath,
  lowerBound,
  type Run,
} from "../../file_tree.ts";
import { at, textOf } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { isForeign } from "./asides.ts";
import { isPackage, type Manifest, readManifest } from "./manifest.ts";
import { findListings, type Listing, withListings } from "./listed_projects.ts";
import { sourcesByPackage } from "./sources.ts";
import { findWorkspaces, type Workspace } from "./workspaces.ts";

export interface Survey {
  reading: Reading;
  /** Of package.json files, by directory. */
  manifests: ReadonlyMap<string, Manifest>;
  /** deno.json or deno.jsonc, by directory. */
  denos: ReadonlyMap<string, string>;
  /** project.json of nx, by directory. */
  projects: ReadonlyMap<string, string>;
  /** Of projects without a manifest, by Nest and Angular. */
  listings: readonly Listing[];
  workspaces: readonly Workspace[];
  /** Every directory of one of these, sorted. */
  directories: readonly string[];
  /** Source files by the directory they belong to. */
  sources: ReadonlyMap<string, readonly Run[]>;
}

function byDirectory(
  reading: Reading,
  names: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    for (const file of reading.tree.named(name)) {
      const directory = directoryOf(file);
      if (!isForeign(directory) && !found.has(directory)) {
        found.set(directory, file);
      }
    }
  }
  return found;
}

/** project.json was a format of .NET too, and others use the name: nx gives it targets or a type. */
function isNxProject(reading: Reading, file: string): boolean {
  const root = reading.json(file);
  return at(root, "targets") !== null || at(root, "projectType") !== null ||
    textOf(at(root, "$schema"))?.includes("nx") === true;
}

export function surveyOf(reading: Reading): Survey {
  const { tree } = reading;
  const manifests = new Map<string, Manifest>();
  for (const file of byDirectory(reading, ["package.json"]).values()) {
    const manifest = readManifest(reading, file);
    if (isPackage(manifest)) manifests.set(manifest.directory, manifest);
  }
  const denos = byDirectory(reading, ["deno.json", "deno.jsonc"]);
  const hasNx = tree.named("nx.json").length > 0;
  const projects = new Map<string, string>();
  if (hasNx) {
    for (const [directory, file] of byDirectory(reading, ["project.json"])) {
      if (isNxProject(reading, file)) projects.set(directory, file);
    }
    for (const { directory, file, scripts } of manifests.values()) {
      // Who has scripts is run by them; of the others plugins know how.
      if (scripts.size > 0 || projects.has(directory)) continue;
      if (!tree.has(joinPath(directory, "nx.json") ?? "")) {
        projects.set(directory, file);
      }
    }
  }
  const listings = findListings(reading);
  const directories = [
    ...new Set([
      ...manifests.keys(),
      ...denos.keys(),
      ...projects.keys(),
      ...listings.flatMap(({ projects }) =>
        projects.map(({ directory }) => directory)
      ),
    ]),
  ].sort(comparePaths);
  return {
    reading,
    manifests,
    denos,
    projects,
    listings,
    workspaces: withListings(findWorkspaces(reading, directories), listings),
    directories,
    sources: sourcesByPackage(tree, new Set(directories)),
  };
}

/** Directories of other packages below one. */
export function packagesBelow(survey: Survey, directory: string): string[] {
  const { directories } = survey;
  if (directory === ".") return directories.filter((path) => path !== ".");
  // Sorted: what lies below it stands together.
  const prefix = `${directory}/`;
  const below: string[] = [];
  for (let at = lowerBound(directories, prefix);; at++) {
    const path = directories[at];
    if (path === undefined || !path.startsWith(prefix)) return below;
    below.push(path);
  }
}
