import assert from "node:assert/strict";
import { chunksOf } from "./body.ts";

const HASTY = { firstMs: 200, windowMs: 300, leastBytes: 1000 };
const PATIENT = { firstMs: 60_000, windowMs: 60_000, leastBytes: 1000 };

/** Brings a chunk whenever asked, each after `ms`. */
function dripping(ms: number, bytes: number): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    pull: (controller) =>
      new Promise((resolve) => {
        timer = setTimeout(() => {
          controller.enqueue(new Uint8Array(bytes));
          resolve();
        }, ms);
      }),
    cancel: () => clearTimeout(timer),
  }, { highWaterMark: 0 });
}

async function read(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of chunksOf(body, "it", HASTY)) continue;
}

Deno.test("a body that does not begin, or drips, is refused; its stream is ended", async () => {
  await assert.rejects(read(dripping(60_000, 1)), /0 bytes came in 0 seconds/);
  await assert.rejects(read(dripping(20, 1)), /bytes came/);
  // The stream has no waits left over: the test's sanitizer would say so.
});

Deno.test("time that the reader takes is not the sender's", async () => {
  const pace = { ...PATIENT, windowMs: 1000 };
  let count = 0;
  for await (const _ of chunksOf(dripping(1, 1), "it", pace)) {
    if (++count > 3) break;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  assert.equal(count, 4);
});

Deno.test("a steady body is read on and on", async () => {
  let count = 0;
  for await (const _ of chunksOf(dripping(1, 2000), "it", PATIENT)) {
    if (++count === 50) break;
  }
  assert.equal(count, 50);
});

Deno.test("a connection that breaks is the sender's failure", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("reset")),
  });
  await assert.rejects(read(broken), { code: "invalid", message: /cut/ });
});
