/**
 * All workers of a room, ranked for one kind of request, so that the best one
 * is found without looking at each. Owns the search and what it costs; which
 * workers are out and what counts how much is said by its `Yardstick`
 * (scheduler.ts). Never decides what is better.
 *
 * A ranking is a tournament over the workers in their order by name: each node
 * knows the most memory, the most cores and the best score below it. A search
 * goes down where the bound is best and leaves out whatever has too little room
 * or cannot beat what was found. That is exact, for a node's bound is never
 * below the score of a worker under it: scores are bounded by the best one at
 * its largest capacity, and what is only known at the leaf takes away and never
 * adds. It looks at a handful of leaves when room is plenty, and at all of them
 * at worst, at twice the cost of a scan.
 *
 * Spreading over an attribute takes the same from all workers that share its
 * value: each value is a tournament of its own, and its malus is subtracted
 * from the whole.
 *
 * A ranking follows its room by the list of changed workers: the logarithm of
 * their number for each change, whoever made it.
 *
 * @module
 */
import type { Placement } from "../../model/blueprint.ts";
import type { Room, Size, WorkerRoom } from "./placing.ts";

/** Most cores and memory count half each. */
export const ROOM_WEIGHT = 50;
/** Refusals that hold whatever is free. */
export type StandingKind = "state" | "rule";
const STANDING_KINDS = ["state", "rule"] as const;

/** What a ranking ranks by. */
export interface Yardstick {
  policy: Placement;
  /** Why a worker is out whatever is free there; null: it is in. */
  standing(worker: WorkerRoom): { kind: StandingKind; reason: string } | null;
  /** What a worker is worth apart from its free room. */
  worth(worker: WorkerRoom): number;
  /** The values of the attributes that are spread over: workers with the same ones share a malus. */
  share(worker: WorkerRoom): readonly (string | undefined)[];
  /** The group whose instances are counted per share; null: nobody asks. */
  group: string | null;
}

/** Workers that share a malus. */
export interface Share {
  readonly values: readonly (string | undefined)[];
  /** Instances of the yardstick's group on them. */
  readonly held: number;
}

export interface Search {
  size: Size;
  /** Malus of all workers of a share, at most 0. */
  malusOf(share: Share): number;
  /** Malus of one worker, at most 0: what `worth` does not hold. */
  ownMalus(worker: WorkerRoom): number;
  /** Why this one is out now; null: it is in. */
  refuses(worker: WorkerRoom): boolean;
  /** How many to find. */
  limit: number;
}

export interface Found {
  worker: WorkerRoom;
  score: number;
  /** What of the score its share takes away. */
  malus: number;
  senior: number;
  index: number;
}

/** Rankings kept per room. Each costs 100 bytes a worker, and a change of a worker as long as it is in use; more kinds of request than this at a time are ranked anew. */
const MAX_RANKINGS = 64;

type Place = Pick<Found, "score" | "senior" | "index">;

/** Better first: a higher score, then content that is there longer, then the name. */
function isBefore(a: Place, b: Place): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.senior !== b.senior) return a.senior < b.senior;
  return a.index < b.index;
}

function widthFor(count: number): number {
  let width = 1;
  while (width < count) width *= 2;
  return width;
}

/** One share of the workers, and where its tournament begins in the arrays. */
interface Part extends Share {
  held: number;
  base: number;
  width: number;
}

export class Ranking {
  readonly #room: Room;
  readonly #yardstick: Yardstick;
  #layout = -1;
  #seen = 0;
  #workers: readonly WorkerRoom[] = [];
  #parts: Part[] = [];
  /** By worker: its leaf, its part, and 0 or 1 + the index of its standing refusal. */
  #leaf = new Int32Array(0);
  #partOf = new Int32Array(0);
  #standing = new Uint8Array(0);
  #standingCounts = [0, 0];
  #held = new Int32Array(0);
  /** By node: the worker of a leaf, the first one below an inner node; -1: none. */
  #first = new Int32Array(0);
  #memory = new Float64Array(0);
  #cpu = new Float64Array(0);
  #score = new Float64Array(0);
  #senior = new Float64Array(0);
  #capacityMemory = new Float64Array(0);
  #capacityCpu = new Float64Array(0);

  constructor(room: Room, yardstick: Yardstick) {
    this.#room = room;
    this.#yardstick = yardstick;
  }

