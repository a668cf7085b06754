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

/** Peers that one order names: those of its spec and those of its fallback. */
const MAX_PEERS = 128;
/** Of one peer, or of all sources of a VM: every instance of the largest cluster, with a copy beside each. */
export const MAX_PEER_ADDRESSES = 20_000;

const BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
/** By a rule of our own: zod's formats have no fast yes (rpc/convert/accept.ts), and every order has addresses. */
const Address = z.string().regex(
  new RegExp(`^${BYTE}(\\.${BYTE}){3}$`),
  "must be an IPv4 address",
);
const Subnet = z.string().regex(
  new RegExp(`^${BYTE}(\\.${BYTE}){2}\\.0/24$`),
  "must be a /24 of IPv4 addresses",
);

/** Where one copy is on the cluster's network, and whom it may talk to. Changes of it alone touch no `orderRevision`. */
export const GuestNetwork = z.strictObject({
  address: Address,
  /** Those of the spec's allowedPeers and of the fallback's: by that name the guest that runs one of them finds these addresses. */
  peers: z.array(z.strictObject({
    name: Name,
    addresses: z.array(Address).max(MAX_PEER_ADDRESSES),
  })).max(MAX_PEERS),
  /** Whose allowedPeers name this VM: only they reach it. */
  sources: z.array(Address).max(MAX_PEER_ADDRESSES),
});
export type GuestNetwork = z.output<typeof GuestNetwork>;

/** The worker's own part of the cluster's network, and where the others' are. */
export const HostNetwork = z.strictObject({
  /** A /24; its first address is the host's. */
  subnet: Subnet,
  routes: z.array(z.strictObject({
    worker: Name,
    subnet: Subnet,
    /** The address other hosts reach that worker at. */
    via: Address,
  })).max(10_000),
});
export type HostNetwork = z.output<typeof HostNetwork>;

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
  /** Absent on workers that give their guests no addresses. */
  network: GuestNetwork.optional(),
});
export type Order = z.output<typeof Order>;

export const Assignment = z.strictObject({
  worker: Name,
  leaseEpoch: Counter,
  revision: Counter,
  leaseMs: Counter,
  orders: z.array(Order).max(MAX_ORDERS),
  network: HostNetwork.optional(),
});
export type Assignment = z.output<typeof Assignment>;
