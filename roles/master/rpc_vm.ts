/**
 * What users do to one VM that runs: its log, its console, commands inside it.
 * Passes on to the worker that runs it, over that worker's own session.
 *
 * @module
 */
import type {
  OperatorServer,
  ViewerServer,
} from "../../rpc/generated/master.ts";
import { AppError } from "../model/errors.ts";

type VmViewMethod = "readLog" | "figures" | "snapshots";
type VmActMethod =
  | "console"
  | "exec"
  | "pauseVm"
  | "resumeVm"
  | "snapshotVm"
  | "restoreVm"
  | "deleteSnapshot";

function refuse(what: string): () => never {
  return () => {
    throw new AppError("refused", `Cannot ${what}: no worker offers it`);
  };
}

/** For viewers. */
export function vmViewMethods(): Pick<ViewerServer, VmViewMethod> {
  return {
    readLog: refuse("read the log"),
    figures: refuse("read figures"),
    snapshots: refuse("list snapshots"),
  };
}

/** For operators. */
export function vmActMethods(): Pick<OperatorServer, VmActMethod> {
  return {
    console: refuse("attach to the console"),
    exec: refuse("run a command"),
    pauseVm: refuse("pause"),
    resumeVm: refuse("resume"),
    snapshotVm: refuse("make a snapshot"),
    restoreVm: refuse("restore a snapshot"),
    deleteSnapshot: refuse("delete a snapshot"),
  };
}