  /** Follows the room. */
  sync(): void {
    const changes = this.#layout === this.#room.layout
      ? this.#room.changesSince(this.#seen)
      : null;
    // Beyond this many, all nodes at once are cheaper than paths one by one.
    if (changes === null || changes.length * 4 > this.#workers.length + 64) {
      this.#build();
    } else {
      for (const index of changes) this.#change(index);
    }
    this.#seen = this.#room.changesEnd;
  }

  #build(): void {
    if (this.#layout !== this.#room.layout) this.#lay();
    this.#standingCounts = [0, 0];
    this.#standing.fill(0);
    this.#held.fill(0);
    for (const part of this.#parts) part.held = 0;
    for (let index = 0; index < this.#workers.length; index++) {
      this.#setLeaf(index);
    }
    for (const { base, width } of this.#parts) {
      for (let node = width - 1; node >= 1; node--) this.#pull(base, node);
    }
  }

  /** Gives every worker its leaf. */
  #lay(): void {
    // Reading the order first: it is what the layout's number stands for.
    const workers = this.#room.ordered;
    this.#layout = this.#room.layout;
    this.#workers = workers;
    const shares = new Map<
      string,
      { values: Share["values"]; indexes: number[] }
    >();
    workers.forEach((worker, index) => {
      const values = this.#yardstick.share(worker);
      const key = values.length === 0 ? "" : JSON.stringify(values);
      const share = shares.get(key);
      if (share === undefined) shares.set(key, { values, indexes: [index] });
      else share.indexes.push(index);
    });
    this.#leaf = new Int32Array(workers.length);
    this.#partOf = new Int32Array(workers.length);
    this.#standing = new Uint8Array(workers.length);
    this.#held = new Int32Array(workers.length);
    this.#parts = [];
    let nodes = 0;
    for (const { values, indexes } of shares.values()) {
      const width = widthFor(indexes.length);
      this.#parts.push({ values, held: 0, base: nodes, width });
      indexes.forEach((index, place) => {
        this.#leaf[index] = nodes + width + place;
        this.#partOf[index] = this.#parts.length - 1;
      });
      nodes += 2 * width;
    }
    this.#first = new Int32Array(nodes).fill(-1);
    workers.forEach((_, index) => this.#first[this.#leaf[index]!] = index);
    this.#memory = new Float64Array(nodes).fill(-1);
    this.#cpu = new Float64Array(nodes).fill(-1);
    this.#score = new Float64Array(nodes).fill(-Infinity);
    this.#senior = new Float64Array(nodes);
    this.#capacityMemory = new Float64Array(nodes);
    this.#capacityCpu = new Float64Array(nodes);
    for (const { base, width } of this.#parts) {
      for (let node = width - 1; node >= 1; node--) {
        this.#first[base + node] = this.#first[base + 2 * node]!;
      }
    }
  }

  #setLeaf(index: number): void {
    const worker = this.#workers[index]!;
    const node = this.#leaf[index]!;
    const refusal = this.#yardstick.standing(worker);
    const kind = refusal === null
      ? 0
      : 1 + STANDING_KINDS.indexOf(refusal.kind);
    const before = this.#standing[index]!;
    if (before !== 0) this.#standingCounts[before - 1]!--;
    if (kind !== 0) this.#standingCounts[kind - 1]!++;
    this.#standing[index] = kind;
    const { group, policy } = this.#yardstick;
    if (group !== null) {
      const held = worker.groups.get(group) ?? 0;
      this.#parts[this.#partOf[index]!]!.held += held - this.#held[index]!;
      this.#held[index] = held;
    }
    const { free, capacity } = worker;
    const isIn = kind === 0;
    const isSpread = policy === "spread";
    this.#memory[node] = isIn ? free.memoryMib : -1;
    this.#cpu[node] = isIn ? free.cpuMilli : -1;
    this.#capacityMemory[node] = isIn ? capacity.memoryMib : 0;
    this.#capacityCpu[node] = isIn ? capacity.cpuMilli : 0;
    this.#senior[node] = isSpread ? 0 : worker.meanPlacedMs;
    this.#score[node] = !isIn
      ? -Infinity
      : this.#yardstick.worth(worker) + (isSpread
        ? ROOM_WEIGHT * free.memoryMib / Math.max(1, capacity.memoryMib) +
          ROOM_WEIGHT * free.cpuMilli / Math.max(1, capacity.cpuMilli)
        : 0);
  }

  #pull(base: number, node: number): void {
    const at = base + node;
    const left = base + 2 * node;
    const right = left + 1;
    const larger = (values: Float64Array) => {
      const [a, b] = [values[left]!, values[right]!];
      values[at] = a > b ? a : b;
    };
    larger(this.#memory);
    larger(this.#cpu);
    larger(this.#capacityMemory);
    larger(this.#capacityCpu);
    const [a, b] = [this.#score[left]!, this.#score[right]!];
    const isRight = b > a ||
      (b === a && this.#senior[right]! < this.#senior[left]!);
    this.#score[at] = isRight ? b : a;
    this.#senior[at] = this.#senior[isRight ? right : left]!;
  }

  #change(index: number): void {
    this.#setLeaf(index);
    const { base } = this.#parts[this.#partOf[index]!]!;
    for (let node = (this.#leaf[index]! - base) >> 1; node >= 1; node >>= 1) {
      this.#pull(base, node);
    }
  }

  /** The best workers, best first, and how many were looked at. */
  search(search: Search): { found: Found[]; considered: number } {
    const { size, limit } = search;
    const isSpread = this.#yardstick.policy === "spread";
    const found: Found[] = [];
    let considered = 0;
    const boundOf = (node: number, malus: number) =>
      isSpread
        ? this.#score[node]! -
          ROOM_WEIGHT * size.memoryMib / this.#capacityMemory[node]! -
          ROOM_WEIGHT * size.cpuMilli / this.#capacityCpu[node]! + malus
        : this.#score[node]! + malus;
    const look = (node: number, score: number, malus: number) => {
      considered++;
      const index = this.#first[node]!;
      const worker = this.#workers[index]!;
      if (search.refuses(worker)) return;
      const entry: Found = {
        worker,
        score: score + search.ownMalus(worker),
        malus,
        senior: this.#senior[node]!,
        index,
      };
      let place = found.length;
      while (place > 0 && isBefore(entry, found[place - 1]!)) place--;
      if (place < limit) found.splice(place, 0, entry);
      if (found.length > limit) found.pop();
    };
    const explore = (part: Part, node: number, malus: number) => {
      const at = part.base + node;
      if (this.#memory[at]! < size.memoryMib) return;
      if (this.#cpu[at]! < size.cpuMilli) return;
      const score = boundOf(at, malus);
      const worst = found[limit - 1];
      if (
        worst !== undefined &&
        !isBefore(
          { score, senior: this.#senior[at]!, index: this.#first[at]! },
          worst,
        )
      ) return;
      if (node >= part.width) {
        look(at, score, malus);
        return;
      }
      const left = part.base + 2 * node;
      const [a, b] = [boundOf(left, malus), boundOf(left + 1, malus)];
      const isRight = b > a ||
        (b === a && this.#senior[left + 1]! < this.#senior[left]!);
      explore(part, 2 * node + Number(isRight), malus);
      explore(part, 2 * node + Number(!isRight), malus);
    };
    for (const part of this.#parts) {
      explore(part, 1, search.malusOf(part));
    }
    return { found, considered };
  }

  /** Every share, for a malus that depends on others. */
  get shares(): readonly Share[] {
    return this.#parts;
  }

  /** How many workers are out whatever is free, by kind. */
  standing(): [StandingKind, number][] {
    return STANDING_KINDS.flatMap((kind, which) => {
      const count = this.#standingCounts[which]!;
      return count === 0 ? [] : [[kind, count]];
    });
  }
}

/** What is ranked is forgotten with its room. */
const rankings = new WeakMap<Room, Map<string, Ranking>>();

/** The room's ranking by this yardstick, up to date. The key stands for all that the yardstick says. */
export function rankingOf(
  room: Room,
  key: string,
  yardstick: () => Yardstick,
): Ranking {
  let known = rankings.get(room);
  if (known === undefined) {
    known = new Map<string, Ranking>();
    rankings.set(room, known);
  }
  let ranking = known.get(key);
  // The one used last is dropped last.
  if (ranking !== undefined) known.delete(key);
  else {
    ranking = new Ranking(room, yardstick());
    const oldest = known.keys().next().value;
    if (known.size >= MAX_RANKINGS && oldest !== undefined) {
      known.delete(oldest);
    }
  }
  known.set(key, ranking);
  ranking.sync();
  return ranking;
}
