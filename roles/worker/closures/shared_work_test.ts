import assert from "node:assert/strict";
import { SharedWork } from "./shared_work.ts";

function piece() {
  const result = Promise.withResolvers<string>();
  let begun = 0;
  let signal: AbortSignal | null = null;
  let tell: (message: string) => void = () => undefined;
  return {
    result,
    begun: () => begun,
    ended: () => signal?.aborted ?? false,
    tell: (message: string) => tell(message),
    work(on: { signal: AbortSignal; onProgress: (message: string) => void }) {
      begun++;
      signal = on.signal;
      tell = on.onProgress;
      return result.promise;
    },
  };
}

function waiter() {
  const controller = new AbortController();
  const told: string[] = [];
  return {
    controller,
    told,
    signal: controller.signal,
    onProgress: (message: string) => void told.push(message),
  };
}

Deno.test("two that need the same have it done once, and both see how far it is", async () => {
  const shared = new SharedWork<string>();
  const one = piece();
  const [a, b] = [waiter(), waiter()];
  const first = shared.run("k", a, one.work);
  one.tell("half");
  const second = shared.run("k", b, one.work);
  one.result.resolve("done");
  assert.deepEqual(await Promise.all([first, second]), ["done", "done"]);
  assert.equal(one.begun(), 1);
  assert.deepEqual([a.told, b.told], [["half"], ["half"]]);
});

Deno.test("who leaves leaves alone; the last one ends the work", async () => {
  const shared = new SharedWork<string>();
  const one = piece();
  const [a, b] = [waiter(), waiter()];
  const runs = [shared.run("k", a, one.work), shared.run("k", b, one.work)];
  const ends = runs.map((run) => assert.rejects(run, /gone/));
  a.controller.abort(new Error("gone"));
  await ends[0];
  assert.equal(one.ended(), false);
  b.controller.abort(new Error("gone"));
  await ends[1];
  assert.equal(one.ended(), true);
  const next = piece();
  const again = shared.run("k", waiter(), next.work);
  next.result.resolve("anew");
  assert.equal(await again, "anew");
});

Deno.test("a failure is everybody's, and the next one begins anew", async () => {
  const shared = new SharedWork<string>();
  const one = piece();
  const runs = [1, 2].map(() => shared.run("k", waiter(), one.work));
  const ends = runs.map((run) => assert.rejects(run, /broken/));
  one.result.reject(new Error("broken"));
  await Promise.all(ends);
  const next = piece();
  next.result.resolve("well");
  assert.equal(await shared.run("k", waiter(), next.work), "well");
});
