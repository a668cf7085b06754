/**
 * Projects that share one manifest, as the configuration of a tool lists them:
 * nest-cli.json of Nest's monorepos, angular.json of Angular's workspaces.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import type { Workspace } from "./workspaces.ts";

export type Tool = "nest" | "angular";

export interface ListedProject {
  directory: string;
  name: string;
  isApplication: boolean;
  node: Node;
}

/** What one configuration lists below its own directory. */
export interface Listing {
  tool: Tool;
  file: string;
  directory: string;
  projects: readonly ListedProject[];
  /** Its own directory is an application too, as one is that grew. */
  isApplication: boolean;
}

/** More projects are generated. */
const MAX_PROJECTS = 500;
const FILES: readonly (readonly [string, Tool])[] = [
  ["nest-cli.json", "nest"],
  ["angular.json", "angular"],
];

/** Angular calls what tests an application from outside one, too: nothing builds it. */
function isApplication(tool: Tool, node: Node): boolean {
  if (tool === "nest") return textOf(at(node, "type")) === "application";
  return textOf(at(node, "projectType")) === "application" &&
    (at(node, "architect", "build") ?? at(node, "targets", "build")) !== null;
}

function listingOf(reading: Reading, file: string, tool: Tool): Listing {
  const directory = directoryOf(file);
  const all = entriesOf(at(reading.json(file), "projects"))
    .slice(0, MAX_PROJECTS).flatMap(([name, node]): ListedProject[] => {
      const path = joinPath(directory, textOf(at(node, "root")) || ".");
      if (path === null || !(node.value instanceof Map)) return [];
      const is = isApplication(tool, node);
      return [{ directory: path, name, isApplication: is, node }];
    });
  return {
    tool,
    file,
    directory,
    projects: all.filter((one) => one.directory !== directory),
    isApplication: all.some((one) =>
      one.directory === directory && one.isApplication
    ),
  };
}

/** Those that list an application below their own directory. */
export function findListings(reading: Reading): Listing[] {
  return FILES.flatMap(([name, tool]) =>
    reading.tree.named(name).map((file) => listingOf(reading, file, tool))
  ).filter(({ projects }) => projects.some((one) => one.isApplication));
}

/** Workspaces with those of listings, whose members no manifest names. */
export function withListings(
  workspaces: readonly Workspace[],
  listings: readonly Listing[],
): Workspace[] {
  const all = [...workspaces];
  for (const { file, directory, projects } of listings) {
    const members = projects.map((project) => project.directory);
    const at = all.findIndex((one) => one.directory === directory);
    const before = all[at];
    const held = {
      directory,
      evidence: before?.evidence ?? fileEvidence(file),
      members: new Set([...before?.members ?? [], ...members]),
      isRush: before?.isRush ?? false,
    };
    if (before === undefined) all.push(held);
    else all[at] = held;
  }
  return all;
}
