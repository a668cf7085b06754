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
  network?: { subnet: string } | undefined;
}

/** What a plan gave and took. */
export interface Touched {
  /** Workers that were given more than they held. */
  workers: ReadonlySet<string>;
  /** Workers that were given a host port. */
  ports: ReadonlySet<string>;
  /** Workers that were given an address for a copy. */
  addresses: ReadonlySet<string>;
  /** Instances that got or lost an order. */
  vms: ReadonlySet<string>;
}

/** The placements as they will be, found by worker and by VM. */
export interface CheckedPlacements {
  /** The sum of what they hold, by arithmetic that no plan uses. */
  heldOn(worker: string): { cpuMilli: number; memoryMib: number };
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

/** The host ports of one worker. */
class Ports {
  readonly #worker: string;
  readonly #holders = new Map<number, string>();

  constructor(worker: string) {
    this.#worker = worker;
  }

  check({ vm, ports }: PlacementDoc, broken: string[]): void {
    for (const port of ports) {
      const holder = this.#holders.get(port);
      if (holder !== undefined && holder !== vm) {
        broken.push(
          `host port ${this.#worker}:${port} is given to ${holder} and ${vm}`,
        );
      }
      this.#holders.set(port, vm);
    }
  }
}

/** The addresses of one worker's copies: each its own, of its subnet, and no host's. */
function checkAddresses(
  { name, network }: CheckedWorker,
  placements: Iterable<PlacementDoc>,
  broken: string[],
): void {
  const prefix = network?.subnet.replace(/0\/24$/, "");
  const holders = new Map<string, string>();
  for (const placement of placements) {
    const { address } = placement;
    if (address === undefined) continue;
    const key = placementKey(placement);
    const holder = holders.get(address);
    if (holder !== undefined) {
      broken.push(`${address} is given to ${holder} and ${key}`);
    }
    holders.set(address, key);
    const isOurs = prefix !== undefined && address.startsWith(prefix) &&
      !/^(0|1|255)$/.test(address.slice(prefix.length));
    if (!isOurs) {
      broken.push(`${key} has ${address}, which ${name} cannot give`);
    }
  }
}

function checkSum(
  held: { cpuMilli: number; memoryMib: number },
  { name, capacity }: CheckedWorker,
  broken: string[],
): void {
  const { cpuMilli, memoryMib } = capacity;
  if (held.cpuMilli <= cpuMilli && held.memoryMib <= memoryMib) return;
  broken.push(
    `${name} is overcommitted: ${held.memoryMib} MiB and ${held.cpuMilli} mCPU of ${memoryMib} and ${cpuMilli}`,
  );
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
  const held = new Map<string, { cpuMilli: number; memoryMib: number }>();
  const ports = new Map<string, Ports>();
  for (const placement of placements) {
    const { worker, reserved } = placement;
    const sum = held.get(worker) ?? { cpuMilli: 0, memoryMib: 0 };
    sum.cpuMilli += reserved.cpuMilli;
    sum.memoryMib += reserved.memoryMib;
    held.set(worker, sum);
    const taken = ports.get(worker) ?? new Ports(worker);
    ports.set(worker, taken);
    orders.check(placement, broken);
    taken.check(placement, broken);
  }
  for (const worker of workers) {
    const sum = held.get(worker.name);
    if (sum === undefined || !touched.has(worker.name)) continue;
    checkSum(sum, worker, broken);
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
    if (worker === undefined) continue;
    checkSum(placements.heldOn(name), worker, broken);
  }
  for (const name of touched.ports) {
    const ports = new Ports(name);
    for (const placement of placements.placementsOn(name)) {
      ports.check(placement, broken);
    }
  }
  for (const name of touched.addresses) {
    const worker = placements.worker(name);
    if (worker === undefined) continue;
    checkAddresses(worker, placements.placementsOn(name), broken);
  }
  for (const vm of touched.vms) {
    const orders = new Orders();
    for (const placement of placements.placementsOfVm(vm)) {
      orders.check(placement, broken);
    }
  }
  return broken;
}
