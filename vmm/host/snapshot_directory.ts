/**
 * The directory of a snapshot: made new, whole or not there, and marked with
 * the driver and the content it is of. What a driver puts beside the mark is
 * its own.
 *
 * A guest that writes to a disk is refused: its disk goes on while the snapshot
 * stands still, and both together are a broken file system.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../../roles/files/mod.ts";
import { AppError, toAppError } from "../../roles/model/errors.ts";
import { Sha256 } from "../../roles/model/ids.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import type { RunRecord } from "../core/run_record.ts";
import type { VmConfig } from "../core/vm_config.ts";

/** Ours, beside the driver's. */
export const ABOUT_NAME = "snapshot.json";

const About = z.object({
  version: z.literal(1),
  driver: z.string().max(64),
  runtimeHash: Sha256,
});

/** @throws {AppError} `refused` when there is a disk that the guest writes to. */
export function refuseWritten(id: string, disk: string | undefined): void {
  if (disk === undefined) return;
  throw new AppError(
    "refused",
    `Cannot make a snapshot of "${id}": it writes to a disk (${disk}), which would not be part of it`,
  );
}

async function makeNew(dir: string, id: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { mode: 0o700 });
  } catch (cause) {
    const isThere = cause instanceof Deno.errors.AlreadyExists;
    throw new AppError(
      isThere ? "conflict" : "storage",
      isThere
        ? `Cannot make a snapshot of "${id}": ${dir} is there already`
        : `Cannot make a snapshot of "${id}" in ${dir}`,
      { cause },
    );
  }
}

/**
 * Has `save` write a guest's state to `dir`, which is not there yet; its size in
 * bytes. Nothing of it stays when that fails.
 *
 * @throws {AppError} `conflict` when it is there, `storage`, and what `save` does.
 */
export async function makeSnapshot(
  { id, runtimeHash }: RunRecord,
  { dir, driver }: { dir: string; driver: string },
  save: () => Promise<number>,
): Promise<number> {
  await makeNew(dir, id);
  try {
    const bytes = await save();
    await writeFileAtomic(
      `${dir}/${ABOUT_NAME}`,
      JSON.stringify({ version: 1, driver, runtimeHash }),
    );
    return bytes;
  } catch (error) {
    await Deno.remove(dir, { recursive: true }).catch(() => undefined);
    throw toAppError(error);
  }
}

/** @throws {AppError} `not_found` without a snapshot in `dir`, `refused` when it is another driver's or another content's. */
export async function checkSnapshot(
  config: VmConfig,
  { dir, driver }: { dir: string; driver: string },
): Promise<void> {
  const path = `${dir}/${ABOUT_NAME}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new AppError(
      "not_found",
      `Cannot restore "${config.id}": there is no snapshot in ${dir}`,
      { cause },
    );
  }
  const about = parseJsonWith(About, text, { what: path });
  const why = about.driver !== driver
    ? `the snapshot is of driver ${about.driver}`
    : about.runtimeHash !== config.runtimeHash
    ? "the snapshot is of other content"
    : null;
  if (why === null) return;
  throw new AppError("refused", `Cannot restore "${config.id}": ${why}`, {
    hint: "start it, or restore a snapshot of what is assigned now",
  });
}
