/**
 * How well `pack` places: the openb trace (hkust-adsl/kubernetes-scheduler-
 * simulator, Apache-2.0) played on identical hosts, in host-days over the lower
 * bound. The very functions the master uses decide: choosePlace for what comes,
 * planRebalance for moves. Nothing here knows when a VM will end.
 *
 * The metric: deletions before creations at equal times, then by name; VMs
 * larger than a host or never alive are dropped; a host counts while it runs
 * anything; the bound at each instant is max(ceil(cpu / C), ceil(memory / M)).
 *
 * @module
 */
import {
  type Movable,
  planRebalance,
  SETTLED_MS,
} from "../../roles/master/core/rebalance.ts";
import { Room, type Size } from "../../roles/master/core/placing.ts";
import { choosePlace } from "../../roles/master/core/scheduler.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { vmSpec } from "../support/specs.ts";

const POD_LIST = "openb_pod_list_default.csv";

/** Cores and GiB. */
const SHAPES: Readonly<Record<string, Size>> = {
  "96x384": { cpuMilli: 96_000, memoryMib: 384 * 1024 },
  "80x180": { cpuMilli: 80_000, memoryMib: 180 * 1024 },
  "128x768": { cpuMilli: 128_000, memoryMib: 768 * 1024 },
};

/** More hosts than the trace ever needs of the smallest shape. */
const HOSTS = 64;
/** All moves of the trace together may be this share of its VMs; each VM that comes brings its part, so that the moves are never used up early. */
const MOVES_PER_VM = 0.05;

interface Event {
  atMs: number;
  isCreation: boolean;
  name: string;
  size: Size;
}

/** Percent over the bound, by shape of host. */
export interface OpenbFigures {
  overBoundPercent: Record<string, number>;
  rebalanced: Record<string, number>;
}

function eventsOf(text: string, host: Size): Event[] {
  const [head = "", ...rows] = text.trim().split("\n");
  const columns = head.split(",");
  const column = (name: string) => columns.indexOf(name);
  const [name, cpu, memory, created, deleted] = [
    "name",
    "cpu_milli",
    "memory_mib",
    "creation_time",
    "deletion_time",
  ].map(column) as [number, number, number, number, number];
  const events = rows.flatMap((row): Event[] => {
    const cells = row.split(",");
    const size = {
      cpuMilli: Number(cells[cpu]),
      memoryMib: Number(cells[memory]),
    };
    const [from, to] = [Number(cells[created]), Number(cells[deleted])];
    const isDropped = size.cpuMilli > host.cpuMilli ||
      size.memoryMib > host.memoryMib || to <= from;
    if (isDropped) return [];
    const vm = { name: cells[name] ?? "", size };
    return [
      { ...vm, atMs: from * 1000, isCreation: true },
      { ...vm, atMs: to * 1000, isCreation: false },
    ];
  });
  return events.sort((a, b) =>
    a.atMs - b.atMs || Number(a.isCreation) - Number(b.isCreation) ||
    (a.name < b.name ? -1 : 1)
  );
}

/** One way through the trace. */
class Replay {
  readonly #host: Size;
  readonly #movesPerVm: number;
  readonly #room: Room;
  readonly #copies = new Map<string, Movable>();
  readonly #spec: VmSpec = vmSpec({ name: "pod" });
  readonly #sum: Size = { cpuMilli: 0, memoryMib: 0 };
  #used = 0;
  #hostMs = 0;
  #boundMs = 0;
  #lastMs: number | null = null;
  #budget = 0;
  moves = 0;
  created = 0;

