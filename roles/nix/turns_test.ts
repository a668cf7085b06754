import { deepEqual, rejects } from "node:assert/strict";
import { inTurn } from "./turns.ts";

Deno.test("inTurn() runs one after the other per store, and a failure stops no one", async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = inTurn("a", async () => {
    order.push("first begins");
    await gate.promise;
    order.push("first ends");
    throw new Error("broken");
  });
  const second = inTurn("a", () => {
    order.push("second");
    return Promise.resolve();
  });
  await inTurn("b", () => {
    order.push("other store");
    return Promise.resolve();
  });
  gate.resolve();
  await rejects(first, /broken/);
  await second;
  deepEqual(order, ["first begins", "other store", "first ends", "second"]);
});
