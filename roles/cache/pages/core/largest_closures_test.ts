import assert from "node:assert/strict";
import { GraphBuilder } from "../../gc/core/graph.ts";
import { encodeNixBase32 } from "../../../nar/core/nix_base32.ts";
import { largestClosures } from "./largest_closures.ts";

/** The hash of path `number`, in their order. */
function hashOf(number: number): string {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(16, number);
  return encodeNixBase32(bytes);
}

/** Paths with references by number; each takes `bytes`, or shares the nar of another. */
function graphOf(paths: { bytes: number; file?: number; to: number[] }[]) {
  const hashes = paths.map((_, at) => hashOf(at));
  const order = [...hashes.keys()].sort((a, b) =>
    (hashes[a] ?? "") < (hashes[b] ?? "") ? -1 : 1
  );
  const builder = new GraphBuilder({ seed: 1, expected: paths.length });
  for (const at of order) {
    const { file = at } = paths[at] ?? {};
    builder.addPath({
      hash: hashOf(at),
      usedAtMs: 1,
      file: hashOf(1000 + file),
    });
  }
  for (const [at, { bytes, file = at }] of paths.entries()) {
    builder.addNar(hashOf(1000 + file), bytes);
  }
  for (const at of order) {
    const to = paths[at]?.to ?? [];
    if (to.length > 0) {
      builder.addReferences(hashOf(at), to.map(hashOf).join(""));
    }
  }
  return builder.done();
}

function run(graph: ReturnType<typeof graphOf>, count: number, steps?: number) {
  const work = largestClosures(graph, count, steps);
  for (;;) {
    const step = work.next();
    if (step.done !== true) continue;
    const { closures, complete } = step.value;
    return {
      complete,
      closures: closures.map(({ path, paths, bytes }) => [
        graph.hashOf(path),
        paths,
        bytes,
      ]),
    };
  }
}

/** 0 and 1 are tops over the shared 2, 3; 4 stands alone. */
const GRAPH = graphOf([
  { bytes: 1, to: [2, 3] },
  { bytes: 50, to: [3] },
  { bytes: 10, to: [3] },
  { bytes: 5, to: [] },
  { bytes: 2, to: [] },
]);

Deno.test("tops come with all they refer to, each path once, the largest first", () => {
  assert.deepEqual(run(GRAPH, 10), {
    complete: true,
    closures: [[hashOf(1), 2, 55], [hashOf(0), 3, 16], [hashOf(4), 1, 2]],
  });
  assert.equal(run(GRAPH, 1).closures.length, 1);
});

Deno.test("a nar that two paths have is counted once", () => {
  const graph = graphOf([
    { bytes: 1, to: [1, 2] },
    { bytes: 7, file: 1, to: [] },
    { bytes: 7, file: 1, to: [] },
  ]);
  assert.deepEqual(run(graph, 10).closures, [[hashOf(0), 3, 8]]);
});

Deno.test("what is too much work is said to be left out", () => {
  const { complete, closures } = run(GRAPH, 10, 1);
  assert.equal(complete, false);
  assert.ok(closures.length < 3);
});
