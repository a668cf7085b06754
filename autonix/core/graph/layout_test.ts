import assert from "node:assert/strict";
import fc from "fast-check";
import { type Box, type Layout, layOut, type Point } from "./layout.ts";
import { cellsOf, type Pair } from "./rows.ts";

const graphs = fc.integer({ min: 2, max: 24 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    columns: fc.integer({ min: 1, max: 5 }),
    pairs: fc.uniqueArray(
      fc.tuple(
        fc.integer({ min: 0, max: count - 1 }),
        fc.integer({ min: 0, max: count - 1 }),
      ).filter(([from, to]) => from !== to),
      { maxLength: 40, selector: ([from, to]) => `${from} ${to}` },
    ),
  })
);

function drawn(count: number, pairs: readonly Pair[], columns: number): Layout {
  const heights = Array.from(
    { length: count },
    (_, index) => 40 + index % 3 * 16,
  );
  return layOut({ heights, pairs, columns, nodeWidth: 172 });
}

/** True when a level or upright line runs through a box, not only along it. */
function runsThrough(from: Point, to: Point, box: Box): boolean {
  const left = Math.min(from.x, to.x);
  const right = Math.max(from.x, to.x);
  const top = Math.min(from.y, to.y);
  const bottom = Math.max(from.y, to.y);
  return left < box.x + box.width && right > box.x &&
    top < box.y + box.height && bottom > box.y;
}

Deno.test("who needs something stands above it", () => {
  const cells = cellsOf(4, [[0, 1], [1, 2], [0, 2]], 2);
  assert.deepEqual(cells.map(({ row }) => row), [0, 1, 2, 0]);
});

Deno.test("a circle is no reason to stop", () => {
  const cells = cellsOf(3, [[0, 1], [1, 2], [2, 0]], 2);
  assert.deepEqual(cells.map(({ row }) => row), [0, 1, 2]);
});

Deno.test("a chain of thousands is laid out", () => {
  const pairs = Array.from({ length: 4_999 }, (_, at): Pair => [at, at + 1]);
  assert.equal(cellsOf(5_000, pairs, 2).at(-1)?.row, 4_999);
});

Deno.test("each node has a cell of its own, in as many columns as there are", () => {
  fc.assert(fc.property(graphs, ({ count, pairs, columns }) => {
    const cells = cellsOf(count, pairs, columns);
    const keys = new Set(cells.map(({ row, column }) => `${row} ${column}`));
    assert.equal(keys.size, count);
    assert.ok(cells.every(({ column }) => column >= 0 && column < columns));
  }));
});

Deno.test("lines are level or upright, run through no node, and stay in the picture", () => {
  fc.assert(fc.property(graphs, ({ count, pairs, columns }) => {
    const { boxes, lines, width, height } = drawn(count, pairs, columns);
    const isWithin = ({ x, y }: Point) =>
      x >= 0 && x <= width && y >= 0 && y <= height;
    for (const { x, y, width: wide, height: high } of boxes) {
      assert.ok(isWithin({ x, y }) && isWithin({ x: x + wide, y: y + high }));
    }
    for (const [index, points] of lines.entries()) {
      assert.ok(points.every(isWithin));
      points.slice(1).forEach((to, at) => {
        const from = points[at] ?? to;
        assert.ok(from.x === to.x || from.y === to.y);
        for (const box of boxes) {
          assert.ok(!runsThrough(from, to, box), `line ${index}`);
        }
      });
    }
  }));
});

Deno.test("a line begins below who needs and ends above what is needed", () => {
  fc.assert(fc.property(graphs, ({ count, pairs, columns }) => {
    const { boxes, lines } = drawn(count, pairs, columns);
    pairs.forEach(([from, to], index) => {
      const source = boxes[from];
      const target = boxes[to];
      const first = lines[index]?.[0];
      const last = lines[index]?.at(-1);
      assert.ok(source && target && first && last);
      assert.equal(first.y, source.y + source.height);
      assert.ok(first.x > source.x && first.x < source.x + source.width);
      assert.equal(last.y, target.y);
      assert.equal(last.x, target.x + target.width / 2);
    });
  }));
});

Deno.test("upright lines to different nodes do not lie on each other", () => {
  fc.assert(fc.property(graphs, ({ count, pairs, columns }) => {
    const { lines } = drawn(count, pairs, columns);
    const uprights = lines.flatMap((points, index) =>
      points.slice(1).flatMap((to, at) => {
        const from = points[at] ?? to;
        if (from.x !== to.x) return [];
        return [{
          x: from.x,
          top: Math.min(from.y, to.y),
          bottom: Math.max(from.y, to.y),
          target: pairs[index]?.[1],
        }];
      })
    );
    for (const a of uprights) {
      for (const b of uprights) {
        if (a.target === b.target || Math.abs(a.x - b.x) >= 0.5) continue;
        assert.ok(a.bottom <= b.top || b.bottom <= a.top);
      }
    }
  }));
});

Deno.test("with two columns a picture stays as narrow as a telephone, whoever needs whom", () => {
  // Everybody needs the last three: lanes are shared.
  const pairs = Array.from(
    { length: 20 },
    (_, at): Pair[] => [[at, 20], [at, 21], [at, 22]],
  ).flat();
  const { width } = drawn(23, pairs, 2);
  assert.ok(width < 480, `${width}`);
});
