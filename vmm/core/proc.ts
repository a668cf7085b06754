/**
 * Reads figures out of the texts of /proc. Pure.
 *
 * @module
 */

/** User and system time of all threads, in ticks, from /proc/PID/stat; null when it is not one. */
export function parseCpuTicks(text: string): number | null {
  // The program's name is in parentheses and may hold spaces and parentheses itself.
  const close = text.lastIndexOf(")");
  if (close < 0) return null;
  const fields = text.slice(close + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isSafeInteger(ticks) ? ticks : null;
}

/** Resident memory from /proc/PID/status; null when it tells of none. */
export function parseRssKib(text: string): number | null {
  const [, kib] = /^VmRSS:\s*(\d+) kB$/m.exec(text) ?? [];
  return kib === undefined ? null : Number(kib);
}

/** What an interface has counted, from /proc/net/dev; null when it is not there. */
export function parseInterface(
  text: string,
  name: string,
): { receivedBytes: number; sentBytes: number } | null {
  for (const line of text.split("\n")) {
    const colon = line.lastIndexOf(":");
    if (colon < 0 || line.slice(0, colon).trim() !== name) continue;
    const fields = line.slice(colon + 1).trim().split(/\s+/).map(Number);
    const [receivedBytes, sentBytes] = [fields[0], fields[8]];
    if (receivedBytes === undefined || sentBytes === undefined) return null;
    return { receivedBytes, sentBytes };
  }
  return null;
}
