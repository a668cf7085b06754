/**
 * A package while it is looked at: what every concern of this folder needs.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Found, Reading } from "../../reading.ts";
import type { Manifest } from "./manifest.ts";
import type { Manager } from "./package_manager.ts";
import type { Workspace } from "./workspaces.ts";

export interface Project {
  reading: Reading;
  draft: Draft;
  directory: string;
  manifest: Manifest;
  /** That it is a member of. */
  workspace: Workspace | null;
  manager: Manager;
  /** Files that run when it runs, by path, sorted. */
  sources: readonly string[];
  /** Directories of other packages below this one. */
  below: readonly string[];
}

/** True when there is such a file in the package. */
export function hasFile(project: Project, relative: string): boolean {
  return fileOf(project, relative) !== null;
}

/** The path of a file of the package; null when it is not there. */
export function fileOf(project: Project, relative: string): string | null {
  const { directory, reading } = project;
  // Asked for dozens of names in each package: plain ones need no resolving.
  const path = relative.includes("./")
    ? joinPath(directory, relative)
    : directory === "."
    ? relative
    : `${directory}/${relative}`;
  return path !== null && reading.tree.has(path) ? path : null;
}

/** A dependency of this name that is there when the application runs. */
export function runsWith(project: Project, name: string): boolean {
  return project.manifest.dependencies.some((one) =>
    one.name === name && !one.isDev
  );
}

/** A dependency of this name, whatever it is for. */
export function dependsOn(project: Project, name: string): boolean {
  return project.manifest.dependencies.some((one) => one.name === name);
}

/** The first of these scripts that there is. */
export function scriptOf(
  project: Project,
  names: readonly string[],
): { name: string; found: Found } | null {
  for (const name of names) {
    const found = project.manifest.scripts.get(name);
    if (found !== undefined) return { name, found };
  }
  return null;
}
