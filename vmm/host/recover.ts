/**
 * Records that cannot be read: written anew by what the VM's own process has in
 * its environment, so that a damaged file ends no VM that runs.
 *
 * @module
 */
import { dirname } from "node:path";
import { setAside } from "../../roles/files/mod.ts";
import {
  isOurs,
  type ProcessFacts,
  type Recorded,
  recordedOf,
  recordInEnv,
} from "../core/run_record.ts";
import { findByMarker } from "./process_table.ts";
import type { RunDirectory } from "./run_directory.ts";

async function recordOf(
  facts: ProcessFacts,
  directory: RunDirectory,
  path: string,
): Promise<Recorded | null> {
  const environ = await Deno.readTextFile(`/proc/${facts.pid}/environ`)
    .catch(() => "");
  const record = recordInEnv(environ);
  if (record === null || directory.paths(record).record !== path) return null;
  return isOurs(record, facts) ? recordedOf(record, facts) : null;
}

/** What runs by the record at `path`; null when nothing does. */
async function foundRunning(
  directory: RunDirectory,
  path: string,
): Promise<Recorded | null> {
  for (const facts of await findByMarker(`${dirname(path)}/`)) {
    const record = await recordOf(facts, directory, path);
    if (record !== null) return record;
  }
  return null;
}

/** Makes room where a record cannot be read, and writes it anew if its VM runs; null when it does not, or tells nothing. */
export async function recoverRecord(
  { path, error }: { path: string; error: unknown },
  { directory, onWarning }: {
    directory: RunDirectory;
    onWarning: (message: string, error: unknown) => void;
  },
): Promise<Recorded | null> {
  const record = await foundRunning(directory, path);
  await setAside(path, error);
  if (record === null) {
    onWarning(
      `cannot read ${path}: what still runs by it cannot be looked after, and is ended`,
      error,
    );
    return null;
  }
  onWarning(
    `cannot read ${path}: it is written anew by what process ${record.state.pid} says, and ${record.id} runs on`,
    error,
  );
  await directory.write(record).catch((cause) =>
    onWarning(`cannot record ${record.id}`, cause)
  );
  return record;
}
