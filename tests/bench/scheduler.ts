/**
 * `deno task bench scheduler [--trace FOLDER] [--million]`: what deciding,
 * placing, looking and waiting cost at 5,000 workers and 50,000 VMs, and how
 * well VMs are packed. Everything goes through the code of the master:
 *
 * | key                   | of what                                             |
 * | --------------------- | --------------------------------------------------- |
 * | `placementsPerSecond` | publish to orders committed, real service and store |
 * | `decisionP99Ms`       | one choosePlace, with following the room            |
 * | `idleTickMs`          | the real tick when nothing happened                 |
 * | `costRatio10kTo1k`    | a decision at 10,000 workers, by one at 1,000       |
 * | `longPoll`            | 8,000 waiting workers in another process            |
 * | `openb`               | host-days over the bound; null without a trace      |
 *
 * @module
 */
import { median } from "./median.ts";
import { measureMillion } from "./scheduler_million.ts";
import { measureOpenb } from "./scheduler_openb.ts";
import { measureDecisions, measurePlacing } from "./scheduler_placing.ts";
import { measureLongPolls } from "./scheduler_polls.ts";
import { measureTicks } from "./scheduler_tick.ts";

const LOAD = { workers: 5000, vms: 50_000, clusters: 5 };
const SMALL = { workers: 1000, vms: 10_000 };
const LARGE = { workers: 10_000, vms: 100_000 };
/** Runs of each size, taken in turns, so that the machine's other load meets all alike. */
const RUNS = 5;

function progress(line: string): void {
  console.error(line);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Times of single decisions: at the load, and how they grow with the workers. */
function measureScheduler(): { p99Ms: number; ratio: number } {
  const p99Ms: number[] = [];
  const small: number[] = [];
  const large: number[] = [];
  // The first run is the compiler's.
  measureDecisions(SMALL);
  for (let run = 0; run < RUNS; run++) {
    p99Ms.push(measureDecisions(LOAD).p99Ms);
    small.push(measureDecisions(SMALL).meanMs);
    large.push(measureDecisions(LARGE).meanMs);
  }
  const micros = (values: readonly number[]) =>
    rounded(1000 * median(values), 1);
  progress(
    `a decision: ${micros(small)} us at ${SMALL.workers} workers, ${
      micros(large)
    } us at ${LARGE.workers}`,
  );
  return { p99Ms: median(p99Ms), ratio: median(large) / median(small) };
}

/** Runs the benchmark; `trace` is the folder of the openb trace. */
export async function run(
  options: { trace?: string; isMillion?: boolean },
): Promise<unknown> {
  if (options.isMillion === true) {
    return { million: await measureMillion(progress) };
  }
  const { trace } = options;
  const openb = trace === undefined
    ? null
    : await measureOpenb(trace, progress);
  const { p99Ms, ratio } = measureScheduler();
  const placing = await measurePlacing(LOAD);
  progress(
    `a publish of 1000 VMs: ${rounded(placing.msPerPublish, 1)} ms, of which ${
      rounded(placing.cpuMsPerPublish, 1)
    } ms on a core`,
  );
  const ticks = await measureTicks(LOAD);
  progress(`ticks: ${JSON.stringify(ticks)}`);
  const longPoll = await measureLongPolls();
  return {
    placementsPerSecond: Math.round(placing.perSecond),
    decisionP99Ms: rounded(p99Ms, 3),
    idleTickMs: ticks.idleTickMs,
    costRatio10kTo1k: rounded(ratio, 2),
    longPoll,
    openb,
  };
}
