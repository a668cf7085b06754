/**
 * The room on workers while a plan is made: what each has, what placements
 * hold of it, and which host ports are taken. A plan takes from a `Room` as it
 * goes, so that two decisions of one plan never give the same memory twice.
 *
 * @module
 */
import type { PlacementDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";
import { splitVmId } from "../../model/ids.ts";
import type { VmSpec } from "../../model/vm_spec.ts";

export interface Size {
  cpuMilli: number;
  memoryMib: number;
}

/** A worker as the scheduler sees it. */
export interface WorkerRoom {
  name: string;
  state: Liveness;
  capacity: Size;
  free: Size;
  attributes: Readonly<Record<string, string>>;
  /** Host port to the VM that holds it. */
  ports: Map<number, string>;
  /** Instances per `cluster/vm`. */
  groups: Map<string, number>;
}

/** `cluster/vm` of `cluster/vm-ordinal`: what is spread over workers. */
export function groupOf(vm: string): string {
  const { cluster, vm: name } = splitVmId(vm);
  return `${cluster}/${name}`;
}

/** The host ports a spec asks for. */
export function publishedPorts(spec: Pick<VmSpec, "network">): number[] {
  return spec.network.ports.flatMap((port) =>
    port.publish === undefined ? [] : [port.publish]
  );
}

/** What a placement takes. */
export type Taken = Pick<PlacementDoc, "vm" | "worker" | "reserved" | "ports">;

/** The larger of two sizes in each dimension. */
export function largerOf(a: Size, b: Size): Size {
  return {
    cpuMilli: Math.max(a.cpuMilli, b.cpuMilli),
    memoryMib: Math.max(a.memoryMib, b.memoryMib),
  };
}

/** All workers and what is held on them. */
export class Room {
  readonly workers: Map<string, WorkerRoom>;
  /** Copies per worker, port and VM: one that leaves and its successor may hold the same port. */
  readonly #holders = new Map<string, number>();

  constructor(
    workers: readonly Pick<
      WorkerRoom,
      "name" | "state" | "capacity" | "attributes"
    >[],
    placements: Iterable<Taken>,
  ) {
    this.workers = new Map(workers.map((worker) => [worker.name, {
      ...worker,
      free: { ...worker.capacity },
      ports: new Map(),
      groups: new Map(),
    }]));
    for (const placement of placements) this.take(placement);
  }

  /** A worker that came or changed; what is held on a known one stays held. */
  setWorker(
    worker: Pick<WorkerRoom, "name" | "state" | "capacity" | "attributes">,
  ): void {
    const known = this.workers.get(worker.name);
    const { cpuMilli, memoryMib } = worker.capacity;
    this.workers.set(worker.name, {
      ports: new Map(),
      groups: new Map(),
      ...known,
      ...worker,
      free: {
        cpuMilli: cpuMilli -
          ((known?.capacity.cpuMilli ?? 0) - (known?.free.cpuMilli ?? 0)),
        memoryMib: memoryMib -
          ((known?.capacity.memoryMib ?? 0) - (known?.free.memoryMib ?? 0)),
      },
    });
  }

  /** A worker that is no longer known; what was held on it is forgotten. */
  removeWorker(name: string): void {
    this.workers.delete(name);
    for (const key of [...this.#holders.keys()]) {
      if (key.startsWith(`${name}:`)) this.#holders.delete(key);
    }
  }

  take(taken: Taken): void {
    this.#add(taken, 1);
  }

  release(taken: Taken): void {
    this.#add(taken, -1);
  }

  #add(taken: Taken, sign: 1 | -1): void {
    const worker = this.workers.get(taken.worker);
    if (worker === undefined) return;
    worker.free.cpuMilli -= sign * taken.reserved.cpuMilli;
    worker.free.memoryMib -= sign * taken.reserved.memoryMib;
    for (const port of taken.ports) {
      const key = `${taken.worker}:${port} ${taken.vm}`;
      const holders = (this.#holders.get(key) ?? 0) + sign;
      this.#holders.set(key, holders);
      if (holders > 0) worker.ports.set(port, taken.vm);
      else if (worker.ports.get(port) === taken.vm) worker.ports.delete(port);
    }
    const group = groupOf(taken.vm);
    worker.groups.set(group, (worker.groups.get(group) ?? 0) + sign);
  }
}
