/**
 * The simulating process: runs seeds, each twice, and prints what came of
 * them. Started without any permission, so that no real IO leaks in.
 *
 * @module
 */
import { type Outcome, simulate } from "./simulation.ts";
import { ACTIONS, FAULTS } from "./trace.ts";

/** Settings, as the launcher passes them: one JSON argument. */
export interface Settings {
  commit: string;
  seeds: number[];
  isLarge: boolean;
  /** Prints the trace of every seed. */
  isVerbose: boolean;
  /** Runs each seed once and ends with the first that fails: the line it prints is a {@linkcode Catch}. */
  isHunt: boolean;
}

/** What a hunt came to. */
export interface Catch {
  /** Seeds that were run. */
  runs: number;
  /** null: every promise was kept. */
  failure: { seed: number; violation: string } | null;
}

/** From here on a kind that never happened is a failure: the rarest come once in some dozen seeds. */
const ENOUGH_SEEDS = 100;

function replay({ commit, isLarge }: Settings, seed: number): string {
  const large = isLarge ? " --large" : "";
  return `seed ${seed}, commit ${commit}: deno task sim --seed ${seed}${large}`;
}

/** Runs a seed twice; null when it holds and did the same both times. */
async function failureOf(
  seed: number,
  settings: Settings,
): Promise<{ outcome: Outcome; failure: string | null }> {
  const outcome = await simulate(seed, settings);
  if (outcome.violation !== null) {
    return { outcome, failure: outcome.violation };
  }
  const again = await simulate(seed, settings);
  if (again.digest === outcome.digest) return { outcome, failure: null };
  const at = outcome.lines.findIndex((line, index) =>
    line !== again.lines[index]
  );
  return {
    outcome,
    failure: `not deterministic: "${outcome.lines[at]}" and "${
      again.lines[at]
    }" at line ${at + 1}`,
  };
}

function printSummary(outcomes: readonly Outcome[]): string[] {
  const totals = new Map<string, number>();
  for (const { counts } of outcomes) {
    for (const [kind, count] of counts) {
      totals.set(kind, (totals.get(kind) ?? 0) + count);
    }
  }
  const shown = (kinds: readonly string[]) =>
    kinds.map((kind) => `${kind} ${totals.get(kind) ?? 0}`).join(", ");
  console.log(`faults: ${shown(FAULTS)}`);
  console.log(`actions: ${shown(ACTIONS)}`);
  return [...FAULTS, ...ACTIONS].filter((kind) => !totals.has(kind));
}

async function main(settings: Settings): Promise<boolean> {
  const begin = performance.now();
  const outcomes: Outcome[] = [];
  let failures = 0;
  for (const seed of settings.seeds) {
    const { outcome, failure } = await failureOf(seed, settings);
    if (failure !== null || settings.isVerbose) {
      for (const line of outcome.lines) console.log(line);
    }
    // Traces of long series would fill the memory.
    outcomes.push({ ...outcome, lines: [] });
    if (failure === null) continue;
    failures++;
    console.log(`FAILED ${failure}`);
    console.log(replay(settings, seed));
  }
  const missing = printSummary(outcomes);
  const seconds = (performance.now() - begin) / 1000;
  const perRun = seconds / settings.seeds.length / 2;
  const minutes = outcomes.reduce((sum, o) => sum + o.virtualMs, 0) / 60_000;
  console.log(
    `${seconds.toFixed(1)} s, ${perRun.toFixed(2)} s a run, ${
      (minutes / outcomes.length).toFixed(1)
    } virtual minutes a run`,
  );
  if (missing.length > 0) {
    const isFailure = outcomes.length >= ENOUGH_SEEDS;
    if (isFailure) failures++;
    const word = isFailure ? "FAILED " : "";
    console.log(`${word}never happened: ${missing.join(", ")}`);
  }
  console.log(`seeds ${settings.seeds.length}, failures ${failures}`);
  return failures === 0;
}

/** The first seed that breaks a promise. */
async function hunt(seeds: readonly number[]): Promise<Catch> {
  let runs = 0;
  for (const seed of seeds) {
    runs++;
    const { violation } = await simulate(seed);
    if (violation !== null) return { runs, failure: { seed, violation } };
  }
  return { runs, failure: null };
}

const settings: Settings = JSON.parse(Deno.args[0] ?? "{}");
// Every abort makes an error: their stacks are a tenth of the time. One seed alone is played to look at it.
if (settings.seeds.length > 1) Error.stackTraceLimit = 0;
if (settings.isHunt) console.log(JSON.stringify(await hunt(settings.seeds)));
else if (!await main(settings)) Deno.exitCode = 1;
