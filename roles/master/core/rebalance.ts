/**
 * Which VMs would be better off elsewhere, and what that gains. Packing, it
 * empties whole workers; spreading, it moves VMs whose place is much worse than
 * the best one. Only proposes: each move obeys every rule that placing obeys,
 * for it is placing (`choosePlace`) that finds where it leads, and who carries
 * moves out plans again when something has changed meanwhile.
 *
 * Never moved: exclusive VMs and those with volumes, for they stop before they
 * start; and copies that leave or are on trial. Who asks all the time rather
 * than once leaves young VMs alone too (`settledMs`): most VMs of a batch end
 * before they have run for half an hour, and of those that do not, most go on,
 * so a move of an old VM lasts; and no VM is moved again and again.
 *
 * Emptying a worker moves its largest VM first, for that one has the fewest
 * places. When a VM fits nowhere, one smaller VM of another worker may give way
 * to it: two moves instead of one, where otherwise the worker would stay.
 * Workers that take the fewest moves come first: a freed worker is worth the
 * same whatever it cost.
 *
 * @module
 */
import type { Placement } from "../../model/blueprint.ts";
import type { Move, Rebalance } from "../../model/operation.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PlacementDoc } from "./documents.ts";
import type { Room, Size, Taken, WorkerRoom } from "./placing.ts";
import {
  choosePlace,
  judgeWorkers,
  type PlacingRequest,
  refusalOf,
} from "./scheduler.ts";

/** A copy that could be moved. */
export interface Movable {
  placement:
    & Pick<PlacementDoc, "vm" | "avoid" | "leaving" | "surge">
    & Taken;
  spec: VmSpec;
}

export interface RebalanceRequest {
  policy: Placement;
  /** All copies that the one who asks may move; a worker that holds others is not emptied. */
  copies: readonly Movable[];
  maxMoves: number;
  nowMs: number;
  /** VMs that were placed or moved less long ago stay; 0 when not given, for an operator means what is there now. */
  settledMs?: number;
}

/** For who rebalances all the time: see the module's text. */
export const SETTLED_MS = 30 * 60_000;
/** Workers tried in one plan: the easiest to empty come first, the rest hold more than is worth moving. */
const MAX_TRIED = 256;
/** Workers asked to give way to a VM that fits nowhere, and VMs tried on each: both bound a search that could be quadratic. */
const MAX_NEIGHBOURS = 64;
const MAX_GIVING_WAY = 4;
/** Places looked for in one plan: at a hundredth of a millisecond each, and much more when room is scarce everywhere, it ends within a second or so. */
const MAX_SEARCHES = 5000;
/** Spreading: points of score a move must gain; a tenth of a worker's room. Less would move VMs to and fro. */
const MIN_GAIN = 10;

/** The larger share of a worker that a size takes. */
function shareOf(size: Size, capacity: Size): number {
  return Math.max(
    size.cpuMilli / Math.max(1, capacity.cpuMilli),
    size.memoryMib / Math.max(1, capacity.memoryMib),
  );
}

class Rebalancer {
  readonly moves: Move[] = [];
  readonly freed: string[] = [];
  readonly #request: RebalanceRequest;
  readonly #room: Room;
  readonly #byWorker = new Map<string, Movable[]>();
  #searches = 0;
  /** What was taken and given back, to be undone. */
  readonly #steps: { isTaken: boolean; taken: Taken }[] = [];

  constructor(request: RebalanceRequest, room: Room) {
    this.#request = request;
    this.#room = room;
    for (const copy of request.copies) {
      if (this.#isMovable(copy)) this.#put(copy);
    }
  }

  #isMovable({ placement, spec }: Movable): boolean {
    const ageMs = this.#request.nowMs - (placement.decision?.atMs ?? 0);
    return !placement.leaving && !placement.surge &&
      spec.fencing !== "exclusive" && spec.volumes.length === 0 &&
      ageMs >= (this.#request.settledMs ?? 0);
  }

  #put(copy: Movable): void {
    const { worker } = copy.placement;
    const list = this.#byWorker.get(worker);
    if (list === undefined) this.#byWorker.set(worker, [copy]);
    else list.push(copy);
  }

