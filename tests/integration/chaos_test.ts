/**
 * Kill -9 of `dev` and a new start on the same state: three failpoints chosen
 * by the commit with real machines, all others and ten random moments on the
 * simulated driver. `deno task chaos dev` runs all of them with real machines.
 *
 * @module
 */
import { deepEqual, equal } from "node:assert/strict";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { FAILPOINTS, runProcess } from "../../roles/process/mod.ts";
import {
  chooseByCommit,
  MOMENTS,
  moments,
  REAL_POINTS,
  type Round,
  roundOf,
} from "../chaos/plan.ts";
import { type ChaosOptions, runChaos } from "../chaos/run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Another commit has its turn with other points; outside of Git always the same ones. */
async function commit(): Promise<string> {
  const result = await runProcess("git", ["rev-parse", "HEAD"], { cwd: ROOT });
  return result.code === 0 ? result.stdout.trim() : "no commit";
}

async function holds(
  driver: ChaosOptions["driver"],
  rounds: readonly Round[],
): Promise<void> {
  const results = await runChaos({
    driver,
    rounds,
    report: (line) => console.log(line),
  });
  const broken = results.filter(({ violations }) => violations.length > 0);
  deepEqual(broken, []);
  equal(results.length, rounds.length);
}

const real = chooseByCommit(await commit(), REAL_POINTS);

Deno.test(`real machines outlive kills at ${real.join(", ")}`, async () => {
  await ensureDebian(["nix", "qemu", "busybox", "git"]);
  await holds("qemu", real.map(roundOf));
});

Deno.test("simulated machines outlive kills at every other failpoint and at random moments", async () => {
  await ensureDebian(["nix", "busybox", "git"]);
  const seed = Math.floor(Math.random() * 1_000_000);
  console.log(
    `seed ${seed}: deno task chaos dev --driver simulated --seed ${seed}`,
  );
  const others = FAILPOINTS.filter((point) => !real.includes(point));
  await holds("simulated", [
    ...others.map(roundOf),
    ...moments(seed, MOMENTS),
  ]);
});
