/**
 * What a worker is worth for an instance: the parts of its score, each with its
 * weight and the reason for it. Knows nothing of refusals.
 *
 * `spread` (the default): the worker with most left afterwards, cores and
 * memory alike, so that no worker is the one that fails with everything.
 *
 * `pack`: any worker in use before an empty one, and among them the one whose
 * content has been there longest (ranking.ts, `meanPlacedMs`); all other parts
 * being equal it is first-fit over an order that hardly changes. Why it works:
 * what comes always goes to the same few workers as long as anything fits, so
 * the others drain by themselves when their VMs end. Lifetimes are heavy-tailed
 * in every cluster: what has run long is likely to run on. So the worker with
 * the oldest content is the least likely to become empty, and filling it costs
 * nothing; a long-lived VM put on a young one would keep that one up alone.
 * Choosing by fit instead (best-fit) spreads arrivals over all gaps and keeps
 * every worker half alive.
 *
 * | part     | spread                        | pack                        |
 * | -------- | ----------------------------- | --------------------------- |
 * | freeRoom | 0 to 100                      | -                           |
 * | inUse    | -                             | 40 when something runs there|
 * | sameVm   | -1000 for each of the same VM | -10 for each, at most -30   |
 * | affinity | the weights of those that hold (-100 to 100 each)          ||
 * | spread   | minus the weight for each of the same VM that shares a value ||
 * | closure  | 0 to 30: how much of its closure is there                  ||
 *
 * @module
 */
import type { Placement } from "../../model/blueprint.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { groupOf, type Room, type WorkerRoom } from "./placing.ts";
import { ROOM_WEIGHT } from "./ranking.ts";
import type { PlacingRequest } from "./refusals.ts";
import { attributeOf, ruleHolds } from "./rules.ts";

/** Spreading replicas outweighs free room, which is at most 100. */
const SAME_VM_MALUS = 1000;
/** Packing: less than what a worker in use is worth, so that a second replica opens no worker; who wants that says `spread` over `worker`, whose default weight is above it. */
const PACKED_SAME_VM_MALUS = 10;
const MAX_PACKED_MALUS = 30;
const IN_USE_WORTH = 40;
/** A whole closure that is there is worth a third of a worker's room: copying takes seconds, once; being crowded lasts. */
const CLOSURE_WORTH = 30;

/** What being in use is worth: only for packing. */
export function useWorth(policy: Placement, worker: WorkerRoom): number {
  return policy === "pack" && worker.held > 0 ? IN_USE_WORTH : 0;
}

/** The malus for instances of the same VM on a worker; at most 0. */
export function sameVmMalus(policy: Placement, held: number): number {
  if (held === 0) return 0;
  return policy === "spread"
    ? -SAME_VM_MALUS * held
    : -Math.min(MAX_PACKED_MALUS, PACKED_SAME_VM_MALUS * held);
}

export function affinityOf(spec: VmSpec, worker: WorkerRoom): number {
  return spec.affinities.reduce(
    (sum, rule) => sum + (ruleHolds(rule, worker) ? rule.weight : 0),
    0,
  );
}

/** What having a fraction of the closure is worth. */
export function closureWorth(fraction: number): number {
  return CLOSURE_WORTH * Math.min(1, Math.max(0, fraction));
}

/** For each attribute that is spread over: instances of the group by its value. */
export type SpreadCounts = readonly ReadonlyMap<string | undefined, number>[];

export function spreadCounts(
  spec: VmSpec,
  group: string,
  room: Room,
): SpreadCounts {
  const holders = room.holdersOf(group);
  return spec.spread.map(({ attribute }) => {
    const counts = new Map<string | undefined, number>();
    for (const [name, held] of holders) {
      const worker = room.workers.get(name);
      if (worker === undefined) continue;
      const value = attributeOf(worker, attribute);
      counts.set(value, (counts.get(value) ?? 0) + held);
    }
    return counts;
  });
}

/** The same for one worker. */
export function spreadMalusAt(
  spec: VmSpec,
  worker: WorkerRoom,
  counts: SpreadCounts,
): number {
  const values = spec.spread.map(({ attribute }) =>
    attributeOf(worker, attribute)
  );
  return spreadMalus(spec, values, counts);
}

/** Minus the weight for each instance of the group that shares a value; at most 0. */
export function spreadMalus(
  spec: VmSpec,
  values: readonly (string | undefined)[],
  counts: SpreadCounts,
): number {
  let malus = 0;
  spec.spread.forEach(({ weight }, which) => {
    const value = values[which];
    if (value !== undefined) malus -= weight * (counts[which]?.get(value) ?? 0);
  });
  return malus;
}

function freeRoomOf(request: PlacingRequest, worker: WorkerRoom): number {
  const left = (free: number, taken: number, all: number) =>
    all === 0 ? 0 : ROOM_WEIGHT * (free - taken) / all;
  const { free, capacity } = worker;
  const { size } = request;
  return left(free.memoryMib, size.memoryMib, capacity.memoryMib) +
    left(free.cpuMilli, size.cpuMilli, capacity.cpuMilli);
}

/** Hundredths are enough to read, and short in the store. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Every part of a worker's score by name, given what spreading takes away; parts that say nothing about this request are left out. */
export function partsOf(
  request: PlacingRequest,
  worker: WorkerRoom,
  spread: number,
): Record<string, number> {
  const { spec, policy = "spread", bytesPresent } = request;
  const held = worker.groups.get(groupOf(request.vm)) ?? 0;
  const parts: Record<string, number> = policy === "spread"
    ? { freeRoom: freeRoomOf(request, worker) }
    : { inUse: useWorth(policy, worker) };
  if (held > 0) parts.sameVm = sameVmMalus(policy, held);
  if (spec.affinities.length > 0) parts.affinity = affinityOf(spec, worker);
  if (spec.spread.length > 0) parts.spread = spread;
  if (bytesPresent !== undefined) {
    parts.closure = closureWorth(bytesPresent(worker.name));
  }
  for (const name of Object.keys(parts)) parts[name] = rounded(parts[name]!);
  return parts;
}

/** The sum of the parts. */
export function scoreOf(parts: Readonly<Record<string, number>>): number {
  return rounded(Object.values(parts).reduce((sum, part) => sum + part, 0));
}
