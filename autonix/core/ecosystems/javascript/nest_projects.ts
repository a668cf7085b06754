/**
 * Which projects a Nest monorepo holds: nest-cli.json lists them.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import type { Workspace } from "./workspaces.ts";

export interface NestProject {
  directory: string;
  name: string;
  isApplication: boolean;
  node: Node;
}

/** More projects are generated. */
const MAX_PROJECTS = 500;

/** Projects by the nest-cli.json that names them, where applications lie below it. */
export function findNests(reading: Reading): Map<string, NestProject[]> {
  const found = new Map<string, NestProject[]>();
  for (const file of reading.tree.named("nest-cli.json")) {
    const top = directoryOf(file);
    const projects = entriesOf(at(reading.json(file), "projects"))
      .slice(0, MAX_PROJECTS).flatMap(([name, node]): NestProject[] => {
        const directory = joinPath(top, textOf(at(node, "root")) ?? ".");
        if (directory === null || directory === top) return [];
        const isApplication = textOf(at(node, "type")) === "application";
        return [{ directory, name, isApplication, node }];
      });
    if (projects.some(({ isApplication }) => isApplication)) {
      found.set(file, projects);
    }
  }
  return found;
}

/** Workspaces with those of Nest, whose members no manifest names. */
export function holdNests(
  workspaces: readonly Workspace[],
  nests: ReadonlyMap<string, readonly NestProject[]>,
): Workspace[] {
  const all = [...workspaces];
  for (const [file, projects] of nests) {
    const directory = directoryOf(file);
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
