/**
 * Where nodes and lines of a drawing are.
 *
 * Nodes stand on a grid (`rows.ts`). Lines keep to the spaces between: down
 * from who needs something into the gap below its row, along a track there,
 * down a lane between columns where rows are in between, and along a track
 * above what is needed into it. All lines to one node share its lane and
 * tracks, so that many who need it make one line, as a bus does.
 *
 * ```
 *   [ a ]   [ b ]       gap: a track for each node that is needed
 *     '---.---'         lane: left or right of a column, one for each node
 *   [ c ] | [ d ]
 *         '---.
 *           [ e ]
 * ```
 *
 * @module
 */
import { addTo } from "../lists.ts";
import { type Cell, cellsOf, type Pair } from "./rows.ts";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: readonly Box[];
  /** As the pairs are: corners from the lower edge of one to the upper edge of the other. */
  lines: readonly (readonly Point[])[];
}

export interface LayoutAsked {
  /** Height of each node. */
  heights: readonly number[];
  pairs: readonly Pair[];
  columns: number;
  nodeWidth: number;
}

/** Between two lines. */
const TRACK = 9;
/** Around the tracks of a gap: room for an arrow's head. */
const GAP = 30;
/** Around the lanes beside a column. */
const GUTTER = 14;
const MARGIN = 10;
/** A line that leaves a node keeps as far from one that enters the node below. */
const ASIDE = 12;

/** The first slot that no other one with a part of this range has. */
class Slots {
  readonly #taken: { slot: number; from: number; to: number }[] = [];
  count = 0;

  take(from: number, to: number): number {
    const beside = new Set(
      this.#taken.filter((one) => one.from <= to && from <= one.to)
        .map(({ slot }) => slot),
    );
    let slot = 0;
    while (beside.has(slot)) slot += 1;
    this.#taken.push({ slot, from, to });
    this.count = Math.max(this.count, slot + 1);
    return slot;
  }
}

interface Lane {
  gutter: number;
  slot: number;
}

/** Lanes of the nodes that are needed from farther away than the row above. */
function lanesOf(
  cells: readonly Cell[],
  pairs: readonly Pair[],
  columns: number,
): { lanes: Map<number, Lane>; gutters: Slots[] } {
  const spans = new Map<number, { from: number; to: number; side: number }>();
  for (const [from, to] of pairs) {
    const source = cells[from];
    const target = cells[to];
    if (source === undefined || target === undefined) continue;
    if (source.row === target.row - 1) continue;
    // Gap n lies below row n.
    const ends = [source.row, target.row - 1];
    const span = spans.get(to);
    const side = Math.sign(source.column - target.column);
    spans.set(to, {
      from: Math.min(...ends, span?.from ?? Infinity),
      to: Math.max(...ends, span?.to ?? -Infinity),
      side: (span?.side ?? 0) + side,
    });
  }
  const gutters = Array.from({ length: columns + 1 }, () => new Slots());
  const lanes = new Map<number, Lane>();
  for (const [to, span] of spans) {
    const column = cells[to]?.column ?? 0;
    const isRight = span.side > 0 || span.side === 0 && column * 2 >= columns;
    const gutter = column + (isRight ? 1 : 0);
    const slot = gutters[gutter]?.take(span.from, span.to) ?? 0;
    lanes.set(to, { gutter, slot });
  }
  return { lanes, gutters };
}

/** Left edges of columns, and x of a lane. */
class Columns {
  readonly #gutters: readonly Slots[];
  readonly #nodeWidth: number;
  readonly #starts: number[] = [];
  readonly width: number;

  constructor(gutters: readonly Slots[], nodeWidth: number) {
    this.#gutters = gutters;
    this.#nodeWidth = nodeWidth;
    let x = MARGIN;
    gutters.forEach((slots, index) => {
      this.#starts.push(x);
      const isOuter = index === 0 || index === gutters.length - 1;
      const lanes = slots.count * TRACK;
      x += lanes + (isOuter ? (lanes === 0 ? 0 : GUTTER) : GUTTER * 2);
      if (index < gutters.length - 1) x += nodeWidth;
    });
    this.width = x + MARGIN;
  }

