/**
 * Recipes of a justfile.
 *
 * @module
 */
import type { Reading } from "../../reading.ts";
import type { Target } from "./mod.ts";

const MAX_LINES = 5_000;
/** Name, then parameters with perhaps defaults: one that needs an argument is left out. */
const RECIPE = /^@?([A-Za-z_][\w-]{0,100})([^:]{0,300}):(?!=)/;

function needsArgument(parameters: string): boolean {
  return parameters.trim().split(/\s+/).some((one) =>
    one !== "" && !one.includes("=") && !one.startsWith("*")
  );
}

export function justTargets(reading: Reading, file: string): Target[] {
  const targets: Target[] = [];
  let open: Target | null = null;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 2_000);
    if (/^\s/.test(line)) {
      if (open !== null && open.recipe.length < 2_000) {
        open.recipe += `${line.trim()}\n`;
      }
      continue;
    }
    const [, name, parameters = ""] = RECIPE.exec(line) ?? [];
    if (name === undefined || /^(?:set|export|import|mod|alias)$/.test(name)) {
      if (line.trim() !== "" && !line.startsWith("#")) open = null;
      continue;
    }
    open = { name, recipe: "", evidence: { file, line: number } };
    if (!needsArgument(parameters)) targets.push(open);
  }
  return targets;
}
