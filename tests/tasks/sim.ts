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
import { failedSeeds, seedsOf } from "../sim/seeds.ts";
import { differenceOf, type SeedResult, Summary } from "../sim/summary.ts";
import { checkMutants, huntMutants } from "./mutants.ts";
import { PARALLEL, root, simulateIn, untilStopped } from "./simulators.ts";

const DEFAULT_SEEDS = 100;

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

/** Each seed twice, spread over the processes. */
async function runSeeds(
  seeds: readonly number[],
  onResult: (result: SeedResult) => void,
  signal: AbortSignal,
): Promise<void> {
  const parts = Array.from({ length: Math.min(PARALLEL, seeds.length) });
  await Promise.all(parts.map((_, part) =>
    simulateIn(root, {
      seeds: seeds.filter((_, index) => index % parts.length === part),
      isLarge: false,
      times: 2,
      isVerbose: verbose === true,
      isHunt: false,
    }, { onResult, signal })
  ));
}

/** The two runs of a large seed beside each other. */
async function runLarge(
  seeds: readonly number[],
  onResult: (result: SeedResult) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const seed of seeds) {
    const runs: SeedResult[] = [];
    const once = () =>
      simulateIn(root, {
        seeds: [seed],
        isLarge: true,
        times: 1,
        isVerbose: true,
        isHunt: false,
      }, { onResult: (result) => runs.push(result), signal });
    await Promise.all([once(), once()]);
    const [first, second] = runs;
    if (first === undefined || second === undefined) {
      throw new Error(`seed ${seed} had no result`);
    }
    const isSame = first.digest === second.digest;
    onResult(
      isSame
        ? first
        : { ...first, failure: differenceOf(first.lines, second.lines) },
    );
  }
}

const commit = await commitOf();
const isLarge = large === true;
const count = seeds ?? (isLarge ? 1 : DEFAULT_SEEDS);
const chosen = seed === undefined
  ? [...(isLarge ? [] : failedSeeds()), ...seedsOf(commit, count)]
  : [seed];
const summary = new Summary();
const begin = performance.now();

function onResult(result: SeedResult): void {
  summary.add(result);
  const { seed, failure, lines } = result;
  if (failure !== null || verbose === true) {
    for (const line of lines) console.log(line);
  }
  if (failure === null) return;
  console.log(`FAILED ${failure}`);
  const option = isLarge ? " --large" : "";
  console.log(
    `seed ${seed}, commit ${commit}: deno task sim --seed ${seed}${option}`,
  );
}

using signal = untilStopped();
try {
  await (isLarge ? runLarge : runSeeds)(chosen, onResult, signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
const seconds = (performance.now() - begin) / 1000;
for (const line of summary.lines(seconds)) console.log(line);
Deno.exit(summary.isGood ? 0 : 1);
