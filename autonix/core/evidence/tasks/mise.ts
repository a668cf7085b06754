/**
 * Tasks of mise.
 *
 * @module
 */
import { at, entriesOf, itemsOf, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import type { Target } from "./mod.ts";

export function miseTargets(reading: Reading, file: string): Target[] {
  return entriesOf(at(reading.toml(file), "tasks")).map(([name, task]) => {
    const run = at(task, "run") ?? task;
    const lines = itemsOf(run).map((item) => textOf(item) ?? "");
    return {
      name,
      recipe: textOf(run) ?? lines.join("\n"),
      evidence: nodeEvidence(file, task),
    };
  });
}
