/**
 * Build logs that are of nothing any more. A log names a derivation. It stays
 * while that is here or a root names it, and while any path is here that says
 * in its narinfo that it came of that derivation; and for as long as other
 * strays, since it may come before its path.
 *
 * Nothing leads from a derivation to what came of it: so the logs that may go
 * are gathered first, and all paths are read then, in slices, for those that
 * are mistaken. Without such logs nothing is read.
 *
 * @module
 */
import { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";
import type { Removal } from "./removal.ts";

/** For one reading of all paths: 40 MB of names. */
const ROUND = 200_000;

export interface StrayLogsOptions {
  rows: PathRows;
  removal: Removal;
  /** Hashes of what roots name. */
  roots: ReadonlySet<string>;
  /** What was stored later stays. Milliseconds since the Unix epoch. */
  beforeMs: number;
  signal: AbortSignal;
}

/** By the hash of the derivation: the logs' names, of which each has one but for liars. */
type Suspects = Map<string, string[]>;

/** Takes them out. */
export async function removeStrayLogs(
  options: StrayLogsOptions,
): Promise<void> {
  const pace = new Pace();
  for (let after: string | undefined = ""; after !== undefined;) {
    const suspects: Suspects = new Map();
    after = await gather(suspects, after, options, pace);
    await acquit(suspects, options, pace);
    await remove([...suspects.values()].flat(), options, pace);
  }
}

/** The next that may go. Where to go on; undefined at the end. */
async function gather(
  suspects: Suspects,
  after: string,
  { rows, roots, signal }: StrayLogsOptions,
  pace: Pace,
): Promise<string | undefined> {
  let at = after;
  while (suspects.size < ROUND) {
    const names = rows.logsAfter(at);
    const last = names.at(-1);
    if (last === undefined) return undefined;
    for (const name of names) {
      const hash = name.slice(0, 32);
      if (roots.has(hash) || rows.path(hash) !== undefined) continue;
      suspects.set(hash, [...suspects.get(hash) ?? [], name]);
    }
    at = last;
    await pace.rest(signal);
  }
  return at;
}

/** Takes out whose derivation a path names. */
async function acquit(
  suspects: Suspects,
  { rows, signal }: StrayLogsOptions,
  pace: Pace,
): Promise<void> {
  for (let after = 0; suspects.size > 0;) {
    // What is stored meanwhile comes last.
    const page = rows.deriversAfter(after);
    for (const { deriver } of page) suspects.delete(deriver);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.row;
    await pace.rest(signal);
  }
}

async function remove(
  names: string[],
  { removal, beforeMs, signal }: StrayLogsOptions,
  pace: Pace,
): Promise<void> {
  while (names.length > 0) {
    await removal.removeLogs(names, { beforeMs, pace });
    await pace.rest(signal);
  }
}
