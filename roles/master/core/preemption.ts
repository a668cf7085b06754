/**
 * Which VMs give way to one of higher priority that has no room. Says where and
 * whom; who leaves, and when, is the reconciler's business.
 *
 * The rules, in this order:
 * 1. Only VMs of lower priority give way, and only where the one that comes
 *    then fits, by every rule of placing.
 * 2. Exclusive VMs and VMs with volumes give way only when nothing else helps:
 *    they have to stop before they start again, or cannot move at all.
 * 3. Lowest priority first: a worker where priority 5 suffices comes before
 *    one where priority 6 has to go.
 * 4. No more VMs than needed: the fewest of that priority or below. Between
 *    workers that cost the same, the first by name.
 * Room that is being freed (copies that leave) is not paid for again: where it
 * is enough, nobody goes and the answer is to wait.
 *
 * Surge copies never preempt: the caller does not ask for them.
 *
 * @module
 */
import type { VmSpec } from "../../model/vm_spec.ts";
import {
  publishedPorts,
  type Room,
  type Size,
  type Taken,
  type WorkerRoom,
} from "./placing.ts";
import { choosePlace, type PlacingRequest, refusalOf } from "./scheduler.ts";

/** A copy that holds room, as one that could give way. */
export interface Victim {
  /** Its key, given back when it has to go. */
  key: string;
  /** What it holds. */
  placement: Taken & { leaving: boolean };
  spec: Pick<VmSpec, "priority" | "fencing" | "volumes">;
}

export interface Preemption {
  worker: string;
  /** Keys of those that go; empty: room is being freed there, wait for it. */
  evict: string[];
  /** What those that go are told: `preempted by shop/db-0, which has priority 10`. */
  reason: string;
}

/** Steps of one search for the fewest: up to a dozen VMs of one worker are searched wholly, beyond it the answer is good and never has a VM too many. */
const MAX_STEPS = 20_000;

interface Option {
  worker: string;
  evict: Victim[];
  /** 1: an exclusive VM or one with volumes is among them. */
  usesProtected: number;
  highest: number;
}

function isProtected({ spec }: Victim): boolean {
  return spec.fencing === "exclusive" || spec.volumes.length > 0;
}

function sum(sizes: Iterable<Size>): Size {
  const total = { cpuMilli: 0, memoryMib: 0 };
  for (const { cpuMilli, memoryMib } of sizes) {
    total.cpuMilli += cpuMilli;
    total.memoryMib += memoryMib;
  }
  return total;
}

function covers(size: Size, need: Size): boolean {
  return size.cpuMilli >= need.cpuMilli && size.memoryMib >= need.memoryMib;
}

/** How much of a need a size meets, at most 1 in each dimension. */
function usefulness(size: Size, need: Size): number {
  const part = (value: number, wanted: number) =>
    wanted <= 0 ? 0 : Math.min(1, value / wanted);
  return part(size.cpuMilli, need.cpuMilli) +
    part(size.memoryMib, need.memoryMib);
}

/** What a worker lacks for a size once some sizes are given back; at most 0: nothing. */
function needOf(size: Size, worker: WorkerRoom, given: Iterable<Size>): Size {
  const { cpuMilli, memoryMib } = sum(given);
  return {
    cpuMilli: size.cpuMilli - worker.free.cpuMilli - cpuMilli,
    memoryMib: size.memoryMib - worker.free.memoryMib - memoryMib,
  };
}

const reservedOf = ({ placement }: Victim): Size => placement.reserved;

function less(need: Size, size: Size): Size {
  return {
    cpuMilli: need.cpuMilli - size.cpuMilli,
    memoryMib: need.memoryMib - size.memoryMib,
  };
}

function isMet(need: Size): boolean {
  return need.cpuMilli <= 0 && need.memoryMib <= 0;
}

