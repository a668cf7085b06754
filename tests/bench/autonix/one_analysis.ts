/**
 * One analysis in a process of its own: prints what it took as seen from
 * inside, and the most memory it had.
 *
 * @module
 */
import { analyzePath } from "../../../autonix/mod.ts";
import { openRoot, scan } from "../../../autonix/scan.ts";

export interface OneAnalysis {
  ms: number;
  /** A second one, of which the walk and the reading alone. */
  scanMs: number;
  warmMs: number;
  peakMiB: number;
  applications: number;
}

function peakMiB(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

async function timed<T>(run: () => Promise<T>): Promise<[number, T]> {
  const begin = performance.now();
  const result = await run();
  return [performance.now() - begin, result];
}

const [path = "."] = Deno.args;
const [ms, analysis] = await timed(() => analyzePath(path));
const peak = peakMiB();
const [scanMs] = await timed(() => scan(openRoot(path)));
const [warmMs] = await timed(() => analyzePath(path));
console.log(JSON.stringify(
  {
    ms,
    scanMs,
    warmMs,
    peakMiB: peak,
    applications: analysis.applications.length,
  } satisfies OneAnalysis,
));
