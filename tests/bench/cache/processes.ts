/**
 * What processes cost, as the kernel counts it: all threads of a process.
 *
 * @module
 */

/** USER_HZ, in which /proc counts; 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;
/** Places in /proc/PID/stat behind the program's name, which may hold spaces itself. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
const CHILDREN_USER_TIME = 13;
const CHILDREN_SYSTEM_TIME = 14;

function seconds(
  who: number | "self",
  places: readonly number[],
): number {
  const text = Deno.readTextFileSync(`/proc/${who}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return places.reduce((sum, at) => sum + Number(fields[at]), 0) /
    TICKS_PER_SECOND;
}

/** Seconds of processor time that these took so far. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce(
    (sum, pid) => sum + seconds(pid, [USER_TIME, SYSTEM_TIME]),
    0,
  );
}

/** The same for all processes that this one started and that have ended. */
export function endedChildrenCpuSeconds(): number {
  return seconds("self", [CHILDREN_USER_TIME, CHILDREN_SYSTEM_TIME]);
}

/** The most memory that the process ever had. */
export function peakRssMib(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}
