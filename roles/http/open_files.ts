/**
 * How many files this process has open, and how many it may have. Sockets are
 * files: a stranger who opens connections and sends nothing uses them up.
 *
 * @module
 */

/** The bound when the system does not tell: what most give. */
const USUAL_LIMIT = 1024;

/** Open files now; undefined where the system does not tell (no Linux, or no permission). */
export function openFiles(): number | undefined {
  try {
    let count = 0;
    for (const _entry of Deno.readDirSync("/proc/self/fd")) count++;
    return count;
  } catch {
    return undefined;
  }
}

/** Most open files that this process may have. */
export function maxOpenFiles(): number {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? USUAL_LIMIT : Number(soft);
  } catch {
    return USUAL_LIMIT;
  }
}