/** The fewest of these that cover the need; null: all of them do not. */
function fewest(victims: readonly Victim[], need: Size): Victim[] | null {
  if (isMet(need)) return [];
  if (!covers(sum(victims.map(reservedOf)), need)) return null;
  const sorted = [...victims].sort((a, b) =>
    usefulness(reservedOf(b), need) - usefulness(reservedOf(a), need)
  );
  const greedy = withoutNeedless(sorted, need);
  const largest = {
    cpuMilli: Math.max(...sorted.map((one) => reservedOf(one).cpuMilli)),
    memoryMib: Math.max(...sorted.map((one) => reservedOf(one).memoryMib)),
  };
  let steps = 0;
  /** A cover by at most `count` of those from `from` on. */
  const search = (from: number, count: number, rest: Size): Victim[] | null => {
    if (isMet(rest)) return [];
    if (rest.cpuMilli > count * largest.cpuMilli) return null;
    if (rest.memoryMib > count * largest.memoryMib) return null;
    for (let i = from; i < sorted.length && count > 0; i++) {
      if (++steps > MAX_STEPS) return null;
      const victim = sorted[i]!;
      const found = search(i + 1, count - 1, less(rest, reservedOf(victim)));
      if (found !== null) return [victim, ...found];
    }
    return null;
  };
  for (let count = 1; count < greedy.length; count++) {
    const found = search(0, count, need);
    if (found !== null) return withoutNeedless(found, need);
    if (steps > MAX_STEPS) break;
  }
  return greedy;
}

/** Takes them in their order until they cover, then lets go of those that were not needed, the largest first. */
function withoutNeedless(
  victims: readonly Victim[],
  need: Size,
): Victim[] {
  const taken: Victim[] = [];
  let rest = need;
  for (const victim of victims) {
    if (isMet(rest)) break;
    taken.push(victim);
    rest = less(rest, reservedOf(victim));
  }
  for (const victim of [...taken]) {
    const others = taken.filter((other) => other !== victim);
    if (covers(sum(others.map(reservedOf)), need)) {
      taken.splice(taken.indexOf(victim), 1);
    }
  }
  return taken;
}

/** Who has to go on one worker with nobody above `highest`; null: that is not enough. */
function evictUpTo(
  candidates: readonly Victim[],
  blocking: ReadonlySet<Victim>,
  need: Size,
): Victim[] | null {
  const must = candidates.filter((victim) => blocking.has(victim));
  if (must.length < blocking.size) return null;
  const rest = candidates.filter((victim) => !blocking.has(victim));
  const more = fewest(rest, less(need, sum(must.map(reservedOf))));
  return more === null ? null : [...must, ...more];
}

class Planner {
  readonly #request: PlacingRequest;
  readonly #ports: ReadonlySet<number>;

  constructor(request: PlacingRequest) {
    this.#request = request;
    this.#ports = new Set(publishedPorts(request.spec));
  }

