/**
 * `status --json`: the contract between the master and whoever shows it.
 *
 * @module
 */
import { z } from "zod";
import { Counter, Name, VmId } from "./ids.ts";
import { Health, VmState } from "./observed.ts";

export const WorkerState = z.enum(["alive", "disconnected", "lost"]);
const Capacity = z.strictObject({
  cpuMilli: z.number().int(),
  memoryMib: z.number().int(),
});

export const WorkerStatus = z.strictObject({
  id: Name,
  state: WorkerState,
  epoch: Counter,
  capacity: Capacity,
  free: Capacity,
  attributes: z.record(z.string(), z.string()),
  versions: z.record(z.string(), z.string()),
  /** Who cordoned it and why; null: it takes VMs. */
  cordoned: z.string().nullable().default(null),
});
export type WorkerStatus = z.output<typeof WorkerStatus>;

export const VmStatus = z.strictObject({
  id: VmId,
  incarnation: Counter,
  /** Empty when it is not placed. */
  worker: z.string(),
  /** The runtimeHash it should run; null for a copy that should not be there. */
  desired: z.string().nullable(),
  /** The runtimeHash it runs; null when nothing runs. */
  observed: z.string().nullable(),
  /** The generation of what runs; 0 when nothing does. */
  generation: Counter,
  state: VmState,
  health: Health,
  drift: z.boolean(),
  address: z.string(),
  restarts: Counter,
  /** Why it is not placed, rolled back or what it waits for. */
  message: z.string(),
  /** A canary or green copy beside the main one. */
  surge: z.boolean().default(false),
});
export type VmStatus = z.output<typeof VmStatus>;

export const ClusterStatus = z.strictObject({
  cluster: z.string(),
  /** 0 while none ever was active. */
  activeGeneration: Counter,
  /** The active generation's commit; empty while there is none. */
  commit: z.string(),
  /** `held at 1, Git is 2 ahead` when a rollback holds it; null otherwise. */
  held: z.string().nullable(),
  convergencePercent: z.number().min(0).max(100),
  /** The highest published generation: what the next publish names as its parent. */
  highestGeneration: Counter,
  /** The generation that is being rolled out or waits, and what the rollout waits on. */
  rollout: z.strictObject({
    generation: Counter,
    state: z.enum([
      "pending",
      "running",
      "paused",
      "failed",
      "successful",
      "cancelled",
    ]),
    message: z.string(),
    /** `8192 MiB more` for a surge copy without room, or who must promote; null: nothing. */
    waitingOn: z.string().nullable().default(null),
  }).nullable(),
  /** What `expectedRevision` is compared with. */
  planRevision: Counter.default(0),
  workers: z.array(WorkerStatus),
  vms: z.array(VmStatus),
});
export type ClusterStatus = z.output<typeof ClusterStatus>;

/** 100 x healthy instances with the desired runtimeHash / (desired + extra); 100 when both are 0. */
export function convergencePercent(vms: readonly VmStatus[]): number {
  if (vms.length === 0) return 100;
  const good =
    vms.filter((vm) =>
      vm.desired !== null && vm.desired === vm.observed &&
      vm.health === "healthy"
    ).length;
  return Math.round(1000 * good / vms.length) / 10;
}
