/**
 * Nar files that a killed process left without a record: an upload that had
 * its name and not yet its row, or a collection that had struck out the row.
 * They are removed while the cache serves already, in slices, since looking at
 * a million files takes seconds.
 *
 * Many of them are no leftovers but a database that was lost or replaced by an
 * old one. Then nothing is removed: `procurator cache fsck` tells what to do.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { Pace } from "../../turns/pace.ts";
import type { NarFiles } from "./files.ts";
import type { Metadata } from "./metadata.ts";

/** A collection drops 100 at once, and at most 256 uploads are under way; some kills in a row. */
const MAX_LEFTOVERS = 1000;

/** What is swept, and by what. */
export interface SweepOptions {
  files: Pick<NarFiles, "names" | "isArriving" | "drop">;
  metadata: Pick<Metadata, "nar" | "stats">;
  log: Logger;
  signal: AbortSignal;
}

/** Names without a record; undefined when they are too many to be leftovers. */
async function leftovers(
  { files, metadata, signal }: SweepOptions,
): Promise<string[] | undefined> {
  const pace = new Pace();
  const names: string[] = [];
  for await (const file of files.names()) {
    await pace.rest(signal);
    if (metadata.nar(file) !== undefined || files.isArriving(file)) continue;
    names.push(file);
    if (names.length > MAX_LEFTOVERS) return undefined;
  }
  return metadata.stats().nars === 0 && names.length > 0 ? undefined : names;
}

/** Removes them; returns how many there were. What cannot be removed stays for the next start. */
export async function sweepNars(options: SweepOptions): Promise<number> {
  const { files, metadata, log, signal } = options;
  const names = await leftovers(options);
  if (names === undefined) {
    log.error(
      "nar files without a record are not removed, for the database knows too few of them: was it lost or replaced? Stop this cache and run procurator cache fsck",
    );
    return 0;
  }
  let swept = 0;
  for (const file of names) {
    signal.throwIfAborted();
    // Between the look and the drop nothing waits.
    if (metadata.nar(file) !== undefined || files.isArriving(file)) continue;
    await files.drop(file);
    swept++;
  }
  if (swept > 0) {
    log.info("removed {swept} nars without a record", { swept });
  }
  return swept;
}
