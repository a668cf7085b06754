/**
 * The port to the master, as a worker needs it.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../../model/assignment.ts";
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import type { LogTail } from "../../../vmm/mod.ts";
import type { VmAccess } from "../seeing/vm_access.ts";

/** What the master may ask a worker, over the worker's own session. */
export interface WorkerView {
  readonly name: string;
  observed(): ObservedVm[];
  /** @throws {AppError} `not_found`. */
  logs(vm: string, maxBytes: number): Promise<LogTail>;
  /** One VM's console, inside and state; absent: refused. */
  readonly access?: VmAccess;
}

/** What the master answers to a report: its newest pair for this worker, and how long the lease now is. */
export interface Renewed extends OrderFence {
  /** Absent: as the last assignment said. */
  leaseMs?: number;
}

/** The master. Each call throws an `AppError` when it cannot be reached; the next one tries again. */
export interface MasterLink {
  /** Waits up to `waitMs` for an assignment above `lastSeen`; null when there was none. */
  getAssignment(
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null>;
  /** Renews the lease. */
  pushData(report: WorkerReport, signal: AbortSignal): Promise<Renewed>;
  close(): Promise<void>;
}
