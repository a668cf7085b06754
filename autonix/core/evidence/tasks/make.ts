/**
 * Targets of a Makefile.
 *
 * @module
 */
import type { Reading } from "../../reading.ts";
import type { Target } from "./mod.ts";

const MAX_LINES = 5_000;
const RULE = /^([A-Za-z][\w. -]{0,200}?)\s{0,4}::?(?![=:])/;

/** Explicit rules; of variables, patterns and includes nothing. */
export function makeTargets(reading: Reading, file: string): Target[] {
  const targets: Target[] = [];
  let open: Target[] = [];
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 2_000);
    if (line.startsWith("\t")) {
      for (const target of open) {
        if (target.recipe.length < 2_000) target.recipe += `${line.trim()}\n`;
      }
      continue;
    }
    const names = RULE.exec(line)?.[1];
    if (names === undefined) {
      if (line.trim() !== "" && !line.startsWith("#")) open = [];
      continue;
    }
    open = names.split(/\s+/).map((name) => ({
      name,
      recipe: "",
      evidence: { file, line: number },
    }));
    targets.push(...open);
  }
  return targets;
}
