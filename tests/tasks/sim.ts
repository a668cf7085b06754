/**
 * `deno task sim [--seeds N] [--seed S] [--large] [--verbose]`: the
 * deterministic simulator. Reads the commit, then starts the simulating
 * process without any permission. `--mutants [WORD ...]` shows instead that it
 * notices deliberate bugs; `--mutants --check` only that they can be made.
 *
 * Seeds are counted from the commit, so that each commit tries others; the
 * seeds that failed once (tests/sim/seeds.txt) run first.
 *
 * @module
 */
import { Command } from "@commander-js/extra-typings";
import type { Settings } from "../sim/run.ts";
import { failedSeeds, seedsOf } from "../sim/seeds.ts";
import { checkMutants, huntMutants } from "./mutants.ts";

const DEFAULT_SEEDS = 100;
const root = new URL("../../", import.meta.url).pathname;

function whole(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

/** The commit, with a mark when the tree differs from it; `unknown` outside of a checkout. */
async function commitOf(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
      cwd: root,
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout).trim();
    return success && text !== "" ? text : "unknown";
  } catch {
    return "unknown";
  }
}

const command = new Command("sim")
  .description("run the real master and workers on virtual time")
  .option("--seeds <n>", "how many seeds, chosen by the commit", whole)
  .option("--seed <n>", "this one seed", whole)
  .option("--large", "50 workers, 500 VMs, a virtual hour")
  .option("--verbose", "print every trace, not only those of failing seeds")
  .option("--mutants", "make deliberate bugs, each must be noticed")
  .option("--check", "with --mutants: only see that each can be made")
  .argument("[words...]", "with --mutants: those with such a word in the name")
  .parse(["deno", "sim", ...Deno.args.filter((word) => word !== "--")]);
const { seeds, seed, large, verbose, mutants, check } = command.opts();

if (mutants === true) {
  const isGood = check === true
    ? await checkMutants()
    : await huntMutants(command.args);
  Deno.exit(isGood ? 0 : 1);
}

const commit = await commitOf();
const count = seeds ?? (large === true ? 1 : DEFAULT_SEEDS);
const settings: Settings = {
  commit,
  seeds: seed === undefined
    ? [...(large === true ? [] : failedSeeds()), ...seedsOf(commit, count)]
    : [seed],
  isLarge: large === true,
  isVerbose: verbose === true,
  isHunt: false,
};
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "--no-prompt",
    "--no-check",
    "--frozen",
    `${root}tests/sim/run.ts`,
    JSON.stringify(settings),
  ],
  cwd: root,
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).output().catch((error) => {
  console.error(String(error));
  return { code: 1 };
});
Deno.exit(code);
