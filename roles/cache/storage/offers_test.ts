import assert from "node:assert/strict";
import { Database } from "./database.ts";
import { Offers } from "./offers.ts";

const DAY_MS = 24 * 3600 * 1000;

function offer(name: string, source = "an upstream") {
  return { file: `${name}.nar`, hash: name, source };
}

Deno.test("Offers: a nar may be of several paths and sources, the one told of last first", async () => {
  using database = new Database(":memory:");
  let nowMs = 1_000_000_000;
  const offers = new Offers(database, () => nowMs);
  assert.deepEqual(offers.of("a.nar"), []);
  await Promise.all([offers.put(offer("a")), offers.put(offer("b"))]);
  nowMs += 1;
  await offers.put(offer("a", "another"));
  assert.deepEqual(offers.of("a.nar"), [
    offer("a", "another"),
    offer("a"),
  ]);
  nowMs += DAY_MS;
  await offers.put(offer("a"));
  assert.equal(offers.of("a.nar")[0]?.source, "an upstream");
});

Deno.test("Offers: what was told of longer ago than nix remembers is forgotten", async () => {
  using database = new Database(":memory:");
  let nowMs = 1_000_000_000;
  const offers = new Offers(database, () => nowMs);
  await offers.put(offer("old"));
  nowMs += 20 * DAY_MS;
  await offers.put(offer("young"));
  nowMs += 12 * DAY_MS;
  await Promise.all(
    Array.from({ length: 1000 }, (_, at) => offers.put(offer(`new${at}`))),
  );
  assert.deepEqual(offers.of("old.nar"), []);
  assert.equal(offers.of("young.nar").length, 1);
});

Deno.test("Offers: whoever told of one hears when it could not be kept", async () => {
  const database = new Database(":memory:");
  const offers = new Offers(database, () => 1_000_000_000);
  const put = offers.put(offer("a"));
  const other = offers.put(offer("b"));
  database[Symbol.dispose]();
  await assert.rejects(put);
  await assert.rejects(other);
});
