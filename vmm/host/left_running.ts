/**
 * How many guests run by the records of a run directory, whichever driver
 * started them: before one is chosen. Adopts and ends nothing.
 *
 * @module
 */
import type { Clock } from "../../roles/model/ports.ts";
import { RunDirectory } from "./run_directory.ts";
import { VmProcesses } from "./vm_process.ts";

/** Those whose process is alive; a record that cannot be read counts as none. */
export async function leftRunning(
  runDir: string,
  clock: Clock,
): Promise<number> {
  const directory = new RunDirectory(runDir);
  const processes = new VmProcesses(directory, clock);
  let count = 0;
  for (const record of await directory.records(() => undefined)) {
    if (await processes.find(record) !== null) count++;
  }
  return count;
}
