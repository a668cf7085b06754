/**
 * What belongs to nothing any more: nars without a path, listings, realisations,
 * debug infos and build logs of what is gone. Uploads put them there first and what they
 * belong to afterwards, so only what has lain for a while goes.
 *
 * @module
 */
import { subjectOf } from "./core/object_subject.ts";
import { Pace } from "../../turns/pace.ts";
import type { CollectedObject, PathRows } from "./path_rows.ts";
import type { Removal } from "./removal.ts";
import { removeStrayLogs } from "./stray_logs.ts";

/** How it is done. */
export interface StraysOptions {
  rows: PathRows;
  removal: Removal;
  /** Hashes of what roots name. */
  roots: ReadonlySet<string>;
  /** What was stored later stays. Milliseconds since the Unix epoch. */
  beforeMs: number;
  signal: AbortSignal;
}

/** Takes them out. */
export async function removeStrays(options: StraysOptions): Promise<void> {
  await removeNars(options);
  await removeObjects(options);
  await removeStrayLogs(options);
}

async function removeNars(
  { rows, removal, beforeMs, signal }: StraysOptions,
): Promise<void> {
  const pace = new Pace();
  for (let after: string | undefined = ""; after !== undefined;) {
    const { nars, last } = rows.strayNarsAfter(after, beforeMs);
    // Nothing waits between the look and the transaction.
    if (nars.length > 0) await removal.removeStrayNars(nars);
    after = last;
    await pace.rest(signal);
  }
}

async function removeObjects(
  { rows, removal, beforeMs, signal }: StraysOptions,
): Promise<void> {
  const pace = new Pace();
  let after = { kind: "", name: "" };
  for (;;) {
    const objects = rows.objectsAfter(after, beforeMs);
    const strays = objects.filter((object) => isStray(rows, object));
    if (strays.length > 0) await removal.removeObjects(strays);
    const last = objects.at(-1);
    if (last === undefined) return;
    after = { kind: last.kind, name: last.name };
    await pace.rest(signal);
  }
}

function isStray(rows: PathRows, object: CollectedObject): boolean {
  const subject = subjectOf(object);
  if (subject === undefined) return false;
  return subject.kind === "path"
    ? rows.path(subject.hash) === undefined
    : !rows.hasNar(subject.file);
}
