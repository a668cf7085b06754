/**
 * What the worker remembers of one VM over its own death. Pure: the shapes.
 *
 * The **ledger** lies in the run directory and is good for one boot of the
 * host: the change under way with its armed deadline and fallback. Its durable
 * part lies in the state directory and outlives a reboot: what was healthy
 * last, and what was refused.
 *
 * @module
 */
import { z } from "zod";
import { Order } from "../../model/assignment.ts";
import { Counter, Sha256, VmId } from "../../model/ids.ts";
import { RolledBack } from "../../model/observed.ts";
import { VmSpec } from "../../model/vm_spec.ts";

/** A spec to run as an instance. */
export const Target = z.strictObject({
  incarnation: Counter,
  runtimeHash: Sha256,
  generation: Counter,
  spec: VmSpec,
});
export type Target = z.output<typeof Target>;

const Millis = z.number().min(0).nullable();
const Seconds = z.number().min(0).nullable();

/** A change to a target, from the order to its judgement. Times are of the boot-time clock. */
export const Attempt = z.strictObject({
  target: Target,
  /** When the order for it came. */
  orderedAtMs: z.number().min(0),
  /** When its VMM was last started; null when it is not meant to run now. */
  startedAtMs: Millis,
  /** Not healthy by then: the fallback. Null: not armed, or judged already. */
  deadlineMs: Millis,
  healthySinceMs: Millis,
  /** It has been healthy for its minHealthyTime: the change is committed. */
  settled: z.boolean(),
  seconds: z.strictObject({ copy: Seconds, boot: Seconds, healthy: Seconds }),
});
export type Attempt = z.output<typeof Attempt>;

/** The part that outlives a reboot. */
export const DurableMemory = z.strictObject({
  version: z.literal(1),
  vm: VmId,
  lastHealthy: Target.nullable(),
  refused: RolledBack.nullable(),
});
export type DurableMemory = z.output<typeof DurableMemory>;

export const Ledger = DurableMemory.extend({
  /** Another boot: only the durable part is good. */
  bootId: z.string().min(1).max(64),
  /** The order last obeyed, fallback included. */
  order: Order.nullable(),
  attempt: Attempt.nullable(),
  restarts: Counter,
  /** Ends in a row, for the back-off. */
  crashes: Counter,
});
export type Ledger = z.output<typeof Ledger>;

/** The ledger of a VM that was never here. */
export function emptyLedger(vm: string, bootId: string): Ledger {
  return {
    version: 1,
    vm,
    lastHealthy: null,
    refused: null,
    bootId,
    order: null,
    attempt: null,
    restarts: 0,
    crashes: 0,
  };
}

/** The part of a ledger that outlives a reboot. */
export function durablePart(ledger: Ledger): DurableMemory {
  const { version, vm, lastHealthy, refused } = ledger;
  return { version, vm, lastHealthy, refused };
}

/** True when both are the same instance of the same runtime. */
export function sameRuntime(
  a: Pick<Target, "incarnation" | "runtimeHash">,
  b: Pick<Target, "incarnation" | "runtimeHash">,
): boolean {
  return a.incarnation === b.incarnation && a.runtimeHash === b.runtimeHash;
}
