/**
 * `deno task chaos dev`: kill -9 of `dev` at every failpoint and at ten random
 * moments, then a new start, then the checks.
 *
 *     deno task chaos dev [--seed N] [--point NAME] [--driver qemu|simulated] [--only N] [--json]
 *
 * @module
 */
import { Command, Option } from "@commander-js/extra-typings";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { FAILPOINTS } from "../../roles/process/mod.ts";
import { planRounds } from "../chaos/plan.ts";
import { runChaos } from "../chaos/run.ts";

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

await program.parseAsync(Deno.args, { from: "user" });
