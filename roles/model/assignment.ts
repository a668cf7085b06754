/**
 * What the master tells a worker: its assignment, a set of orders fenced by
 * (leaseEpoch, revision).
 *
 * @module
 */
import { z } from "zod";
import { Commit, Counter, Name, Sha256, VmId } from "./ids.ts";
import { VmSpec } from "./vm_spec.ts";
import { Traceparent } from "./generation.ts";

/** Design: a lease is 10 s; tests may configure less. */
export const DEFAULT_LEASE_MS = 10_000;
/** Longest a long poll is held, whatever the caller asks. */
export const MAX_POLL_MS = 60_000;
/** Most instances on one worker. */
export const MAX_ORDERS = 10_000;

/** The pair that fences orders: compared epoch first. */
export const OrderFence = z.strictObject({
  leaseEpoch: Counter,
  revision: Counter,
});
export type OrderFence = z.output<typeof OrderFence>;

/** Negative when `a` is older than `b`, 0 when equal. */
export function compareFence(a: OrderFence, b: OrderFence): number {
  return a.leaseEpoch - b.leaseEpoch || a.revision - b.revision;
}

/** What a worker falls back to by itself when the order's spec is not healthy in time. */
export const Fallback = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stop") }),
  z.strictObject({
    kind: z.literal("spec"),
    spec: VmSpec,
    runtimeHash: Sha256,
    generation: Counter,
  }),
]);
export type Fallback = z.output<typeof Fallback>;

/** One instance that should run on this worker. Instances without an order are stopped. */
export const Order = z.strictObject({
  vm: VmId,
  /** Rises with every new copy of the instance (moved, surge); a switch or replacement in place keeps it. */
  incarnation: Counter,
  /** The worker's revision at which this VM's own order last changed. */
  orderRevision: Counter,
  generation: Counter,
  commit: Commit,
  spec: VmSpec,
  runtimeHash: Sha256,
  policyHash: Sha256,
  fallback: Fallback,
  traceparent: Traceparent.optional(),
  /** A canary or green copy beside the main one: it holds no published port until it is promoted. */
  surge: z.boolean().default(false),
});
export type Order = z.output<typeof Order>;

export const Assignment = z.strictObject({
  worker: Name,
  leaseEpoch: Counter,
  revision: Counter,
  leaseMs: Counter,
  orders: z.array(Order).max(MAX_ORDERS),
});
export type Assignment = z.output<typeof Assignment>;