  /** A port that is needed is held by a copy that nobody here may end. */
  #isPortForeign(worker: WorkerRoom, held: readonly Victim[]): boolean {
    return this.#ports.values().some((port) => {
      const holder = worker.ports.get(port);
      return holder !== undefined && holder !== this.#request.vm &&
        !held.some(({ placement }) =>
          placement.vm === holder && placement.ports.includes(port)
        );
    });
  }

  /** False when a worker cannot do better than what was found: one pass over its copies, where finding the fewest takes many. */
  couldBeat(worker: WorkerRoom, held: readonly Victim[], best: Option) {
    if (best.usesProtected === 1) return true;
    let need = needOf(this.#request.size, worker, []);
    const below = { cpuMilli: 0, memoryMib: 0 };
    const upTo = { cpuMilli: 0, memoryMib: 0 };
    const largest = { cpuMilli: 1, memoryMib: 1 };
    for (const victim of held) {
      const size = reservedOf(victim);
      const { priority } = victim.spec;
      if (victim.placement.leaving) need = less(need, size);
      else if (!isProtected(victim) && priority <= best.highest) {
        for (const key of ["cpuMilli", "memoryMib"] as const) {
          upTo[key] += size[key];
          if (priority < best.highest) below[key] += size[key];
          largest[key] = Math.max(largest[key], size[key]);
        }
      }
    }
    if (covers(below, need)) return true;
    if (!covers(upTo, need)) return false;
    const atLeast = Math.max(
      Math.ceil(need.cpuMilli / largest.cpuMilli),
      Math.ceil(need.memoryMib / largest.memoryMib),
    );
    return atLeast < best.evict.length;
  }

  /** The best that can be done on one worker; null: nothing helps there. */
  option(
    worker: WorkerRoom,
    held: readonly Victim[],
    best: Option | null,
  ): Option | null {
    const { size, vm, spec } = this.#request;
    const blocks = (victim: Victim) =>
      victim.placement.vm !== vm &&
      victim.placement.ports.some((port) => this.#ports.has(port));
    const leaving = held.filter(({ placement }) => placement.leaving);
    const need = needOf(size, worker, leaving.map(reservedOf));
    const staying = held.filter(({ placement }) => !placement.leaving);
    const lower = staying.filter((victim) =>
      victim.spec.priority < spec.priority && victim.placement.vm !== vm
    );
    const blocking = new Set(staying.filter(blocks));
    if (this.#isPortForeign(worker, held)) return null;
    for (const victim of blocking) if (!lower.includes(victim)) return null;
    const free = lower.filter((victim) => !isProtected(victim));
    for (const candidates of [free, lower]) {
      // Raised level by level: the first that suffices is the lowest.
      const levels = [
        -Infinity,
        ...new Set(candidates.map(({ spec }) => spec.priority)),
      ].sort((a, b) => a - b);
      for (const level of levels) {
        // Another worker does with lower ones.
        if (best?.usesProtected === 0 && level > best.highest) return null;
        const allowed = candidates.filter(({ spec }) => spec.priority <= level);
        const evict = evictUpTo(allowed, blocking, need);
        if (evict !== null) return optionOf(worker, evict);
      }
    }
    return null;
  }
}

function optionOf(worker: WorkerRoom, evict: Victim[]): Option {
  return {
    worker: worker.name,
    evict,
    usesProtected: Number(evict.some(isProtected)),
    highest: evict.reduce(
      (highest, { spec }) => Math.max(highest, spec.priority),
      -Infinity,
    ),
  };
}

/** The one that costs less comes first. */
function compareOptions(a: Option, b: Option): number {
  const byPriority = a.highest === b.highest ? 0 : a.highest - b.highest;
  return a.usesProtected - b.usesProtected || byPriority ||
    a.evict.length - b.evict.length;
}

/**
 * Who gives way to an instance that has no place; null: nothing helps, or it
 * has a place already.
 *
 * `victims` are copies that hold room, leaving ones included. Within one plan,
 * take what was promised (`claimOf`) before asking for the next instance, and
 * release it when the plan is done: otherwise two count on the same room.
 */
export function planPreemption(
  request: PlacingRequest,
  room: Room,
  victims: Iterable<Victim>,
): Preemption | null {
  if (choosePlace(request, room).worker !== null) return null;
  const byWorker = new Map<string, Victim[]>();
  for (const victim of victims) {
    const { worker } = victim.placement;
    const list = byWorker.get(worker);
    if (list === undefined) byWorker.set(worker, [victim]);
    else list.push(victim);
  }
  const planner = new Planner(request);
  let best: Option | null = null;
  // By name, so that the first of equals is the same whatever order they came in.
  for (const name of [...byWorker.keys()].sort()) {
    const held = byWorker.get(name) ?? [];
    const worker = room.workers.get(name);
    if (worker === undefined) continue;
    const { except = [], only } = request;
    if (typeof except === "string" ? except === name : except.includes(name)) {
      continue;
    }
    if (only !== undefined && only !== name) continue;
    const refusal = refusalOf(request, worker);
    if (refusal === null) continue;
    if (refusal.kind !== "room" && refusal.kind !== "port") continue;
    if (refusal.kind === "port" && isAvoided(request, name)) continue;
    if (best !== null && !planner.couldBeat(worker, held, best)) continue;
    const option = planner.option(worker, held, best);
    if (option === null) continue;
    if (best === null || compareOptions(option, best) < 0) best = option;
  }
  if (best === null) return null;
  return {
    worker: best.worker,
    evict: best.evict.map(({ key }) => key),
    reason:
      `preempted by ${request.vm}, which has priority ${request.spec.priority}`,
  };
}

/** A taken port is told before a failure is: both may be the case. */
function isAvoided({ avoid, nowMs }: PlacingRequest, worker: string): boolean {
  return avoid.some((entry) =>
    entry.worker === worker && entry.untilMs > nowMs
  );
}

/** What the one that comes will take there. */
export function claimOf(request: PlacingRequest, worker: string): Taken {
  const { vm, size, spec } = request;
  return { vm, worker, reserved: size, ports: publishedPorts(spec) };
}
