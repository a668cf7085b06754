import assert from "node:assert/strict";
import fc from "fast-check";
import { ClosureWalk, type StoredPath } from "./walk.ts";

const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";

function hashOf(index: number): string {
  const low = ALPHABET[index % 32] ?? "";
  const high = ALPHABET[Math.floor(index / 32)] ?? "";
  return high + low + "0".repeat(30);
}

function baseOf(index: number): string {
  return `${hashOf(index)}-p${index}`;
}

/** Paths by number, each with the numbers it refers to. */
function tables(graph: readonly (readonly number[])[]) {
  const rows = new Map<string, StoredPath>();
  for (const [index, references] of graph.entries()) {
    rows.set(hashOf(index), {
      base: baseOf(index),
      file: "",
      narSize: 1,
      fileSize: 1,
      references: references.map(hashOf),
    });
  }
  return rows;
}

interface Walked {
  rows: Map<string, StoredPath>;
  want: readonly number[];
  have?: ReadonlySet<number>;
  slice?: number;
}

function walk({ rows, want, have = new Set(), slice = 1000 }: Walked) {
  const hashes = new Set([...have].map(hashOf));
  const closure = new ClosureWalk({
    want: want.map(baseOf),
    has: (hash) => hashes.has(hash),
    lookup: (hash) => rows.get(hash),
  });
  let turns = 1;
  while (!closure.advance(slice)) turns++;
  return { closure, turns, names: closure.paths.map(({ base }) => base) };
}

Deno.test("references come before what refers to them, each path once", () => {
  const rows = tables([[], [0], [0, 1], [2, 1, 3]]);
  const { names, closure } = walk({ rows, want: [3, 2] });
  assert.deepEqual(names, [0, 1, 2, 3].map(baseOf));
  assert.equal(closure.elsewhere, 0);
});

Deno.test("what the store has is not sent, nor what is below it", () => {
  const rows = tables([[], [0], [], [1, 2]]);
  const { names } = walk({ rows, want: [3], have: new Set([1]) });
  assert.deepEqual(names, [2, 3].map(baseOf));
});

Deno.test("what is not here is counted with all that refers to it; the rest is sent", () => {
  const rows = tables([[], [0], [], [1, 2], [3]]);
  rows.delete(hashOf(0));
  const { names, closure } = walk({ rows, want: [4] });
  assert.deepEqual(names, [baseOf(2)]);
  assert.deepEqual(closure.absent, [hashOf(0)]);
  assert.equal(closure.elsewhere, 4);
});

Deno.test("a path that is here under another name is not here", () => {
  const rows = tables([[]]);
  const closure = new ClosureWalk({
    want: [`${hashOf(0)}-other`],
    has: () => false,
    lookup: (hash) => rows.get(hash),
  });
  while (!closure.advance(10));
  assert.deepEqual(closure.paths, []);
  assert.equal(closure.elsewhere, 1);
});

Deno.test("any graph: closed, in order, in small slices as in one", () => {
  const graphs = fc.array(fc.array(fc.nat(1000), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(fc.property(
    graphs,
    fc.array(fc.nat(59)),
    fc.integer({ min: 1, max: 20 }),
    (drawn, had, slice) => {
      const graph = drawn.map((references, index) =>
        references.map((reference) => reference % (index + 1))
      );
      const rows = tables(graph);
      const want = [graph.length - 1];
      // A store has all that its paths refer to.
      const have = new Set<number>();
      const keep = (index: number) => {
        if (have.has(index) || index >= graph.length) return;
        have.add(index);
        for (const reference of graph[index] ?? []) keep(reference);
      };
      for (const index of had) keep(index);
      const { names, turns } = walk({ rows, want, have, slice });
      const arrived = new Set([...have].map(baseOf));
      for (const name of names) {
        const path = rows.get(name.slice(0, 32));
        assert.ok(!arrived.has(name));
        for (const reference of path?.references ?? []) {
          const base = rows.get(reference)?.base ?? "";
          assert.ok(base === name || arrived.has(base), `${base} is missing`);
        }
        arrived.add(name);
      }
      assert.ok(want.every((index) => arrived.has(baseOf(index))));
      assert.deepEqual(walk({ rows, want, have }).names, names);
      assert.ok(turns >= names.length / slice);
    },
  ));
});
