/**
 * The documents the master keeps: their shapes and the bounds on them. They
 * are parsed with zod when loaded, so that a key added with a default also
 * reads documents written before it existed. Decides nothing.
 *
 * @module
 */
import { z } from "zod";
import { GenerationState, Traceparent } from "../../model/generation.ts";
import { Placement } from "../../model/blueprint.ts";
import { Actor } from "../../model/event.ts";
import { Commit, Counter, Name, Sha256, VmId } from "../../model/ids.ts";
import { Move, Operation } from "../../model/operation.ts";
import { VmSpec } from "../../model/vm_spec.ts";

/** Failed intents remembered per cluster; the oldest is forgotten first. One failed push an hour fills it in ten days. */
export const MAX_FAILURES = 256;
/** Generations kept per cluster beyond those in use: a month of daily work, and a rollback target among them. */
export const MAX_GENERATIONS = 32;
/** Most instances of one cluster: what one worker's assignment could hold. */
export const MAX_INSTANCES = 10_000;
/** Most workers: each costs a report in memory, a few KiB. */
export const MAX_WORKERS = 10_000;
/** Workers one VM keeps away from at a time. */
export const MAX_AVOIDED = 16;

/** How the newest rollout of a cluster stands; Nomad's words. */
export const RolloutDoc = z.strictObject({
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
  /** A failed rollout goes back to the active generation; without it everything stays as it is. */
  revert: z.boolean(),
  /** Its canaries or green copies may become the main ones, as soon as all are ready. */
  isPromoted: z.boolean().default(false),
  /** Its stages are counted from then: milliseconds since the Unix epoch; 0: from its publish. */
  startedAtMs: Counter.default(0),
});
export type RolloutDoc = z.output<typeof RolloutDoc>;

export const ClusterDoc = z.strictObject({
  name: Name,
  repository: z.string(),
  /** The highest published generation. */
  highest: Counter,
  /** 0: none ever was active. */
  active: Counter,
  /** What was active before `active`; 0: nothing. */
  previous: Counter,
  /** Set by a rollback: newer generations wait. */
  held: z.boolean(),
  /** Rises with every change of what is desired: what `expectedRevision` is compared with. */
  planRevision: Counter,
  /** The last incarnation given to an instance of this cluster. */
  incarnations: Counter,
  rollout: RolloutDoc.nullable(),
  failures: z.array(z.strictObject({
    intentHash: Sha256,
    generation: Counter,
    reason: z.string(),
    atMs: Counter,
  })).max(MAX_FAILURES),
});
export type ClusterDoc = z.output<typeof ClusterDoc>;

const Seconds = z.number().nullable();

export const GenerationDoc = z.strictObject({
  cluster: Name,
  generation: Counter,
  commit: Commit,
  repository: z.string(),
  intentHash: Sha256,
  parent: Counter,
  state: GenerationState,
  reason: z.string(),
  publishedAtMs: Counter,
  endedAtMs: Counter.nullable(),
  /** Instances, replicas counted. */
  vms: Counter,
  seconds: z.strictObject({
    copy: Seconds,
    place: Seconds,
    boot: Seconds,
    healthy: Seconds,
  }),
  traceparent: Traceparent.nullable(),
  /** It was active once: only such a generation is a rollback target. */
  wasActive: z.boolean(),
  /** Over as many workers as possible, or on as few; in force while it is the target. */
  placement: Placement.default("spread"),
});
export type GenerationDoc = z.output<typeof GenerationDoc>;

/** The specs of a generation by name, without their defaults: the text that its intentHash is of. */
export const IntentDoc = z.strictObject({ vms: z.record(Name, VmSpec) });
export type IntentDoc = z.output<typeof IntentDoc>;

/** A worker that this VM keeps away from for a while. */
export const Avoid = z.strictObject({
  worker: Name,
  /** The order that failed there: one failure is counted once. */
  orderRevision: Counter,
  count: Counter,
  /** Milliseconds since the Unix epoch. */
  untilMs: Counter,
  reason: z.string(),
  /** The host failed it: says nothing of what it runs. */
  isHost: z.boolean().default(false),
});
export type Avoid = z.output<typeof Avoid>;

