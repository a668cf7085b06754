/**
 * Twenty kills of worker, guard and VMMs at failpoints and random moments.
 * `deno task chaos worker` makes two hundred, and some with real machines.
 *
 * @module
 */
import { deepEqual, equal } from "node:assert/strict";
import { isClean } from "../chaos/worker/checks.ts";
import { planRounds } from "../chaos/worker/plan.ts";
import { runWorkerChaos } from "../chaos/worker/run.ts";
import { tempDir } from "../support/temp.ts";

const KILLS = 20;

Deno.test(`${KILLS} kills lose no VM, start none twice and leave nothing behind`, async () => {
  const seed = Math.floor(Math.random() * 1_000_000);
  console.log(`seed ${seed}: deno task chaos worker --seed ${seed}`);
  await using dir = await tempDir("chaos");
  const rounds = planRounds({ seed, kills: KILLS, hasVmms: true });
  const results = await runWorkerChaos({
    dir: dir.path,
    driver: "stand-in",
    rounds,
    report: (line) => console.log(line),
  });
  deepEqual(results.filter((result) => !isClean(result)), []);
  equal(results.length, rounds.length);
});
