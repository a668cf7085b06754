/**
 * The room on workers while a plan is made: what each has, what placements
 * hold of it, and which host ports are taken. A plan takes from a `Room` as it
 * goes, so that two decisions of one plan never give the same memory twice.
 *
 * A room can live for long: it follows single workers and placements, and notes
 * which workers changed, so that whoever ranks them (ranking.ts) looks at those
 * alone. Ranks nothing itself.
 *
 * @module
 */
import type { Addressing } from "./addresses.ts";
import type { Decision, PlacementDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";
import type { VmSpec } from "../../model/vm_spec.ts";

export interface Size {
  cpuMilli: number;
  memoryMib: number;
}

/** A worker as the scheduler is told of it. */
export interface WorkerInput {
  name: string;
  state: Liveness;
  capacity: Size;
  attributes: Readonly<Record<string, string>>;
  /** Why it takes no more VMs; null or not given: it takes them. */
  cordon?: string | null;
  /** How many copies it can give addresses to; null or not given: its guests need none. */
  addressing?: Addressing | null;
}

/** A worker as the scheduler sees it. */
export interface WorkerRoom {
  readonly name: string;
  readonly state: Liveness;
  readonly capacity: Size;
  readonly attributes: Readonly<Record<string, string>>;
  readonly cordon: string | null;
  readonly addressing: Addressing | null;
  readonly free: Readonly<Size>;
  /** Host port to the VM that holds it. */
  readonly ports: ReadonlyMap<number, string>;
  /** Instances per `cluster/vm`. */
  readonly groups: ReadonlyMap<string, number>;
  /** Copies that hold room on it, those that leave included. */
  readonly held: number;
  /** When they were placed, on average, in milliseconds since the Unix epoch; 0: nothing is held, or not known. */
  readonly meanPlacedMs: number;
}

/** What is held on one worker. Kept by name, so that it outlives what is known of the worker. */
class Holding {
  cpuMilli = 0;
  memoryMib = 0;
  held = 0;
  /** A sum of whole milliseconds: exact below 5000 copies per worker, and near enough above. */
  placedMs = 0;
  readonly ports = new Map<number, string>();
  readonly groups = new Map<string, number>();
}

/** A worker and what is held on it, at its place among all workers by name. */
class Slot implements WorkerRoom {
  index = -1;
  info: Required<WorkerInput>;
  readonly holding: Holding;
  readonly free: Size = { cpuMilli: 0, memoryMib: 0 };

  constructor(info: Required<WorkerInput>, holding: Holding) {
    this.info = info;
    this.holding = holding;
    this.refresh();
  }

  refresh(): void {
    const { capacity } = this.info;
    this.free.cpuMilli = capacity.cpuMilli - this.holding.cpuMilli;
    this.free.memoryMib = capacity.memoryMib - this.holding.memoryMib;
  }

  get name(): string {
    return this.info.name;
  }
  get state(): Liveness {
    return this.info.state;
  }
  get capacity(): Size {
    return this.info.capacity;
  }
  get attributes(): Readonly<Record<string, string>> {
    return this.info.attributes;
  }
  get cordon(): string | null {
    return this.info.cordon;
  }
  get addressing(): Addressing | null {
    return this.info.addressing;
  }
  get ports(): ReadonlyMap<number, string> {
    return this.holding.ports;
  }
  get groups(): ReadonlyMap<string, number> {
    return this.holding.groups;
  }
  get held(): number {
    return this.holding.held;
  }
  get meanPlacedMs(): number {
    const { held, placedMs } = this.holding;
    return held === 0 ? 0 : placedMs / held;
  }
}

/** `cluster/vm` of `cluster/vm-ordinal`: what is spread over workers. */
export function groupOf(vm: string): string {
  return vm.slice(0, vm.lastIndexOf("-"));
}

/** The host ports a spec asks for. */
export function publishedPorts(spec: Pick<VmSpec, "network">): number[] {
  return spec.network.ports.flatMap((port) =>
    port.publish === undefined ? [] : [port.publish]
  );
}

/** What a placement takes. When it was decided says how long it has been there. */
export type Taken =
  & Pick<PlacementDoc, "vm" | "worker" | "reserved" | "ports">
  & { decision?: Pick<Decision, "atMs"> | null };

/** The larger of two sizes in each dimension. */
export function largerOf(a: Size, b: Size): Size {
  return {
    cpuMilli: Math.max(a.cpuMilli, b.cpuMilli),
    memoryMib: Math.max(a.memoryMib, b.memoryMib),
  };
}

function isSameRecord(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => a[key] === b[key]);
}

/** Changes remembered per worker known: a ranking that is further behind is built anew, which costs about as much. */
const CHANGES_PER_WORKER = 2;

/** All workers and what is held on them. */
export class Room {
  readonly workers: ReadonlyMap<string, WorkerRoom>;
  readonly #slots = new Map<string, Slot>();
  readonly #holdings = new Map<string, Holding>();
  /**
   * Copies by worker and port, and by VM: one that leaves and its successor may
   * hold the same port, and so may one that leaves and the other that was
   * promised its room.
   */
  readonly #holders = new Map<string, Map<string, number>>();
  /** The workers that have instances of a group, and how many. */
  readonly #spread = new Map<string, Map<string, number>>();
  #ordered: readonly Slot[] | null = null;
  #layout = 0;
  #changes: number[] = [];
  #firstChange = 0;

