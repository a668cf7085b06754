import assert from "node:assert/strict";
import { SharedSync } from "./shared_sync.ts";

/** Syncs that end when the test says so. */
function setUp() {
  const syncs: PromiseWithResolvers<void>[] = [];
  const shared = new SharedSync(() => {
    const sync = Promise.withResolvers<void>();
    syncs.push(sync);
    return sync.promise;
  });
  const ended: string[] = [];
  const wait = (name: string) =>
    shared.wait().then(
      () => void ended.push(name),
      (error) => void ended.push(`${name}: ${error.message}`),
    );
  return { syncs, ended, wait };
}

Deno.test("SharedSync: who comes while one is under way waits for the next, with all others", async () => {
  const { syncs, ended, wait } = setUp();
  const first = wait("first");
  assert.equal(syncs.length, 1);
  const others = [wait("second"), wait("third")];
  assert.equal(syncs.length, 1);
  syncs[0]?.resolve();
  await first;
  // What they wrote may have come after the first sync had looked.
  assert.deepEqual(ended, ["first"]);
  await Promise.resolve();
  syncs[1]?.resolve();
  await Promise.all(others);
  assert.deepEqual(ended, ["first", "second", "third"]);
  assert.equal(syncs.length, 2);
});

Deno.test("SharedSync: a failure is told to those who waited for it alone", async () => {
  const { syncs, ended, wait } = setUp();
  const first = wait("first");
  const second = wait("second");
  syncs[0]?.reject(new Error("no disk"));
  await first;
  await Promise.resolve();
  syncs[1]?.resolve();
  await second;
  assert.deepEqual(ended, ["first: no disk", "second"]);
  const third = wait("third");
  syncs[2]?.resolve();
  await third;
  assert.equal(ended.at(-1), "third");
});
