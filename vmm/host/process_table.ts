/**
 * Looks processes up in /proc. Never signals one it was not given by id.
 *
 * @module
 */
import { parseProcStat, type ProcessFacts } from "../core/run_record.ts";

let bootId: string | null = null;

/** The kernel's id of this boot, which outlives us. */
export async function readBootId(): Promise<string> {
  const path = "/proc/sys/kernel/random/boot_id";
  return bootId ??= (await Deno.readTextFile(path)).trim();
}

/** What /proc says of `pid`; null when there is no such process. */
export async function processFacts(pid: number): Promise<ProcessFacts | null> {
  try {
    const stat = parseProcStat(await Deno.readTextFile(`/proc/${pid}/stat`));
    if (stat === null) return null;
    const cmdline = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return {
      pid,
      startTicks: stat.startTicks,
      zombie: stat.state === "Z" || stat.state === "X",
      cmdline: cmdline.replaceAll("\0", " "),
    };
  } catch {
    // It ended between two reads.
    return null;
  }
}

/** The processes whose command line holds `marker`. */
export async function findByMarker(marker: string): Promise<ProcessFacts[]> {
  const found: ProcessFacts[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name) || Number(entry.name) === Deno.pid) continue;
    const facts = await processFacts(Number(entry.name));
    if (facts !== null && !facts.zombie && facts.cmdline.includes(marker)) {
      found.push(facts);
    }
  }
  return found;
}

/** Sends SIGKILL; a process that is gone is what was wanted. */
export function killNow(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
