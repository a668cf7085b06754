/**
 * The simulating process: runs the seeds it is given and prints a line of JSON
 * for each. Started without any permission, so that no real IO leaks in. What
 * the lines amount to is summary.ts's business.
 *
 * @module
 */
import { type Outcome, simulate } from "./simulation.ts";
import { differenceOf, type SeedResult } from "./summary.ts";

/** Settings, as the launcher passes them: one JSON argument. */
export interface Settings {
  seeds: number[];
  isLarge: boolean;
  /** Runs of each seed; two must do the same. */
  times: 1 | 2;
  /** Prints the trace of every seed, not only of those that fail. */
  isVerbose: boolean;
  /** Ends with the first seed that fails. */
  isHunt: boolean;
}

async function failureOf(
  outcome: Outcome,
  seed: number,
  settings: Settings,
): Promise<string | null> {
  if (outcome.violation !== null || settings.times === 1) {
    return outcome.violation;
  }
  const again = await simulate(seed, settings);
  return again.digest === outcome.digest
    ? null
    : differenceOf(outcome.lines, again.lines);
}

async function run(seed: number, settings: Settings): Promise<SeedResult> {
  const begin = performance.now();
  const outcome = await simulate(seed, settings);
  const failure = await failureOf(outcome, seed, settings);
  const { digest, counts, virtualMs, lines } = outcome;
  return {
    seed,
    failure,
    digest,
    counts: [...counts],
    virtualMs,
    seconds: (performance.now() - begin) / 1000 / settings.times,
    lines: failure !== null || settings.isVerbose ? lines : [],
  };
}

if (import.meta.main) {
  const settings: Settings = JSON.parse(Deno.args[0] ?? "{}");
  // Every abort makes an error: their stacks are a tenth of the time. One seed alone is played to look at it.
  if (settings.seeds.length > 1 || settings.isLarge) Error.stackTraceLimit = 0;
  for (const seed of settings.seeds) {
    const result = await run(seed, settings);
    console.log(JSON.stringify(result));
    if (settings.isHunt && result.failure !== null) break;
  }
}