/** Why a copy went to its worker: kept for `why`, in one line of JSON. */
export const Decision = z.strictObject({
  /** Milliseconds since the Unix epoch. */
  atMs: Counter,
  reason: z.string().max(500),
  score: z.number(),
  parts: z.record(z.string(), z.number()),
  /** Workers that were looked at. */
  considered: Counter,
  /** The next best, best first. */
  runnersUp: z.array(z.strictObject({ worker: Name, score: z.number() }))
    .max(3),
  /** How many workers were refused, by kind. */
  refused: z.record(z.string(), Counter),
});
export type Decision = z.output<typeof Decision>;

const Size = z.strictObject({ cpuMilli: Counter, memoryMib: Counter });

/** One copy of an instance on one worker: the source of its order. */
export const PlacementDoc = z.strictObject({
  vm: VmId,
  incarnation: Counter,
  worker: Name,
  /** The generation whose spec the order carries. */
  generation: Counter,
  /** The generation that last changed what runs: its stages are measured on this VM. */
  startedIn: Counter,
  runtimeHash: Sha256,
  policyHash: Sha256,
  orderRevision: Counter,
  /** The generation whose spec is the fallback; 0: stop. */
  fallbackGeneration: Counter,
  /** Held on the worker: the larger of spec and fallback until the change is settled. */
  reserved: Size,
  /** Host ports held on the worker. */
  ports: z.array(z.number().int()),
  /** The worker has been told of this order and said so. */
  acknowledged: z.boolean(),
  /** No order any more; holds its room until the worker reports it gone. */
  leaving: z.boolean(),
  avoid: z.array(Avoid).max(MAX_AVOIDED),
  /** A canary or green copy beside the main one, until it is promoted. */
  surge: z.boolean().default(false),
  /** Why it is on this worker; null for those placed before this was kept. */
  decision: Decision.nullable().default(null),
  /** On its worker's subnet, as long as the copy is there; absent: its worker gave it none. */
  address: z.ipv4().optional(),
});
export type PlacementDoc = z.output<typeof PlacementDoc>;

/** Copies that one worker can give addresses to: .1 of its /24 is the host's own, .0 and .255 are nobody's. */
export const ADDRESSES_PER_WORKER = 253;

/** A worker's part of the network of guests. */
export const WorkerNetwork = z.strictObject({
  /** A /24 of the pool. */
  subnet: z.cidrv4(),
  /** The address other hosts reach it at; null: none is known, so nobody is routed to it. */
  via: z.ipv4().nullable(),
  /** It bridges its guests at present; off, it keeps its subnet for the day it does again. */
  isOn: z.boolean(),
  /** The highest last byte that was given out; 1: none was. */
  given: Counter,
  /** Last bytes that were given back, the longest ago first. */
  returned: z.array(z.number().int().min(2).max(254))
    .max(ADDRESSES_PER_WORKER),
});
export type WorkerNetwork = z.output<typeof WorkerNetwork>;

export const WorkerDoc = z.strictObject({
  name: Name,
  /** The low part of its epoch: rises when it comes back after being lost. */
  term: Counter,
  /** Rises with each change of its assignment. */
  revision: Counter,
  capacity: Size,
  attributes: z.record(z.string(), z.string()),
  versions: z.record(z.string(), z.string()),
  /** Takes no more VMs until somebody says otherwise; null: it takes them. */
  cordon: z.strictObject({
    by: Actor,
    reason: z.string().max(2000),
    atMs: Counter,
  }).nullable().default(null),
  /** Absent: it never bridged its guests. */
  network: WorkerNetwork.optional(),
});
export type WorkerDoc = z.output<typeof WorkerDoc>;

/** Where an instance's volumes are; outlives its placement, so that a later generation finds its data. */
export const VolumeDoc = z.strictObject({ vm: VmId, worker: Name });
export type VolumeDoc = z.output<typeof VolumeDoc>;

/** Moves of one rebalance; beyond it, start another. */
export const MAX_MOVES = 1000;

/** An operation and, for a rebalance, the moves that are left. */
export const OperationDoc = z.strictObject({
  ...Operation.shape,
  moves: z.array(Move).max(MAX_MOVES),
});
export type OperationDoc = z.output<typeof OperationDoc>;

/** The id of a generation's document; padded so that ids sort as numbers do. */
export function generationKey(cluster: string, generation: number): string {
  return `${cluster}/${String(generation).padStart(16, "0")}`;
}

/** The id of a placement's document. */
export function placementKey(
  placement: { vm: string; incarnation: number },
): string {
  return `${placement.vm}#${placement.incarnation}`;
}
