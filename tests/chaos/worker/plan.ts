/**
 * Which process a worker's chaos run kills in each round, when, and what the
 * worker is told to change meanwhile. Pure: the seed is an argument.
 *
 * @module
 */
import { type Failpoint, FAILPOINTS } from "../../../roles/process/mod.ts";
import { draw } from "../plan.ts";

/** VMs of a run: two that may run twice for a moment, two that never may. */
export const VM_NAMES = ["shop/web-0", "shop/web-1", "shop/db-0", "shop/db-1"];

/** Those that run under the guard. */
export function isExclusive(vm: string): boolean {
  return vm.startsWith("shop/db-");
}

/** What a round asks of one VM. */
export type Change =
  /** New content that becomes healthy. */
  | "healthy"
  /** New content that never does: the worker goes back by itself. */
  | "failing"
  /** It is no longer ordered. */
  | "gone";

/** Who is killed, and when: at a failpoint, or at a part of an undisturbed round's time. */
export type Kill =
  | { kind: "point"; point: Failpoint }
  | { kind: "worker"; fraction: number }
  | { kind: "guard"; fraction: number }
  | { kind: "vmm"; vm: string; fraction: number };

export interface Round {
  changes: ReadonlyMap<string, Change>;
  kill: Kill;
}

/** Places in the worker where it can be made to die. */
export const POINTS: readonly Failpoint[] = FAILPOINTS.filter((point) =>
  point.startsWith("worker.")
);
/** Reached only when a change has to be taken back. */
const NEEDS_FAILURE: ReadonlySet<Failpoint> = new Set([
  "worker.rollback.recorded",
]);
/** Reached only when what runs is replaced. */
const NEEDS_RUNNING: ReadonlySet<Failpoint> = new Set(["worker.vm.stopped"]);
/** Beyond the end of a round's work is a moment too. */
const LATEST = 1.2;

class Draws {
  readonly #seed: number;
  #index: number;

  constructor(seed: number, round: number) {
    this.#seed = seed;
    // Rounds draw from places of their own: a new draw in one moves no other.
    this.#index = round * 1000;
  }

  fraction(): number {
    return draw(this.#seed, this.#index++);
  }

  pick<T>(from: readonly T[]): T {
    const found = from[Math.floor(this.fraction() * from.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }
}

function killOf(draws: Draws, index: number, hasVmms: boolean): Kill {
  // Every second one at a failpoint, each of which has its turn.
  if (index % 2 === 0) {
    const point = POINTS[(index / 2) % POINTS.length];
    if (point !== undefined) return { kind: "point", point };
  }
  const fraction = LATEST * draws.fraction();
  const kind = draws.pick(
    hasVmms
      ? ["worker", "guard", "vmm"] as const
      : ["worker", "guard"] as const,
  );
  return kind === "vmm"
    ? { kind, vm: draws.pick(VM_NAMES), fraction }
    : { kind, fraction };
}

/** What the seed says, then what a kill needs. */
function changesOf(
  draws: Draws,
  kill: Kill,
  running: ReadonlySet<string>,
): Map<string, Change> {
  const changes = new Map<string, Change>();
  for (const vm of VM_NAMES) {
    const choice = draws.fraction();
    if (choice < 0.5) changes.set(vm, "healthy");
    else if (choice < 0.6) changes.set(vm, "failing");
    else if (choice < 0.7) changes.set(vm, "gone");
  }
  if (kill.kind === "point") {
    const needed = NEEDS_FAILURE.has(kill.point) ? "failing" : "healthy";
    const from = NEEDS_RUNNING.has(kill.point)
      ? VM_NAMES.filter((vm) => running.has(vm))
      : VM_NAMES;
    changes.set(draws.pick(from), needed);
  } else if (kill.kind === "vmm" && changes.get(kill.vm) === "gone") {
    changes.delete(kill.vm);
  }
  // The next round may need one: not all go at once.
  const last = [...running].filter((vm) => changes.get(vm) !== "gone");
  const comes = [...changes.values()].includes("healthy");
  if (last.length === 0 && !comes) changes.delete(draws.pick([...running]));
  return changes;
}

/** `kills` rounds of a run. `hasVmms`: its VMs are processes that can be killed. */
export function planRounds(
  { seed, kills, hasVmms }: { seed: number; kills: number; hasVmms: boolean },
): Round[] {
  // A run begins with all of them healthy.
  const running = new Set(VM_NAMES);
  return Array.from({ length: kills }, (_, index) => {
    const draws = new Draws(seed, index);
    const kill = killOf(draws, index, hasVmms);
    const changes = changesOf(draws, kill, running);
    for (const [vm, change] of changes) {
      if (change === "healthy") running.add(vm);
      if (change === "gone") running.delete(vm);
    }
    return { kill, changes };
  });
}

/** `worker.vm.spawned`, `guard at 40 %`. */
export function describeKill(kill: Kill): string {
  if (kill.kind === "point") return kill.point;
  const who = kill.kind === "vmm" ? `vmm of ${kill.vm}` : kill.kind;
  return `${who} at ${Math.round(kill.fraction * 100)} %`;
}
