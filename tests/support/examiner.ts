/**
 * The examiner that services have, from the sources: under a test runner the
 * program is not the one that it starts again.
 *
 * @module
 */
import { childExaminer, type Examiner } from "../../autonix/examiner.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

export function examinerFromSources(): Examiner {
  return childExaminer([
    Deno.execPath(),
    "run",
    "--no-check",
    "-A",
    "--quiet",
    MAIN,
  ]);
}
