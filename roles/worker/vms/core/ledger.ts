/**
 * What the worker remembers of one copy of a VM over its own death. Pure: the
 * shapes. All of it belongs to the copy: another incarnation starts fresh, and
 * what is remembered goes with the copy.
 *
 * The **ledger** lies in the run directory and is good for one boot of the
 * host: the change under way with its armed deadline and fallback. Its durable
 * part lies in the state directory and outlives a reboot: what was healthy
 * last, and what was refused.
 *
 * @module
 */
import { z } from "zod";
import { Order } from "../../../model/assignment.ts";
import { type CopyId, Counter, Sha256, VmId } from "../../../model/ids.ts";
import { RolledBack } from "../../../model/observed.ts";
import { VmSpec } from "../../../model/vm_spec.ts";

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

/** What runs in a VMM that was started with something else. */
export const Switched = z.strictObject({
  /** What the VMM was started with, by which the driver knows it, and when. */
  booted: Sha256,
  startedAtMs: z.number().min(0),
  /** Whose user space it has, or was to get. */
  now: Target,
  /** The switch was begun, and its end not seen. */
  isMixed: z.boolean(),
});
export type Switched = z.output<typeof Switched>;

/** The part that outlives a reboot. */
export const DurableMemory = z.strictObject({
  version: z.literal(1),
  vm: VmId,
  incarnation: Counter,
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
  /** A guest whose user space is not what its VMM was started with; absent or null: there is none. */
  switched: Switched.nullable().optional(),
  /** Since when its guest is paused; absent or null: it is not. */
  pausedAtMs: Millis.optional(),
});
export type Ledger = z.output<typeof Ledger>;

const Unnumbered = { incarnation: Counter.optional() };

/** What lies on disk: versions before copies wrote no incarnation. */
export const StoredLedger = Ledger.extend(Unnumbered);
export type StoredLedger = z.output<typeof StoredLedger>;
export const StoredMemory = DurableMemory.extend(Unnumbered);
export type StoredMemory = z.output<typeof StoredMemory>;

/** The copy a ledger is of; without a number it is the one that was ordered, or tried, last. */
export function numberedLedger(stored: StoredLedger): Ledger {
  const { order, attempt, lastHealthy } = stored;
  const incarnation = stored.incarnation ?? order?.incarnation ??
    attempt?.target.incarnation ?? lastHealthy?.incarnation ?? 0;
  return { ...stored, incarnation };
}

/** The copy a memory is of; without a number it is `likely`, the one that is ordered or in the ledger. */
export function numberedMemory(
  stored: StoredMemory,
  likely: number | undefined,
): DurableMemory {
  const incarnation = stored.incarnation ?? likely ??
    stored.lastHealthy?.incarnation ?? 0;
  return { ...stored, incarnation };
}

/** The copy a ledger or a memory is of. */
export function copyOf(
  { vm, incarnation }: { vm: string; incarnation: number },
): CopyId {
  return { id: vm, incarnation };
}

/** The ledger of a copy that was never here. */
export function emptyLedger(copy: CopyId, bootId: string): Ledger {
  return {
    version: 1,
    vm: copy.id,
    incarnation: copy.incarnation,
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
  const { version, vm, incarnation, lastHealthy, refused } = ledger;
  return { version, vm, incarnation, lastHealthy, refused };
}

/** True when both are the same instance of the same runtime. */
export function sameRuntime(
  a: Pick<Target, "incarnation" | "runtimeHash">,
  b: Pick<Target, "incarnation" | "runtimeHash">,
): boolean {
  return a.incarnation === b.incarnation && a.runtimeHash === b.runtimeHash;
}
