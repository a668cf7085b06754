/**
 * One analysis in a process of its own: prints what it took as seen from
 * inside, and the most memory it had.
 *
 * @module
 */
import { detect } from "../../../autonix/core/detect.ts";
import { analyzePath } from "../../../autonix/mod.ts";
import { openRoot, scan } from "../../../autonix/scan.ts";

export interface OneAnalysis {
  /** The walk and the reading, and what is made of it, by code that ran never before. */
  scanMs: number;
  detectMs: number;
  /** All of it once more. */
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
const [scanMs, tree] = await timed(() => scan(openRoot(path)));
const [detectMs, analysis] = await timed(() =>
  Promise.resolve(detect(tree, { repository: "app" }))
);
const peak = peakMiB();
const [warmMs] = await timed(() => analyzePath(path));
console.log(JSON.stringify(
  {
    scanMs,
    detectMs,
    warmMs,
    peakMiB: peak,
    applications: analysis.applications.length,
  } satisfies OneAnalysis,
));
