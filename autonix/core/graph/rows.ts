/**
 * Which node stands where on a grid: who needs something above what is needed,
 * a row never wider than the columns there are.
 *
 * Layers by the longest way from whoever nobody needs; an edge that closes a
 * circle does not count. Within a layer nodes stand near those that need them.
 * Each step costs what the graph has nodes and edges.
 *
 * @module
 */

/** From one node to another, by number. */
export type Pair = readonly [from: number, to: number];

export interface Cell {
  row: number;
  column: number;
}

function targetsOf(count: number, pairs: readonly Pair[]): number[][] {
  const targets = Array.from({ length: count }, (): number[] => []);
  for (const [from, to] of pairs) targets[from]?.push(to);
  return targets;
}

/** Nodes with who needs them before them, and the pairs that close no circle. */
function withoutCircles(
  count: number,
  pairs: readonly Pair[],
): { order: number[]; forward: Pair[] } {
  const targets = targetsOf(count, pairs);
  const state = new Uint8Array(count);
  const order: number[] = [];
  const forward: Pair[] = [];
  for (let first = 0; first < count; first++) {
    if (state[first] !== 0) continue;
    // A stack of its own: chains may be long.
    const stack = [{ node: first, at: 0 }];
    state[first] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      const next = targets[top.node]?.[top.at++];
      if (next === undefined) {
        state[top.node] = 2;
        order.push(top.node);
        stack.pop();
      } else if (state[next] !== 1) {
        forward.push([top.node, next]);
        if (state[next] === 0) {
          state[next] = 1;
          stack.push({ node: next, at: 0 });
        }
      }
    }
  }
  return { order: order.reverse(), forward };
}

function layersOf(count: number, pairs: readonly Pair[]): number[][] {
  const { order, forward } = withoutCircles(count, pairs);
  const targets = targetsOf(count, forward);
  const rank = new Uint32Array(count);
  for (const node of order) {
    for (const next of targets[node] ?? []) {
      rank[next] = Math.max(rank[next] ?? 0, (rank[node] ?? 0) + 1);
    }
  }
  const layers: number[][] = [];
  for (let node = 0; node < count; node++) {
    (layers[rank[node] ?? 0] ??= []).push(node);
  }
  return layers;
}

/** Sorted by the middle of who needs them; of equals as they came. */
function nearUsers(
  layer: readonly number[],
  users: readonly (readonly number[])[],
  at: ReadonlyMap<number, number>,
): { node: number; wish: number }[] {
  const wishes = layer.map((node) => {
    const places = (users[node] ?? []).flatMap((user) => at.get(user) ?? []);
    const sum = places.reduce((all, place) => all + place, 0);
    return { node, wish: places.length === 0 ? 0 : sum / places.length };
  });
  return wishes.sort((a, b) => a.wish - b.wish || a.node - b.node);
}

/** A cell for each node. */
export function cellsOf(
  count: number,
  pairs: readonly Pair[],
  columns: number,
): Cell[] {
  const users = targetsOf(count, pairs.map(([from, to]): Pair => [to, from]));
  const column = new Map<number, number>();
  const cells: Cell[] = [];
  let row = 0;
  for (const layer of layersOf(count, pairs)) {
    const sorted = nearUsers(layer, users, column);
    for (let from = 0; from < sorted.length; from += columns) {
      const own = sorted.slice(from, from + columns);
      let least = 0;
      own.forEach(({ node, wish }, index) => {
        const most = columns - (own.length - index);
        const place = Math.min(most, Math.max(least, Math.round(wish)));
        least = place + 1;
        column.set(node, place);
        cells[node] = { row, column: place };
      });
      row += 1;
    }
  }
  return cells;
}