  left(column: number): number {
    return (this.#starts[column + 1] ?? 0) - this.#nodeWidth;
  }

  lane({ gutter, slot }: Lane): number {
    const isLast = gutter === this.#gutters.length - 1;
    const before = gutter === 0 ? TRACK / 2 : GUTTER;
    return (this.#starts[gutter] ?? 0) + (isLast ? GUTTER : before) +
      slot * TRACK;
  }
}

/** x of each line where it leaves its node, in the order of the pairs. */
function portsOf(
  pairs: readonly Pair[],
  of: {
    left: (node: number) => number;
    nodeWidth: number;
    /** Where the line goes first. */
    towards: (pair: Pair) => number;
    isStraight: (pair: Pair) => boolean;
  },
): number[] {
  const bySource = new Map<number, number[]>();
  pairs.forEach(([from], index) => addTo(bySource, from, index));
  const ports: number[] = [];
  for (const [from, indexes] of bySource) {
    const aim = (index: number) => {
      const pair = pairs[index];
      return pair === undefined ? 0 : of.towards(pair);
    };
    const sorted = indexes.toSorted((a, b) => aim(a) - aim(b) || a - b);
    const middle = of.left(from) + of.nodeWidth / 2;
    sorted.forEach((index, place) => {
      const x = of.left(from) +
        of.nodeWidth * (place + 1) / (sorted.length + 1);
      const pair = pairs[index];
      const isStraight = pair !== undefined && of.isStraight(pair);
      const isOnEntry = Math.abs(x - middle) < ASIDE;
      const side = aim(index) < middle ? -1 : 1;
      ports[index] = !isOnEntry
        ? x
        : isStraight
        ? middle
        : middle + side * ASIDE;
    });
  }
  return ports;
}

interface Reach {
  gap: number;
  from: number;
  to: number;
}

/** For each node the gaps where it has a track, and how far that reaches. */
function tracksOf(
  reaches: readonly (readonly [number, Reach])[],
): { slot: (node: number, gap: number) => number; gaps: Map<number, Slots> } {
  const merged = new Map<string, Reach & { node: number }>();
  for (const [node, { gap, from, to }] of reaches) {
    const key = `${node} ${gap}`;
    const there = merged.get(key);
    merged.set(key, {
      node,
      gap,
      from: Math.min(from, to, there?.from ?? Infinity),
      to: Math.max(from, to, there?.to ?? -Infinity),
    });
  }
  const gaps = new Map<number, Slots>();
  const slots = new Map<string, number>();
  for (const [key, { gap, from, to }] of merged) {
    const own = gaps.get(gap) ?? new Slots();
    gaps.set(gap, own);
    slots.set(key, own.take(from - ASIDE, to + ASIDE));
  }
  return { slot: (node, gap) => slots.get(`${node} ${gap}`) ?? 0, gaps };
}

/** Upper edges of rows and of the gaps below them; gap -1 lies above the first row. */
function rowsAt(
  cells: readonly Cell[],
  heights: readonly number[],
  gaps: ReadonlyMap<number, Slots>,
): { row: number[]; gap: Map<number, number>; height: number } {
  const tallest: number[] = [];
  cells.forEach(({ row }, node) => {
    tallest[row] = Math.max(tallest[row] ?? 0, heights[node] ?? 0);
  });
  const room = (index: number) => {
    const count = gaps.get(index)?.count ?? 0;
    const isInner = index >= 0 && index < tallest.length - 1;
    return count === 0 && !isInner ? 0 : GAP + count * TRACK;
  };
  const gap = new Map([[-1, MARGIN]]);
  let y = MARGIN + room(-1);
  const row = tallest.map((height, index) => {
    const own = y;
    gap.set(index, own + height);
    y = own + height + room(index);
    return own;
  });
  return { row, gap, height: y + MARGIN };
}

/** Without corners that are none. */
function straightened(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    const before = kept.at(-2);
    if (last !== undefined && last.x === point.x && last.y === point.y) {
      continue;
    }
    const isOnLine = last !== undefined && before !== undefined &&
      (before.x === last.x && last.x === point.x ||
        before.y === last.y && last.y === point.y);
    if (isOnLine) kept.pop();
    kept.push(point);
  }
  return kept;
}

export function layOut(asked: LayoutAsked): Layout {
  const { heights, pairs, columns, nodeWidth } = asked;
  const cells = cellsOf(heights.length, pairs, columns);
  const cellOf = (node: number) => cells[node] ?? { row: 0, column: 0 };
  const { lanes, gutters } = lanesOf(cells, pairs, columns);
  const across = new Columns(gutters, nodeWidth);
  const left = (node: number) => across.left(cellOf(node).column);
  const entry = (node: number) => left(node) + nodeWidth / 2;
  const laneOf = ([from, to]: Pair) => {
    const lane = lanes.get(to);
    const isNext = cellOf(from).row === cellOf(to).row - 1;
    return lane === undefined || isNext ? null : across.lane(lane);
  };
  const ports = portsOf(pairs, {
    left,
    nodeWidth,
    towards: (pair) => laneOf(pair) ?? entry(pair[1]),
    isStraight: (pair) =>
      laneOf(pair) === null &&
      cellOf(pair[0]).column === cellOf(pair[1]).column,
  });
  const { slot, gaps } = tracksOf(pairs.flatMap((pair, index) => {
    const [from, to] = pair;
    const above = cellOf(to).row - 1;
    const port = ports[index] ?? 0;
    const lane = laneOf(pair);
    const ways: [number, Reach][] = lane === null
      ? [[to, { gap: above, from: port, to: entry(to) }]]
      : [
        [to, { gap: cellOf(from).row, from: port, to: lane }],
        [to, { gap: above, from: lane, to: entry(to) }],
      ];
    return ways;
  }));
  const down = rowsAt(cells, heights, gaps);
  const trackAt = (node: number, gap: number) =>
    (down.gap.get(gap) ?? 0) + GAP / 2 - 2 + slot(node, gap) * TRACK;
  const boxes = heights.map((height, node): Box => ({
    x: left(node),
    y: down.row[cellOf(node).row] ?? 0,
    width: nodeWidth,
    height,
  }));
  const lines = pairs.map((pair, index) => {
    const [from, to] = pair;
    const port = ports[index] ?? 0;
    const lane = laneOf(pair);
    const box = boxes[from];
    const start = (box?.y ?? 0) + (box?.height ?? 0);
    const first = trackAt(to, cellOf(from).row);
    const last = trackAt(to, cellOf(to).row - 1);
    const way: Point[] = lane === null ? [] : [{ x: lane, y: first }, {
      x: lane,
      y: last,
    }];
    return straightened([
      { x: port, y: start },
      { x: port, y: lane === null ? last : first },
      ...way,
      { x: entry(to), y: last },
      { x: entry(to), y: boxes[to]?.y ?? 0 },
    ]);
  });
  return { width: across.width, height: down.height, boxes, lines };
}
