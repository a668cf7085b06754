import assert from "node:assert/strict";
import { AppError } from "../model/errors.ts";
import { Turns } from "./turns.ts";

Deno.test("Turns runs so many, lets so many wait in order, refuses the rest", async () => {
  const turns = new Turns({ running: 1, waiting: 2 });
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const take = (name: string, wait?: Promise<void>) =>
    turns.take(async () => {
      order.push(name);
      await wait;
    });
  const running = take("first", first.promise);
  const waiting = [take("second"), take("third")];
  await assert.rejects(
    take("fourth"),
    (error) => error instanceof AppError && error.code === "overloaded",
  );
  assert.deepEqual(order, ["first"]);
  first.resolve();
  await Promise.all([running, ...waiting]);
  assert.deepEqual(order, ["first", "second", "third"]);
});

Deno.test("Turns passes a turn on when its work fails", async () => {
  const turns = new Turns({ running: 1, waiting: 1 });
  await assert.rejects(turns.take(() => Promise.reject(new Error("no"))), /no/);
  assert.equal(await turns.take(() => Promise.resolve(1)), 1);
});
