/**
 * Tasks of a Taskfile.
 *
 * @module
 */
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import type { Target } from "./mod.ts";

function recipeOf(task: Node): string {
  const commands = at(task, "cmds");
  return [task, at(task, "cmd"), ...itemsOf(task), ...itemsOf(commands)]
    .map((one) => textOf(one) ?? textOf(at(one, "cmd")) ?? "")
    .join("\n");
}

export function taskfileTargets(reading: Reading, file: string): Target[] {
  return entriesOf(at(reading.yaml(file), "tasks")).map(([name, task]) => ({
    name,
    recipe: recipeOf(task),
    evidence: nodeEvidence(file, task),
  }));
}
