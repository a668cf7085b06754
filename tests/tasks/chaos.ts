/**
 * `deno task chaos dev`: kill -9 of `dev` at every failpoint and at ten random
 * moments, then a new start, then the checks.
 *
 *     deno task chaos dev [--seed N] [--point NAME] [--driver qemu|simulated] [--only N] [--json]
 *     deno task chaos worker [--kills N] [--seed N] [--driver stand-in|qemu|simulated] [--json]
 *
 * @module
 */
import { Command, Option } from "@commander-js/extra-typings";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { FAILPOINTS } from "../../roles/process/mod.ts";
import { planRounds } from "../chaos/plan.ts";
import { runChaos } from "../chaos/run.ts";
import { isClean, summary } from "../chaos/worker/checks.ts";
import { planRounds as planWorkerRounds } from "../chaos/worker/plan.ts";
import { CHAOS_DRIVERS } from "../chaos/worker/host.ts";
import { runWorkerChaos } from "../chaos/worker/run.ts";
import { tempDir } from "../support/temp.ts";

/** Seeds are typed again by people. */
const MAX_SEED = 1_000_000;

function whole(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

const program = new Command("chaos");
program.command("dev")
  .description("kill dev, start it again, and see that nothing is lost")
  .option("--seed <n>", "chooses the random moments", whole)
  .addOption(
    new Option("--point <name>", "only this failpoint").choices(FAILPOINTS),
  )
  .addOption(
    new Option("--driver <driver>", "real machines or simulated ones")
      .choices(["qemu", "simulated"] as const).default("qemu" as const),
  )
  .option("--only <n>", "only the first rounds", whole)
  .option("--json", "print JSON and nothing else")
  .action(async (flags) => {
    const seed = flags.seed ?? Math.floor(Math.random() * MAX_SEED);
    const report = (line: string) => {
      if (flags.json !== true) console.log(line);
    };
    await ensureDebian(["nix", "qemu", "busybox", "git"], { report });
    report(`seed ${seed}, driver ${flags.driver}`);
    const results = await runChaos({
      driver: flags.driver,
      report,
      rounds: planRounds({
        seed,
        ...(flags.point === undefined ? {} : { point: flags.point }),
        ...(flags.only === undefined ? {} : { only: flags.only }),
      }),
    });
    const broken = results.filter(({ violations }) => violations.length > 0);
    if (flags.json === true) console.log(JSON.stringify({ seed, results }));
    report(`${results.length} kills, ${broken.length} broken`);
    if (broken.length > 0) {
      report(
        `again: deno task chaos dev --seed ${seed} --driver ${flags.driver}`,
      );
      Deno.exitCode = 1;
    }
  });

program.command("worker")
  .description(
    "kill worker, guard and VMMs, and see that no VM is lost, extra or leaked",
  )
  .option("--kills <n>", "rounds", whole, 200)
  .option("--seed <n>", "chooses what is killed, and when", whole)
  .addOption(
    new Option("--driver <driver>", "what runs the VMs")
      .choices(CHAOS_DRIVERS).default("stand-in" as const),
  )
  .option("--json", "print JSON and nothing else")
  .action(async (flags) => {
    const { kills, driver } = flags;
    const seed = flags.seed ?? Math.floor(Math.random() * MAX_SEED);
    const report = (line: string) => {
      if (flags.json !== true) console.log(line);
    };
    await ensureDebian(["qemu", "busybox"], { report });
    report(`seed ${seed}, driver ${driver}`);
    await using dir = await tempDir("chaos");
    const results = await runWorkerChaos({
      dir: dir.path,
      driver,
      report,
      rounds: planWorkerRounds({
        seed,
        kills,
        hasVmms: driver !== "simulated",
      }),
    });
    const isBroken = results.length < kills || !results.every(isClean);
    if (flags.json === true) console.log(JSON.stringify({ seed, results }));
    if (isBroken) {
      report(
        `again: deno task chaos worker --seed ${seed} --kills ${kills} --driver ${driver}`,
      );
      Deno.exitCode = 1;
    }
    report(summary(results));
  });

await program.parseAsync(Deno.args, { from: "user" });
