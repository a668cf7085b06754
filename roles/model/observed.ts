/**
 * What a worker tells the master: itself and its VMs, as they are.
 *
 * @module
 */
import { z } from "zod";
import { Counter, Name, Sha256, StorePath, VmId } from "./ids.ts";
import { MAX_ORDERS } from "./assignment.ts";

/** Roots in a report: two contents of every VM on a busy host share theirs many times over. */
export const MAX_ROOTS = 4096;

const Text = z.string().max(4096);
const Seconds = z.number().min(0).nullable();

/** cloud-hypervisor's words. `Created`: known to us (fetching, starting), no guest runs yet. */
export const VmState = z.enum(["Created", "Running", "Paused", "Shutdown"]);
export type VmState = z.output<typeof VmState>;

/** `unknown` until a first result; `starting` within grace; a VM without checks is healthy when it runs. */
export const Health = z.enum(["unknown", "starting", "healthy", "unhealthy"]);
export type Health = z.output<typeof Health>;

/** A change the worker undid by itself; stays until that VM's orderRevision rises above it. */
export const RolledBack = z.strictObject({
  /** The refused runtimeHash. */
  runtimeHash: Sha256,
  orderRevision: Counter,
  generation: Counter,
  reason: Text,
});
export type RolledBack = z.output<typeof RolledBack>;

/** A failure of the host, not of the image: it moves the VM and fails no generation. */
export const HostFailure = z.strictObject({
  kind: z.enum(["disk", "driver", "cache", "capacity"]),
  message: Text,
});
export type HostFailure = z.output<typeof HostFailure>;

export const ObservedVm = z.strictObject({
  vm: VmId,
  incarnation: Counter,
  state: VmState,
  /** What runs now; null when nothing does. */
  runtimeHash: Sha256.nullable(),
  /** The generation of what runs now (0: unknown). */
  generation: Counter,
  health: Health,
  /** Milliseconds it has been healthy without a break, by the worker's boot-time clock; null if not healthy. */
  healthyForMs: Counter.nullable(),
  /** The order's minHealthyTime has passed since the change to this runtimeHash: the change is committed. */
  settled: z.boolean(),
  restarts: Counter,
  /** Where its ports are reached: `host:port` of the first, empty when none. */
  address: z.string().max(255),
  ports: z.array(
    z.strictObject({
      name: Name,
      guest: z.number().int(),
      host: z.number().int(),
    }),
  ).max(64),
  rolledBack: RolledBack.nullable(),
  hostFailure: HostFailure.nullable(),
  /** How the last change of what runs was made, and why so, until it is committed: `switched in place`, `restarted: the kernel changed`. */
  change: Text.optional(),
  /** What it does or waits for, for people: "copying 3 paths", "serial: no line with READY yet". */
  message: Text,
  /** Stages of the last change on this worker, seconds; null if not reached. */
  seconds: z.strictObject({ copy: Seconds, boot: Seconds, healthy: Seconds }),
  /** Bytes of the closure of what runs, by this worker's store; null: unknown. */
  closureBytes: Counter.nullable().default(null),
});
export type ObservedVm = z.output<typeof ObservedVm>;

/** What `pushData` carries. Sent on start, on every change and every leaseMs/3. */
export const WorkerReport = z.strictObject({
  worker: Name,
  /** The kernel's boot id: a new one means that nothing survived. */
  bootId: z.string().max(64),
  /** Rises with each report from the boot-time milliseconds at which the process began; an older one that arrives late is dropped. */
  sequence: Counter,
  /** Random per worker process, 32 hex digits. */
  process: z.string().regex(/^[0-9a-f]{32}$/),
  /** The highest fence accepted. */
  leaseEpoch: Counter,
  revision: Counter,
  /** Milliseconds from publish's order received, by the master's clock, are measured from this. */
  capacity: z.strictObject({ cpuMilli: Counter, memoryMib: Counter }),
  attributes: z.record(z.string().min(1).max(63), z.string().max(255)),
  /** Program name to version: procurator, nix, qemu. */
  versions: z.record(z.string().min(1).max(63), z.string().max(255)),
  vms: z.array(ObservedVm).max(MAX_ORDERS),
  metrics: z.record(z.string().min(1).max(63), z.number()),
  /** Store paths whose closures are kept on this worker: what a VM that needs them need not copy. */
  roots: z.array(StorePath).max(MAX_ROOTS).default([]),
});
export type WorkerReport = z.output<typeof WorkerReport>;