  constructor(workers: readonly WorkerInput[], placements: Iterable<Taken>) {
    this.workers = this.#slots;
    for (const worker of workers) this.setWorker(worker);
    for (const placement of placements) this.take(placement);
  }

  /** A worker that came or changed; what is held on it stays held. */
  setWorker(input: WorkerInput): void {
    const { name, state, capacity, attributes } = input;
    const { cordon = null, addressing = null } = input;
    const info = { name, state, capacity, attributes, cordon, addressing };
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      this.#slots.set(name, new Slot(info, this.#holding(name)));
      this.#relayout();
      return;
    }
    const before = slot.info;
    slot.info = info;
    slot.refresh();
    if (!isSameRecord(before.attributes, attributes)) this.#relayout();
    else if (
      before.state !== state || before.cordon !== cordon ||
      before.addressing?.hindrance !== addressing?.hindrance ||
      before.capacity.cpuMilli !== capacity.cpuMilli ||
      before.capacity.memoryMib !== capacity.memoryMib
    ) this.#note(slot);
  }

  /** A worker that is no longer known. What is held there counts again should it come back. */
  removeWorker(name: string): void {
    if (this.#slots.delete(name)) this.#relayout();
    if (this.#holdings.get(name)?.held === 0) this.#holdings.delete(name);
  }

  take(taken: Taken): void {
    this.#add(taken, 1);
  }

  release(taken: Taken): void {
    this.#add(taken, -1);
  }

  /** The workers that have instances of a group, and how many each. */
  holdersOf(group: string): ReadonlyMap<string, number> {
    return this.#spread.get(group) ?? new Map();
  }

  // ---- for rankings -----------------------------------------------------

  /** All workers by name: a stable order, and the index that changes are noted by. */
  get ordered(): readonly WorkerRoom[] {
    if (this.#ordered === null) {
      this.#ordered = [...this.#slots.values()].sort((a, b) =>
        a.name < b.name ? -1 : 1
      );
      this.#ordered.forEach((slot, index) => slot.index = index);
    }
    return this.#ordered;
  }

  /** Rises when workers come, go or change what they are: indexes and rules then mean something else. */
  get layout(): number {
    return this.#layout;
  }

  /** Where the list of changes ends now. */
  get changesEnd(): number {
    return this.#firstChange + this.#changes.length;
  }

  /** The indexes of the workers that changed since `changesEnd` was `from`; null when that is too long ago. */
  changesSince(from: number): readonly number[] | null {
    if (from < this.#firstChange) return null;
    return from === this.changesEnd
      ? []
      : this.#changes.slice(from - this.#firstChange);
  }

  #relayout(): void {
    this.#layout++;
    this.#ordered = null;
    this.#firstChange += this.#changes.length;
    this.#changes = [];
  }

  #note(slot: Slot): void {
    // Nobody has looked since workers came: whoever looks begins anew.
    if (this.#ordered === null) return;
    const limit = CHANGES_PER_WORKER * this.#ordered.length + 64;
    if (this.#changes.length >= limit) {
      this.#firstChange += this.#changes.length;
      this.#changes = [];
    }
    this.#changes.push(slot.index);
  }

  #holding(name: string): Holding {
    let holding = this.#holdings.get(name);
    if (holding === undefined) {
      holding = new Holding();
      this.#holdings.set(name, holding);
    }
    return holding;
  }

  #add(taken: Taken, sign: 1 | -1): void {
    const { worker, vm, reserved } = taken;
    const holding = this.#holding(worker);
    holding.cpuMilli += sign * reserved.cpuMilli;
    holding.memoryMib += sign * reserved.memoryMib;
    holding.held += sign;
    holding.placedMs += sign * (taken.decision?.atMs ?? 0);
    for (const port of taken.ports) {
      const key = `${worker}:${port}`;
      const holders = this.#holders.get(key) ?? new Map<string, number>();
      addTo(holders, vm, sign);
      const [first] = holders.keys();
      if (first === undefined) {
        this.#holders.delete(key);
        holding.ports.delete(port);
      } else {
        this.#holders.set(key, holders);
        holding.ports.set(port, first);
      }
    }
    const group = groupOf(vm);
    addTo(holding.groups, group, sign);
    let holders = this.#spread.get(group);
    if (holders === undefined) {
      this.#spread.set(group, holders = new Map<string, number>());
    }
    addTo(holders, worker, sign);
    if (holders.size === 0) this.#spread.delete(group);
    const slot = this.#slots.get(worker);
    if (slot !== undefined) {
      slot.refresh();
      this.#note(slot);
    }
    if (holding.held === 0 && slot === undefined) this.#holdings.delete(worker);
  }
}

function addTo(map: Map<string, number>, key: string, by: number): void {
  const sum = (map.get(key) ?? 0) + by;
  if (sum === 0) map.delete(key);
  else map.set(key, sum);
}
