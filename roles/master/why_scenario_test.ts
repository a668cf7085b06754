import assert from "node:assert/strict";
import { cluster, failing, web } from "../../tests/support/master.ts";

Deno.test("why tells what was decided, and judges every worker now", async () => {
  const scenario = await cluster(2);
  await scenario.publish([web("1", { replicas: 1 })]);
  await scenario.untilActive(1);
  const why = scenario.master.views.why("shop/web-0");
  const { worker } = scenario.status().vms[0]!;
  assert.equal(why.worker, worker);
  assert.equal(
    why.summary,
    `shop/web-0 is on ${worker}: generation 1 asks for it`,
  );
  assert.match(
    why.reason,
    /best of 2 workers looked at, with [\d.]+ \(freeRoom/,
  );
  assert.deepEqual(
    why.candidates.map((candidate) => candidate.refusal),
    [null, null],
    "what it holds itself is no reason against its own place",
  );
  assert.equal(why.rolledBack, null);
});

Deno.test("why tells what is missing where nothing fits", async () => {
  const scenario = await cluster(2);
  await scenario.publish([
    web("1", { replicas: 3, memoryMib: 600 }),
  ]);
  await scenario.run(5000);
  const waiting = scenario.status().vms.find((vm) => vm.worker === "");
  assert.ok(waiting !== undefined);
  const why = scenario.master.views.why(waiting.id);
  assert.deepEqual([why.worker, why.decidedAtMs], ["", null]);
  assert.match(
    why.summary,
    /needs 600 MiB: largest free is 424 MiB on "w1"/,
  );
  assert.deepEqual(why.candidates.map(({ kind }) => kind), ["room", "room"]);
  assert.throws(
    () => scenario.master.views.why("shop/db-0"),
    /There is no VM "shop\/db-0"/,
  );
});

Deno.test("why tells why it went back", async () => {
  const scenario = await cluster(1);
  await scenario.publish([web("1", { replicas: 1 })]);
  await scenario.untilActive(1);
  await scenario.publish([{ ...failing, replicas: 1 }]);
  await scenario.runUntil(
    "generation 2 failed",
    () => scenario.generation(2).state === "failed",
  );
  const why = scenario.master.views.why("shop/web-0");
  assert.match(why.rolledBack ?? "", /not healthy within 8000 ms/);
  assert.match(why.summary, /rolled back: /);
});
