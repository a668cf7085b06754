import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  STREAM_KEYS,
  type StreamedPath,
  streamedPath,
  streamOf,
} from "../../../tests/support/closure_stream.ts";
import type { NarInfo } from "../../nar/core/narinfo.ts";
import { formatSha256 } from "../../nar/core/sha256.ts";
import { encodeFrame, encodeMagic } from "./frames.ts";
import { encodeMessage } from "./messages.ts";
import { PathCheck } from "./path_check.ts";
import { ClosureReader } from "./reader.ts";

/** What came of a stream: the paths that were taken, and whether it counts as whole. */
interface Outcome {
  taken: Map<string, Uint8Array>;
  isWhole: boolean;
}

/** A store that takes what checks out, as the worker and nix do it together. */
function receive(chunks: Iterable<Uint8Array>): Outcome {
  const reader = new ClosureReader();
  const taken = new Map<string, Uint8Array>();
  let current: { info: NarInfo; check: PathCheck; bytes: number[] } | undefined;
  let isWhole = false;
  try {
    for (const chunk of chunks) {
      for (const event of reader.push(chunk)) {
        if (event.kind === "path") {
          const { info } = event;
          const check = new PathCheck(info, STREAM_KEYS);
          current = { info, check, bytes: [] };
        } else if (event.kind === "data") {
          current?.check.packed(event.bytes);
          current?.check.unpacked(event.bytes.length);
          current?.bytes.push(...event.bytes);
        } else if (event.kind === "pathEnd" && current !== undefined) {
          current.check.end();
          const nar = Uint8Array.from(current.bytes);
          const hash = createHash("sha256").update(nar).digest();
          assert.equal(
            formatSha256(new Uint8Array(hash)),
            current.info.narHash,
          );
          taken.set(current.info.base, nar);
        } else if (event.kind === "end") isWhole = true;
      }
    }
    reader.close();
    return { taken, isWhole };
  } catch {
    return { taken, isWhole: false };
  }
}

const leaf = streamedPath("leaf", new Uint8Array(300).fill(7));
const other = streamedPath(
  "other",
  Uint8Array.from({ length: 90 }, (_, i) => i),
);
const top = streamedPath("top", new Uint8Array(120).fill(1), [
  leaf.info.base,
  other.info.base,
]);
const PATHS = [leaf, other, top];
const STREAM = streamOf(PATHS);

function cutInto(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    chunks.push(bytes.subarray(at, at + size));
  }
  return chunks;
}

/** Each taken path is one of the closure, with exactly its bytes. */
function assertTrue(outcome: Outcome, paths: readonly StreamedPath[]): void {
  for (const [base, nar] of outcome.taken) {
    const path = paths.find(({ info }) => info.base === base);
    assert.ok(path !== undefined, base);
    assert.deepEqual(nar, path.file);
  }
}

Deno.test("however a stream is cut into chunks, the same paths come of it", () => {
  for (const size of [1, 2, 3, 5, 7, 64, 1000, STREAM.length]) {
    const outcome = receive(cutInto(STREAM, size));
    assert.ok(outcome.isWhole);
    assert.deepEqual([...outcome.taken.keys()], PATHS.map((p) => p.info.base));
    assertTrue(outcome, PATHS);
  }
});

Deno.test("a stream that was cut is never whole, and what came of it is true", () => {
  for (let end = 0; end < STREAM.length; end++) {
    const outcome = receive([STREAM.subarray(0, end)]);
    assert.ok(!outcome.isWhole, `cut at ${end}`);
    assertTrue(outcome, PATHS);
  }
});

Deno.test("no garbage anywhere makes a wrong path be taken", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: STREAM.length - 1 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom("over", "into", "instead"),
      fc.integer({ min: 1, max: 500 }),
      (at, garbage, how, size) => {
        const before = STREAM.subarray(0, at);
        const after = how === "into"
          ? STREAM.subarray(at)
          : how === "over"
          ? STREAM.subarray(at + garbage.length)
          : new Uint8Array();
        const bytes = Uint8Array.from([...before, ...garbage, ...after]);
        assertTrue(receive(cutInto(bytes, size)), PATHS);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("nothing may follow the end", () => {
  const more = Uint8Array.from([...STREAM, ...STREAM.subarray(8)]);
  assert.ok(!receive([more]).isWhole);
  assert.ok(!receive([STREAM, Uint8Array.of(0x44)]).isWhole);
});

Deno.test("a path that was not announced, or another one than announced, is not taken", () => {
  const announced = encodeFrame(
    "head",
    encodeMessage({
      paths: [[leaf.info.base, leaf.info.narSize, leaf.info.fileSize]],
      elsewhere: 0,
    }),
  );
  const others = streamOf([other]);
  const start = others.findIndex((_, at) =>
    at > 8 && others[at] === 0x50 && others[at + 1] === 0
  );
  const bytes = Uint8Array.from([
    ...encodeMagic(),
    ...announced,
    ...others.subarray(start),
  ]);
  assert.equal(receive([bytes]).taken.size, 0);
  const early = Uint8Array.from([
    ...encodeMagic(),
    ...announced,
    ...encodeFrame("end", encodeMessage({ paths: 0 })),
  ]);
  assert.ok(!receive([early]).isWhole);
});

Deno.test("an error frame names the path and why, also in the middle of a file", () => {
  const error = encodeFrame(
    "error",
    encodeMessage({ path: leaf.info.base, why: "lost" }),
  );
  const frames = new TextDecoder("latin1").decode(STREAM);
  const narInfoAt = frames.indexOf("StorePath: ") - 5;
  const dataAt = frames.indexOf("\nD", frames.indexOf("Sig: ")) + 1 + 5 + 150;
  for (const at of [narInfoAt, dataAt]) {
    const bytes = Uint8Array.from([...STREAM.subarray(0, at), ...error]);
    const reader = new ClosureReader();
    const events = [...reader.push(bytes)];
    assert.deepEqual(events.at(-1), {
      kind: "error",
      error: { path: leaf.info.base, why: "lost" },
    });
    assert.equal(receive([bytes]).taken.size, 0);
    assert.ok(!receive([bytes]).isWhole);
    // It says itself that it is not whole.
    reader.close();
  }
});

Deno.test("a path is checked before it is taken: signature, file, sizes", () => {
  const check = (info: NarInfo) => new PathCheck(info, STREAM_KEYS);
  const unsigned = { ...leaf.info, signatures: [] };
  assert.throws(() => check(unsigned), /not signed by any of test-1/);
  // A signature covers contents and references: neither can be exchanged.
  const { narHash } = other.info;
  assert.throws(() => check({ ...leaf.info, narHash }), /not signed/);
  const references = [other.info.base];
  assert.throws(() => check({ ...leaf.info, references }), /not signed/);
  assert.throws(() => new PathCheck(leaf.info, []), /not signed/);

  const bomb = check(leaf.info);
  assert.throws(() => bomb.unpacked(301), /more than the 300 bytes signed/);
  const short = check(leaf.info);
  short.packed(leaf.file);
  short.unpacked(299);
  assert.throws(() => short.end(), /unpacks to 299 bytes/);
  const changed = check(leaf.info);
  changed.packed(new Uint8Array(300));
  changed.unpacked(300);
  assert.throws(() => changed.end(), /has the hash/);
});
