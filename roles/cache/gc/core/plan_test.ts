import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeNixBase32 } from "../../../nar/core/nix_base32.ts";
import { type Graph, GraphBuilder } from "./graph.ts";
import { type CollectionPlan, planCollection, type Retention } from "./plan.ts";

const SECOND_MS = 1000;

interface Case {
  /** Seconds; `file` is a number of few, so that some are shared. */
  paths: { used: number; file: number; references: number[] }[];
  roots: number[];
  retention: Retention;
}

/** In the order of numbers, as in that of hashes. */
function hashOf(path: number): string {
  const bytes = new Uint8Array(20);
  bytes[19] = path >> 8;
  bytes[18] = path & 255;
  return encodeNixBase32(bytes);
}

function graphOf({ paths }: Case): Graph {
  const builder = new GraphBuilder({ seed: 7, expected: 1 });
  for (const [path, { used, file }] of paths.entries()) {
    builder.addPath({
      hash: hashOf(path),
      usedAtMs: used * SECOND_MS,
      file: `${hashOf(file)}.nar.zst`,
    });
  }
  for (const { file } of paths) {
    builder.addNar(`${hashOf(file)}.nar.zst`, file + 1);
  }
  for (const [path, { references }] of paths.entries()) {
    const names = references.map(hashOf).join("");
    if (names !== "") builder.addReferences(hashOf(path), names);
  }
  return builder.done();
}

function planOf(graph: Graph, { roots, retention }: Case): CollectionPlan {
  const steps = planCollection(graph, roots, retention);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** All that `seeds` reach. */
function reached({ paths }: Case, seeds: readonly number[]): Set<number> {
  const found = new Set(seeds);
  for (const path of found) {
    for (const target of paths[path]?.references ?? []) {
      if (target < paths.length) found.add(target);
    }
  }
  return found;
}

const arbitrary = fc.integer({ min: 1, max: 40 }).chain((count) => {
  const path = fc.nat({ max: count - 1 });
  return fc.record({
    paths: fc.array(
      fc.record({
        used: fc.nat({ max: 100 }),
        file: fc.nat({ max: count }),
        // Some beyond the last: what only an upstream has.
        references: fc.uniqueArray(fc.nat({ max: count + 2 }), {
          maxLength: 4,
        }),
      }),
      { minLength: count, maxLength: count },
    ),
    roots: fc.uniqueArray(path, { maxLength: 3 }),
    retention: fc.record({
      graceSecond: fc.integer({ min: 80, max: 101 }),
      keepSecond: fc.integer({ min: 0, max: 80 }),
      maxBytes: fc.oneof(fc.constant(Infinity), fc.nat({ max: 400 })),
      maxPaths: fc.oneof(fc.constant(Infinity), fc.nat({ max: 40 })),
    }),
  });
});

Deno.test("planCollection() never breaks a closure, however far its order is followed", () => {
  fc.assert(fc.property(arbitrary, (given) => {
    const graph = graphOf(given);
    const { order, knotAt } = planOf(graph, given);
    const left = new Set(given.paths.keys());
    const check = () => {
      for (const path of left) {
        for (const target of given.paths[path]?.references ?? []) {
          if (target >= given.paths.length) continue;
          assert.ok(left.has(target), `${path} lost ${target}`);
        }
      }
    };
    for (const path of order.subarray(0, knotAt)) {
      assert.ok(left.delete(path));
      check();
    }
    for (const path of order.subarray(knotAt)) left.delete(path);
    check();
    for (const root of reached(given, given.roots)) assert.ok(left.has(root));
  }));
});

Deno.test("planCollection() keeps what is rooted, lately used or young with its closure, and no more", () => {
  fc.assert(fc.property(arbitrary, (given) => {
    const { paths, roots, retention } = given;
    const plan = planOf(graphOf(given), given);
    const usedSince = (second: number) =>
      [...paths.keys()].filter((path) => (paths[path]?.used ?? 0) >= second);
    const rooted = reached(given, roots);
    const recent = reached(given, usedSince(retention.graceSecond));
    const young = reached(given, usedSince(retention.keepSecond));
    for (const path of paths.keys()) {
      const verdict = plan.verdictOf(path);
      if (rooted.has(path)) assert.equal(verdict, "rooted");
      else if (recent.has(path)) assert.equal(verdict, "recent");
      else if (young.has(path)) assert.match(verdict, /^(young|over|old)$/);
      else assert.equal(verdict, "old");
      const isFree = retention.maxBytes === Infinity &&
        retention.maxPaths === Infinity;
      if (isFree && young.has(path)) assert.doesNotMatch(verdict, /over|old/);
    }
  }));
});

Deno.test("planCollection() stays within the bounds, but for what they do not count for", () => {
  fc.assert(fc.property(arbitrary, (given) => {
    const { shares, order } = planOf(graphOf(given), given);
    const strong = [shares.rooted, shares.recent];
    const sum = (key: "paths" | "bytes") =>
      strong.reduce((total, share) => total + share[key], 0);
    const { maxPaths, maxBytes } = given.retention;
    if (shares.young.paths > 0) {
      assert.ok(sum("paths") + shares.young.paths <= maxPaths);
      assert.ok(sum("bytes") + shares.young.bytes <= maxBytes);
    }
    assert.equal(order.length, shares.old.paths + shares.over.paths);
  }));
});

Deno.test("planCollection() counts a nar that several paths have as freed with the last of them", () => {
  const share = { used: 1, file: 5, references: [] };
  const given: Case = {
    paths: [{ ...share, used: 100 }, share, { ...share, file: 9 }],
    roots: [],
    retention: {
      graceSecond: 90,
      keepSecond: 50,
      maxBytes: Infinity,
      maxPaths: Infinity,
    },
  };
  const { shares } = planOf(graphOf(given), given);
  assert.deepEqual(shares.old, { paths: 2, bytes: 10 });
  assert.deepEqual(shares.recent, { paths: 1, bytes: 6 });
});

Deno.test("planCollection() lets the least lately used go first where room is short", () => {
  const given: Case = {
    paths: [10, 30, 20].map((used, file) => ({ used, file, references: [] })),
    roots: [],
    retention: {
      graceSecond: 90,
      keepSecond: 5,
      maxBytes: Infinity,
      maxPaths: 2,
    },
  };
  const plan = planOf(graphOf(given), given);
  assert.deepEqual([0, 1, 2].map(plan.verdictOf), ["over", "young", "young"]);
});