  #asking(
    { placement, spec }: Movable,
    except: readonly string[],
  ): PlacingRequest {
    return {
      vm: placement.vm,
      spec,
      size: placement.reserved,
      avoid: placement.avoid,
      nowMs: this.#request.nowMs,
      policy: this.#request.policy,
      except,
      isTrial: true,
    };
  }

  #step(isTaken: boolean, taken: Taken): void {
    if (isTaken) this.#room.take(taken);
    else this.#room.release(taken);
    this.#steps.push({ isTaken, taken });
  }

  /** Goes back to how it was after so many moves and steps. */
  #undo(moves: number, steps: number): void {
    this.moves.length = moves;
    while (this.#steps.length > steps) {
      const step = this.#steps.pop();
      if (step?.isTaken === true) this.#room.release(step.taken);
      else if (step !== undefined) this.#room.take(step.taken);
    }
  }

  /** Leaves the room as it was found. */
  restore(): void {
    this.#undo(this.moves.length, 0);
  }

  #move(copy: Movable, to: string, reason: string): void {
    const { placement } = copy;
    this.#step(false, placement);
    this.#step(true, {
      ...placement,
      worker: to,
      decision: { atMs: this.#request.nowMs },
    });
    this.moves.push({
      vm: placement.vm,
      fromWorker: placement.worker,
      toWorker: to,
      reason,
    });
  }

  get #left(): number {
    return this.#request.maxMoves - this.moves.length;
  }

  // ---- packing ----------------------------------------------------------

  pack(): void {
    const tried = new Set<string>();
    while (
      this.#left > 0 && tried.size < MAX_TRIED &&
      this.#searches < MAX_SEARCHES
    ) {
      const next = this.#easiest(tried);
      if (next === undefined) return;
      tried.add(next.name);
      this.#empty(next);
    }
  }

  /** The worker that is easiest to empty, with only copies that may move. */
  #easiest(tried: ReadonlySet<string>): WorkerRoom | undefined {
    let best: WorkerRoom | undefined;
    for (const [name, copies] of this.#byWorker) {
      const worker = this.#room.workers.get(name);
      if (worker === undefined || tried.has(name)) continue;
      if (worker.held !== copies.length || worker.held > this.#left) continue;
      if (best === undefined || isEasier(worker, best)) best = worker;
    }
    return best;
  }

  #empty(worker: WorkerRoom): void {
    const [moves, steps] = [this.moves.length, this.#steps.length];
    const { name, capacity } = worker;
    const copies = [...this.#byWorker.get(name) ?? []].sort((a, b) =>
      shareOf(b.placement.reserved, capacity) -
      shareOf(a.placement.reserved, capacity)
    );
    const reason = `empties ${name}`;
    const gaveWay = new Map<Movable, string>();
    for (const copy of copies) {
      const to = this.#left > 0
        ? this.#inUse(copy, [name]) ??
          this.#makeWay(copy, name, gaveWay)
        : null;
      if (to === null || this.#left === 0) return this.#undo(moves, steps);
      this.#move(copy, to, reason);
    }
    this.freed.push(name);
    // What was moved is not settled any more: it is not moved again.
    this.#byWorker.delete(name);
    for (const [copy, from] of gaveWay) {
      const rest = this.#byWorker.get(from)?.filter((one) => one !== copy);
      this.#byWorker.set(from, rest ?? []);
    }
  }

  /** A worker in use that takes it; null: none does. */
  #inUse(copy: Movable, except: readonly string[]): string | null {
    if (++this.#searches > MAX_SEARCHES) return null;
    const { worker } = choosePlace(this.#asking(copy, except), this.#room);
    if (worker === null) return null;
    return (this.#room.workers.get(worker)?.held ?? 0) > 0 ? worker : null;
  }

  /** Moves one smaller VM out of the way of this one; gives the worker that then has room. */
  #makeWay(
    copy: Movable,
    leaving: string,
    gaveWay: Map<Movable, string>,
  ): string | null {
    if (this.#left < 2) return null;
    const request = this.#asking(copy, []);
    let asked = 0;
    for (const [name, copies] of this.#byWorker) {
      const worker = this.#room.workers.get(name);
      if (worker === undefined || name === leaving || worker.held === 0) {
        continue;
      }
      if (refusalOf(request, worker)?.kind !== "room") continue;
      if (++asked > MAX_NEIGHBOURS) return null;
      const smaller = copies
        .filter((other) =>
          !gaveWay.has(other) && makesRoom(copy, other, worker)
        )
        .sort((a, b) =>
          shareOf(a.placement.reserved, worker.capacity) -
          shareOf(b.placement.reserved, worker.capacity)
        );
      for (const other of smaller.slice(0, MAX_GIVING_WAY)) {
        const to = this.#inUse(other, [leaving, name]);
        if (to === null) continue;
        this.#move(other, to, `makes room for ${copy.placement.vm}`);
        gaveWay.set(other, name);
        return name;
      }
    }
    return null;
  }

  // ---- spreading --------------------------------------------------------

  /** From the fullest workers, what would be placed elsewhere if it came now. */
  even(): void {
    const workers = [...this.#byWorker.keys()].flatMap((name) =>
      this.#room.workers.get(name) ?? []
    );
    const usedOf = ({ capacity, free }: WorkerRoom) =>
      shareOf({
        cpuMilli: capacity.cpuMilli - free.cpuMilli,
        memoryMib: capacity.memoryMib - free.memoryMib,
      }, capacity);
    const full = workers.map((worker) => ({ worker, used: usedOf(worker) }))
      .sort((a, b) => b.used - a.used).slice(0, MAX_TRIED);
    for (const { worker } of full) {
      for (const copy of this.#byWorker.get(worker.name) ?? []) {
        if (this.#left === 0) return;
        this.#improve(copy);
      }
    }
  }

  #improve(copy: Movable): void {
    const steps = this.#steps.length;
    const { placement } = copy;
    this.#step(false, placement);
    const request = this.#asking(copy, []);
    const placing = choosePlace(request, this.#room);
    const best = placing.scores[0];
    const own =
      placing.scores.find(({ worker }) => worker === placement.worker)?.score ??
        this.#scoreAt(request, placement.worker);
    this.#undo(this.moves.length, steps);
    if (best === undefined || best.worker === placement.worker) return;
    if (own !== null && best.score - own < MIN_GAIN) return;
    const gain = own === null
      ? "it could not be placed where it is"
      : `its place would be better by ${Math.round(best.score - own)} points`;
    this.#move(copy, best.worker, gain);
  }

  #scoreAt(request: PlacingRequest, worker: string): number | null {
    // A cordon keeps newcomers out: it is no reason to leave.
    const [judged] = judgeWorkers(
      { ...request, stays: true },
      this.#room,
      [worker],
    );
    return judged === undefined || judged.refusal !== null
      ? null
      : judged.score;
  }
}

/** Fewer moves; then the younger content, as for placing; then the less to copy. */
function isEasier(a: WorkerRoom, b: WorkerRoom): boolean {
  if (a.held !== b.held) return a.held < b.held;
  if (a.meanPlacedMs !== b.meanPlacedMs) return a.meanPlacedMs > b.meanPlacedMs;
  const usedMib = ({ capacity, free }: WorkerRoom) =>
    capacity.memoryMib - free.memoryMib;
  return usedMib(a) < usedMib(b);
}

/** The other is smaller, and the worker has room for this one without it. */
function makesRoom(copy: Movable, other: Movable, worker: WorkerRoom): boolean {
  const [own, its] = [copy.placement.reserved, other.placement.reserved];
  return worker.free.cpuMilli + its.cpuMilli >= own.cpuMilli &&
    worker.free.memoryMib + its.memoryMib >= own.memoryMib &&
    shareOf(its, worker.capacity) < shareOf(own, worker.capacity);
}

/** Names shown of the workers that are freed. */
const MAX_NAMES = 5;

function countOf(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/**
 * Proposes moves, in the order in which they can be made. The room is left as
 * it was.
 */
export function planRebalance(
  request: RebalanceRequest,
  room: Room,
): Rebalance {
  const rebalancer = new Rebalancer(request, room);
  const { moves, freed } = rebalancer;
  if (request.policy === "pack") rebalancer.pack();
  else rebalancer.even();
  rebalancer.restore();
  const atMost = `with at most ${countOf(request.maxMoves, "move")}`;
  if (request.policy === "spread") {
    return {
      moves,
      message: moves.length === 0
        ? `no VM would be better off elsewhere by ${MIN_GAIN} points or more`
        : `${countOf(moves.length, "VM")} would be better off elsewhere`,
      freedWorkers: 0,
    };
  }
  const names = freed.slice(0, MAX_NAMES).join(", ") +
    (freed.length > MAX_NAMES ? ` (and ${freed.length - MAX_NAMES} more)` : "");
  return {
    moves,
    message: freed.length === 0
      ? `no worker can be emptied ${atMost}`
      : `${countOf(freed.length, "worker")} emptied by ${
        countOf(moves.length, "move")
      }: ${names}`,
    freedWorkers: freed.length,
  };
}
