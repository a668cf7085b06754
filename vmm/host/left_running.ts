/**
 * The guests that run by the records of a run directory, whichever driver
 * started them: before one is chosen. Adopts and ends nothing.
 *
 * @module
 */
import type { Clock } from "../../roles/model/ports.ts";
import { driverOfCommand } from "../core/run_record.ts";
import { RunDirectory } from "./run_directory.ts";
import { VmProcesses } from "./vm_process.ts";

/** What runs by the records that can be read. */
export interface LeftRunning {
  count: number;
  /** By what their command lines show; null where they show nothing. */
  driver: string | null;
}

/** Those whose process is alive; a record that cannot be read counts as none. */
export async function leftRunning(
  runDir: string,
  clock: Clock,
): Promise<LeftRunning> {
  const directory = new RunDirectory(runDir);
  const processes = new VmProcesses(directory, clock);
  const left: LeftRunning = { count: 0, driver: null };
  for (const record of await directory.records(() => undefined)) {
    const facts = await processes.find(record);
    if (facts === null) continue;
    left.count++;
    left.driver ??= driverOfCommand(facts.cmdline);
  }
  return left;
}
