import assert from "node:assert/strict";
import { testSpec } from "../../../tests/support/worker_host_model.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import { ClosureSizes } from "./sizes.ts";

/** Sizes of a store that tells what it is asked. */
function sizesOf(answer: () => Promise<number | null>) {
  const asked: string[] = [];
  let learned = 0;
  const clock = new VirtualClock();
  const sizes = new ClosureSizes({
    closures: {
      closureBytes: (paths) => {
        asked.push(paths.join(" "));
        return answer();
      },
    },
    clock,
    onMeasured: () => learned++,
    onWarning: () => undefined,
  });
  return { sizes, asked, clock, learned: () => learned };
}

/** Lets what is under way go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("ClosureSizes: each content is measured once, whatever runs it and however often it is asked", async () => {
  const { sizes, asked, learned } = sizesOf(() => Promise.resolve(42));
  const other = testSpec({ priority: 3 });
  assert.equal(sizes.of(testSpec()), null);
  assert.equal(sizes.of(other), null);
  await turns();
  assert.equal(sizes.of(testSpec()), 42);
  assert.equal(sizes.of(other), 42);
  assert.equal(asked.length, 1);
  assert.equal(learned(), 1);
  await sizes.stop();
});

Deno.test("ClosureSizes: a host that does not know is not asked again, one that failed is after a while", async () => {
  const unknown = sizesOf(() => Promise.resolve(null));
  unknown.sizes.of(testSpec());
  await turns();
  assert.equal(unknown.sizes.of(testSpec()), null);
  assert.equal(unknown.asked.length, 1);
  assert.equal(unknown.learned(), 0);

  let works = false;
  const failing = sizesOf(() =>
    works ? Promise.resolve(7) : Promise.reject(new Error("locked"))
  );
  for (let looks = 0; looks < 3; looks++) {
    failing.sizes.of(testSpec());
    await turns();
  }
  assert.equal(failing.asked.length, 1);
  works = true;
  failing.clock.advance(60_000);
  failing.sizes.of(testSpec());
  await turns();
  assert.equal(failing.sizes.of(testSpec()), 7);
});
