/**
 * What a process and a network card have used, from /proc. Any VMM's.
 *
 * @module
 */
import { parseCpuTicks, parseInterface, parseRssKib } from "../core/proc.ts";

/** Linux tells processor time in hundredths of a second on every machine of today. */
const TICKS_PER_SECOND = 100;

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** Processor time of all threads, and resident memory; null: the process has gone. */
export async function processFigures(
  pid: number,
): Promise<{ cpuSeconds: number | null; memoryBytes: number | null }> {
  const ticks = parseCpuTicks(await read(`/proc/${pid}/stat`));
  const rssKib = parseRssKib(await read(`/proc/${pid}/status`));
  return {
    cpuSeconds: ticks === null ? null : ticks / TICKS_PER_SECOND,
    memoryBytes: rssKib === null ? null : rssKib * 1024,
  };
}

/** What passed through a TAP of this network namespace, as its guest sees it. */
export async function tapFigures(tap: string | undefined): Promise<
  { networkReceivedBytes: number | null; networkSentBytes: number | null }
> {
  const counted = tap === undefined
    ? null
    : parseInterface(await read("/proc/net/dev"), tap);
  return {
    // What this host sends into the TAP is what the guest receives.
    networkReceivedBytes: counted?.sentBytes ?? null,
    networkSentBytes: counted?.receivedBytes ?? null,
  };
}
