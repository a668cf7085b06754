import assert from "node:assert/strict";
import { settle, whileTimeGoes } from "../../../tests/support/turns.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import type { VmFigures } from "../../../vmm/mod.ts";
import type { CopyId } from "../../model/ids.ts";
import { FiguresSampler, totalsOf } from "./figures.ts";

function figuresOf(cpuSeconds: number): VmFigures {
  return {
    cpuSeconds,
    memoryBytes: 1024,
    diskReadBytes: null,
    diskWrittenBytes: null,
    networkReceivedBytes: null,
    networkSentBytes: null,
  };
}

/** `count` guests; those that `hangs` names never answer. */
function sampler(
  count: number,
  { hangs = () => false, breaks = () => false }: {
    hangs?: (ordinal: number) => boolean;
    breaks?: (ordinal: number) => boolean;
  } = {},
) {
  const clock = new VirtualClock();
  const seen = { asked: 0, atOnce: 0, most: 0 };
  const running = Array.from(
    { length: count },
    (_, ordinal) => ({ id: `shop/web-${ordinal}`, incarnation: 1 }),
  );
  const figures = async ({ id }: CopyId): Promise<VmFigures> => {
    const ordinal = Number(id.split("-")[1]);
    seen.asked++;
    if (hangs(ordinal)) return await new Promise(() => {});
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await settle();
    seen.atOnce--;
    if (breaks(ordinal)) throw new Error("it has just ended");
    return figuresOf(ordinal);
  };
  const options = { vmm: { figures }, running: () => running, clock };
  return { clock, seen, running, sampler: new FiguresSampler(options) };
}

Deno.test("all that run are asked, few at once; who cannot tell is left out", async () => {
  const { sampler: it, seen } = sampler(50, { breaks: (n) => n === 7 });
  const samples = await it.sample();
  assert.equal(samples.length, 49);
  assert.deepEqual(samples[8], {
    id: "shop/web-9",
    incarnation: 1,
    figures: figuresOf(9),
  });
  assert.ok(seen.most <= 8, `${seen.most} at once`);
});

Deno.test("who asks within a second shares a sample; later ones get a new one", async () => {
  const { sampler: it, seen, clock } = sampler(2);
  const [a, b] = await Promise.all([it.sample(), it.sample()]);
  assert.equal(a, b);
  assert.equal(await it.sample(), a);
  assert.equal(seen.asked, 2);
  clock.advance(1001);
  assert.notEqual(await it.sample(), a);
  assert.equal(seen.asked, 4);
});

Deno.test("a VMM that hangs costs its own figures and nobody else's", async () => {
  const { sampler: it, clock } = sampler(20, { hangs: (n) => n < 9 });
  const samples = await whileTimeGoes(clock, it.sample());
  assert.deepEqual(
    samples.map(({ id }) => Number(id.split("-")[1])),
    [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
});

Deno.test("a sample that takes long is shared by all who ask meanwhile", async () => {
  const { sampler: it, seen, clock } = sampler(600, { hangs: () => true });
  const asked: Promise<unknown>[] = [];
  for (let second = 0; second < 20; second++) {
    asked.push(it.sample());
    await settle();
    clock.advance(1500);
  }
  const all = await whileTimeGoes(clock, Promise.allSettled(asked));
  assert.deepEqual(
    new Set(all.map(({ status }) => status)),
    new Set(["fulfilled"]),
  );
  assert.equal(seen.asked, 600);
});

Deno.test("more guests than a store of metrics takes are not all shown", async () => {
  const { sampler: it } = sampler(1200);
  assert.equal((await it.sample()).length, 1000);
});

Deno.test("totals are sums of what is known, kept fresh until the worker stops", async () => {
  assert.deepEqual(totalsOf([]), {});
  const { sampler: it, clock, running } = sampler(4);
  assert.deepEqual(it.totals, {});
  const stop = new AbortController();
  const ended = it.run(stop.signal);
  for (let turn = 0; turn < 5; turn++) await settle();
  assert.deepEqual(it.totals, { vmCpuSeconds: 6, vmMemoryBytes: 4096 });
  running.pop();
  clock.advance(10_001);
  for (let turn = 0; turn < 5; turn++) await settle();
  assert.deepEqual(it.totals, { vmCpuSeconds: 3, vmMemoryBytes: 3072 });
  stop.abort("the worker stops");
  await ended;
});
