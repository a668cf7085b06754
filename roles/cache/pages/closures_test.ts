import assert from "node:assert/strict";
import { logger } from "../../log/mod.ts";
import { until } from "../../../tests/support/wait.ts";
import { PathRows } from "../gc/path_rows.ts";
import { Database } from "../storage/database.ts";
import { Closures } from "./closures.ts";

const DAY_MS = 86_400_000;
const WAIT = { timeoutMs: 60_000 };

Deno.test("the largest closures are looked for when somebody asks and paths have come", async () => {
  using database = new Database(":memory:");
  const put = (digit: string, fileBytes: number) => {
    const hash = digit.repeat(32);
    database.sql.prepare("INSERT INTO nar VALUES (?,?,?,?,?)")
      .run(hash, fileBytes, "", 0, 1);
    database.sql.prepare("INSERT INTO path VALUES (?,?,?,?,?,?,?,?)")
      .run(...[hash, `${hash}-p`, hash, 0, "", 1, 1, "test"] as const);
  };
  let nowMs = DAY_MS;
  let isBusy = true;
  const rows = new PathRows(database);
  await using closures = new Closures({
    rows,
    storeDir: "/nix/store",
    countPaths: () => rows.countPaths(),
    isBusy: () => isBusy,
    clock: { now: () => nowMs },
    log: logger("test"),
  });
  const seen = () => closures.get()?.closures.map(({ bytes }) => bytes);
  assert.deepEqual(seen(), [], "of an empty cache it is known at once");
  put("1", 10);
  assert.equal(seen(), undefined, "a collection has the graph in memory");
  isBusy = false;
  assert.deepEqual(await until("they are found", seen, WAIT), [10]);
  put("2", 20);
  assert.deepEqual(seen(), [10], "what was just looked for stands");
  nowMs += DAY_MS;
  assert.deepEqual(seen(), [10], "nobody waits for a search");
  const both = await until(
    "they are found again",
    () => seen()?.length === 2 && seen(),
    WAIT,
  );
  assert.deepEqual(both, [20, 10]);
});
