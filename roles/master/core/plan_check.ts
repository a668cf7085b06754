/**
 * Independent invariants over the result of any plan. Shares no code with the
 * reconciler's own arithmetic, so that a mistake there shows here; asserted in
 * tests and before a plan is applied.
 *
 * @module
 */
import { type PlacementDoc, placementKey } from "./documents.ts";

/** A plan that must not be committed: a bug, and no repetition mends it. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
}

interface CheckedWorker {
  name: string;
  capacity: { cpuMilli: number; memoryMib: number };
}

/** What a plan gave and took. */
export interface Touched {
  /** Workers that were given more than they held. */
  workers: ReadonlySet<string>;
  /** Instances that got or lost an order. */
  vms: ReadonlySet<string>;
}

/** The placements as they will be, found by worker and by VM. */
export interface CheckedPlacements {
  placementsOn(worker: string): Iterable<PlacementDoc>;
  placementsOfVm(vm: string): Iterable<PlacementDoc>;
  worker(name: string): CheckedWorker | undefined;
}

/** Orders of one VM: one of the main copy, and one of a copy beside it. */
class Orders {
  readonly #keys = new Set<string>();
  readonly #current = new Map<string, string>();

  check(placement: PlacementDoc, broken: string[]): void {
    const key = placementKey(placement);
    if (this.#keys.has(key)) broken.push(`${key} is there twice`);
    this.#keys.add(key);
    if (placement.leaving) return;
    const role = `${placement.vm} ${placement.surge}`;
    const other = this.#current.get(role);
    if (other !== undefined) {
      broken.push(`${placement.vm} has orders ${other} and ${key}`);
    }
    this.#current.set(role, key);
    if (placement.orderRevision === 0) {
      broken.push(`${key} has no order revision`);
    }
  }
}

/** What is held on one worker. */
class Held {
  readonly #name: string;
  #cpuMilli = 0;
  #memoryMib = 0;
  readonly #ports = new Map<number, string>();

  constructor(name: string) {
    this.#name = name;
  }

  check({ vm, reserved, ports }: PlacementDoc, broken: string[]): void {
    this.#cpuMilli += reserved.cpuMilli;
    this.#memoryMib += reserved.memoryMib;
    for (const port of ports) {
      const holder = this.#ports.get(port);
      if (holder !== undefined && holder !== vm) {
        broken.push(
          `host port ${this.#name}:${port} is given to ${holder} and ${vm}`,
        );
      }
      this.#ports.set(port, vm);
    }
  }

  checkSum({ name, capacity }: CheckedWorker, broken: string[]): void {
    const { cpuMilli, memoryMib } = capacity;
    if (this.#cpuMilli <= cpuMilli && this.#memoryMib <= memoryMib) return;
    broken.push(
      `${name} is overcommitted: ${this.#memoryMib} MiB and ${this.#cpuMilli} mCPU of ${memoryMib} and ${cpuMilli}`,
    );
  }
}

/**
 * What is broken about these placements, one sentence each; empty when nothing.
 * `touched` are the workers this plan gave something to: one that reported less
 * room than it had is not the plan's fault.
 */
export function checkPlacements(
  placements: Iterable<PlacementDoc>,
  workers: readonly CheckedWorker[],
  touched: ReadonlySet<string>,
): string[] {
  const broken: string[] = [];
  const orders = new Orders();
  const held = new Map<string, Held>();
  for (const placement of placements) {
    const { worker } = placement;
    const sum = held.get(worker) ?? new Held(worker);
    held.set(worker, sum);
    orders.check(placement, broken);
    sum.check(placement, broken);
  }
  for (const worker of workers) {
    const sum = held.get(worker.name);
    if (sum === undefined || !touched.has(worker.name)) continue;
    sum.checkSum(worker, broken);
  }
  return broken;
}

/** The same of what a plan touched alone: what it left as it was is not looked at again. */
export function checkTouched(
  placements: CheckedPlacements,
  touched: Touched,
): string[] {
  const broken: string[] = [];
  for (const name of touched.workers) {
    const worker = placements.worker(name);
    const sum = new Held(name);
    for (const placement of placements.placementsOn(name)) {
      sum.check(placement, broken);
    }
    if (worker !== undefined) sum.checkSum(worker, broken);
  }
  for (const vm of touched.vms) {
    const orders = new Orders();
    for (const placement of placements.placementsOfVm(vm)) {
      orders.check(placement, broken);
    }
  }
  return broken;
}
