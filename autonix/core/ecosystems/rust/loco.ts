/**
 * loco's configuration: a YAML for each environment with templates in it,
 * `{{ get_env(name="DATABASE_URL", default="...") }}`, and the port.
 *
 * @module
 */
import { claim, dependencyOf, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { isAsked, portOf } from "../shared/mentions.ts";

/** Strongest first; those of tests tell nothing. */
export const LOCO_FILES = [
  "config/production.yaml",
  "config/development.yaml",
];

const MAX_LINES = 1_000;
const VARIABLE =
  /\bget_env\(\s{0,4}name\s{0,2}=\s{0,2}["']([A-Z]\w{1,99})["']\s{0,4}(?:,\s{0,4}default\s{0,2}=\s{0,2}(?:"([^"]{0,300})"|'([^']{0,300})'|([\w.]{1,60})))?/g;
const PORT =
  /^ {1,8}port:\s{0,4}(?:(\d{2,5})\s{0,4}(?:#.*)?$|\{\{.{1,100}default\s{0,2}=\s{0,2}"?(\d{2,5}))/;

export function claimLoco(reading: Reading, draft: Draft): void {
  if (dependencyOf(draft, "loco-rs") === null) return;
  for (const name of LOCO_FILES) {
    const file = joinPath(draft.path, name) ?? "";
    for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
      const line = text.slice(0, 500);
      const evidence = { file, line: number };
      const [, plain, usual] = PORT.exec(line) ?? [];
      claim(draft, "port", portOf(plain ?? usual), "config", evidence);
      for (const [, variable = "", a, b, c] of line.matchAll(VARIABLE)) {
        const standard = a ?? b ?? c;
        if (!isAsked(variable)) continue;
        const value = standard === undefined
          ? { name: variable, required: true }
          : { name: variable, required: false, default: standard };
        claim(draft, "env", value, "config", evidence);
      }
    }
  }
}
