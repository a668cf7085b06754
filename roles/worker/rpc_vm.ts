/**
 * The worker's methods on one VM that runs: its log, its console, commands
 * inside it. Wire to domain; what they do is the driver's.
 *
 * @module
 */
import type { WorkerServer } from "../../rpc/generated/worker.ts";
import { AppError } from "../model/errors.ts";

function refuse(what: string): () => never {
  return () => {
    throw new AppError("refused", `Cannot ${what}: this worker does not`);
  };
}

/** Everything but what reads. */
export function vmMethods(): Omit<WorkerServer, "read" | "listVms" | "logs"> {
  return {
    readLog: refuse("read the log"),
    console: refuse("attach to the console"),
    exec: refuse("run a command"),
    pause: refuse("pause"),
    resume: refuse("resume"),
    snapshot: refuse("make a snapshot"),
    restore: refuse("restore a snapshot"),
    figures: refuse("read figures"),
    createVm: refuse("start a VM"),
    deleteVm: refuse("end a VM"),
    snapshots: refuse("list snapshots"),
    deleteSnapshot: refuse("delete a snapshot"),
  };
}
