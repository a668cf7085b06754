/**
 * Clojure's config.edn: `:port 3000`, aero's and integrant's `#env PORT`,
 * `#or [#env PORT 3000]`.
 *
 * Read by lines: tags are the library's own.
 *
 * @module
 */
import { claim, type Draft } from "../../../draft.ts";
import type { Reading } from "../../../reading.ts";
import { isOwnVariable, portOf } from "../source_facts.ts";

export const EDN_FILES = ["config.edn", "system.edn"];

const MAX_LINES = 1_000;
const PORT = /:(?:http-|server\/)?port\s{1,8}(\d{2,5})\b/;
const LISTENS = /:(?:http-|server\/)?port\b/;
const VARIABLE =
  /(#or\s{0,4}\[\s{0,4}(?:#\w{1,20}\s{1,4}){0,2})?#env!?\s{1,4}"?([A-Z][A-Z0-9_]{1,100})"?(?:\s{1,4}(?:"([^"\n]{0,300})"|(\d{1,10})\b))?/g;

export function claimEdn(draft: Draft, reading: Reading, file: string): void {
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 1_000);
    const comment = line.indexOf(";");
    const code = comment < 0 ? line : line.slice(0, comment);
    const evidence = { file, line: number };
    claim(draft, "port", portOf(PORT.exec(code)?.[1]), "config", evidence);
    for (
      const [, either, name = "", quoted, digits] of code.matchAll(VARIABLE)
    ) {
      if (!isOwnVariable(name)) continue;
      // Only in a choice is what follows its default.
      const standard = either === undefined ? undefined : quoted ?? digits;
      const value = standard === undefined
        ? { name, required: either === undefined }
        : { name, required: false, default: standard };
      claim(draft, "env", value, "config", evidence);
      const port = LISTENS.test(code) ? portOf(standard) : null;
      claim(draft, "port", port, "config", evidence);
    }
  }
}
