/**
 * Guests that stand still for a snapshot or a restore of ours and not because
 * somebody paused them. A mark on disk says so while they do: whoever finds it
 * lets the guest run on, however long its VMM still takes.
 *
 * ```text
 *  runs -- mark, vm.pause --> held -- vm.resume, mark removed --> runs
 *                              |  worker killed, or the VMM did not answer:
 *                              |  asked again until it does
 * ```
 *
 * @module
 */
import { removeIfThere } from "../../roles/files/mod.ts";
import type { CloudHypervisorClient } from "./client.ts";
import { resumeMark } from "./files.ts";
import { makeMark } from "../host/given_files.ts";

/** Where the VMM writes a snapshot before it is moved out: as large as the guest's memory. */
export function snapshotIn(scratchDir: string): string {
  return `${scratchDir}/snapshot`;
}

/** From here on the guest may stand still for us. */
export async function markHeld(scratchDir: string): Promise<void> {
  await makeMark(resumeMark(scratchDir));
}

export async function isMarkedHeld(scratchDir: string): Promise<boolean> {
  const mark = await Deno.lstat(resumeMark(scratchDir)).catch(() => null);
  return mark !== null;
}

/**
 * Lets a guest that may be held run on, unless somebody has paused it; what of a
 * snapshot is on disk is nobody's.
 *
 * @throws {AppError} while its VMM is busy with the snapshot, or refuses.
 */
export async function runOn(
  client: CloudHypervisorClient,
  scratchDir: string,
  isPaused: () => boolean,
): Promise<void> {
  const { state } = await client.info();
  if (state === "Paused" && !isPaused()) await client.act("vm.resume");
  await removeIfThere(snapshotIn(scratchDir));
  await removeIfThere(resumeMark(scratchDir));
}