  constructor(host: Size, movesPerVm: number) {
    this.#host = host;
    this.#movesPerVm = movesPerVm;
    this.#room = new Room(
      Array.from({ length: HOSTS }, (_, index) => ({
        name: `h${String(index).padStart(3, "0")}`,
        state: "alive",
        capacity: host,
        attributes: {},
      })),
      [],
    );
  }

  get overBoundPercent(): number {
    return 100 * (this.#hostMs / this.#boundMs - 1);
  }

  get movesPercent(): number {
    return 100 * this.moves / this.created;
  }

  play(event: Event): void {
    const { cpuMilli, memoryMib } = this.#sum;
    const passedMs = event.atMs - (this.#lastMs ?? event.atMs);
    this.#lastMs = event.atMs;
    this.#hostMs += passedMs * this.#used;
    this.#boundMs += passedMs * Math.max(
      Math.ceil(cpuMilli / this.#host.cpuMilli),
      Math.ceil(memoryMib / this.#host.memoryMib),
    );
    const sign = event.isCreation ? 1 : -1;
    this.#sum.cpuMilli += sign * event.size.cpuMilli;
    this.#sum.memoryMib += sign * event.size.memoryMib;
    if (event.isCreation) this.#create(event);
    else this.#delete(event);
    if (this.#budget >= 1) this.#rebalance(event.atMs);
  }

  #put(vm: string, worker: string, size: Size, atMs: number): void {
    const placement = {
      vm,
      worker,
      reserved: size,
      ports: [],
      avoid: [],
      leaving: false,
      surge: false,
      decision: { atMs },
    };
    if (this.#room.workers.get(worker)?.held === 0) this.#used++;
    this.#room.take(placement);
    this.#copies.set(vm, { placement, spec: this.#spec });
  }

  #take(vm: string): Movable {
    const copy = this.#copies.get(vm);
    if (copy === undefined) throw new Error(`${vm} is not there`);
    this.#copies.delete(vm);
    this.#room.release(copy.placement);
    if (this.#room.workers.get(copy.placement.worker)?.held === 0) this.#used--;
    return copy;
  }

  /** Each pod is a VM of its own: nothing is known to belong together. */
  static #idOf(name: string): string {
    return `openb/${name}-0`;
  }

  #create({ name, size, atMs }: Event): void {
    const vm = Replay.#idOf(name);
    const placing = choosePlace({
      vm,
      spec: this.#spec,
      size,
      avoid: [],
      nowMs: atMs,
      policy: "pack",
    }, this.#room);
    if (placing.worker === null) {
      throw new Error(`${HOSTS} hosts are too few: ${placing.why}`);
    }
    this.#put(vm, placing.worker, size, atMs);
    this.created++;
    this.#budget += this.#movesPerVm;
  }

  #delete({ name }: Event): void {
    this.#take(Replay.#idOf(name));
  }

  #rebalance(nowMs: number): void {
    const { moves } = planRebalance({
      policy: "pack",
      copies: [...this.#copies.values()],
      maxMoves: Math.floor(this.#budget),
      nowMs,
      settledMs: SETTLED_MS,
    }, this.#room);
    for (const { vm, toWorker } of moves) {
      const { placement } = this.#take(vm);
      this.#put(vm, toWorker, placement.reserved, nowMs);
    }
    this.moves += moves.length;
    this.#budget -= moves.length;
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Plays the trace in `folder` on each shape of hosts, without moves and with them. */
export async function measureOpenb(
  folder: string,
  onProgress: (line: string) => void = () => undefined,
): Promise<OpenbFigures> {
  const text = await Deno.readTextFile(`${folder}/${POD_LIST}`).catch(
    (cause: unknown) => {
      throw new AppError("not_found", `Cannot read ${folder}/${POD_LIST}`, {
        cause,
        hint: "give the folder of the openb trace by --trace",
      });
    },
  );
  const figures: OpenbFigures = { overBoundPercent: {}, rebalanced: {} };
  for (const [shape, host] of Object.entries(SHAPES)) {
    const events = eventsOf(text, host);
    const play = (movesPerVm: number) => {
      const replay = new Replay(host, movesPerVm);
      for (const event of events) replay.play(event);
      return replay;
    };
    figures.overBoundPercent[shape] = rounded(play(0).overBoundPercent);
    const moved = play(MOVES_PER_VM);
    figures.rebalanced[shape] = rounded(moved.overBoundPercent);
    onProgress(
      `openb ${shape}: ${moved.created} VMs, moved ${moved.moves} (${
        rounded(moved.movesPercent)
      } %)`,
    );
  }
  return figures;
}
