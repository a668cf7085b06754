import assert from "node:assert/strict";
import { TurnsByKey } from "./by_key.ts";

Deno.test("TurnsByKey runs one after the other per key, and a failure stops no one", async () => {
  const turns = new TurnsByKey({ waiting: 5, what: "copies into one store" });
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.run("a", async () => {
    order.push("first begins");
    await gate.promise;
    order.push("first ends");
    throw new Error("broken");
  });
  const second = turns.run("a", async () => {
    order.push("second");
  });
  await turns.run("b", async () => {
    order.push("other key");
  });
  gate.resolve();
  await assert.rejects(first, /broken/);
  await second;
  assert.deepEqual(order, [
    "first begins",
    "other key",
    "first ends",
    "second",
  ]);
});

Deno.test("TurnsByKey: a full line refuses for its own key only", async () => {
  const turns = new TurnsByKey({ waiting: 0, what: "copies into one store" });
  const gate = Promise.withResolvers<void>();
  const first = turns.run("a", () => gate.promise);
  await assert.rejects(turns.run("a", () => Promise.resolve()), {
    code: "overloaded",
  });
  await turns.run("b", () => Promise.resolve());
  gate.resolve();
  await first;
  await turns.run("a", () => Promise.resolve());
});
