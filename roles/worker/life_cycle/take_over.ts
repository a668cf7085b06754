/**
 * Hand-over between two processes of one worker, as when the executable is
 * replaced: the new one asks the old one to end and waits until it has let go
 * of its directories. The VMs run on; the new one adopts them.
 *
 * ```text
 *  free            -> taken
 *  held by process -> SIGTERM, once -> wait -> taken | `timeout`
 * ```
 *
 * @module
 */
import { lockDirectory } from "../../config/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";

const LOOK_MS = 50;
/** Beside the time that a guest being stopped is given: an end takes a second, on a host that swaps a minute. */
const END_MS = 60_000;

/** How a worker is taken over. */
export interface TakeOverOptions {
  /** The directories that the old process holds, each with a lock. */
  dirs: readonly string[];
  /** The old one may be waiting for a guest to power off. */
  stopGraceMs: number;
  clock: Clock;
  log: Logger;
}

/** True when this process has the file open: the number in a lock file may be older than its lock. */
async function holdsOpen(pid: number, path: string): Promise<boolean> {
  try {
    const real = await Deno.realPath(path);
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      const target = await Deno.readLink(`/proc/${pid}/fd/${name}`)
        .catch(() => "");
      if (target === real) return true;
    }
  } catch {
    // It ended, or is not ours to look at.
  }
  return false;
}

/** The process that holds the lock of a directory; null when it is free, 0 when it cannot be told. */
async function holderOf(dir: string): Promise<number | null> {
  try {
    const lock = await lockDirectory(dir);
    await lock[Symbol.asyncDispose]();
    return null;
  } catch (error) {
    const isHeld = /in use by process/.test(toAppError(error).message);
    if (!isHeld) throw error;
    const path = `${dir}/lock`;
    const pid = Number((await Deno.readTextFile(path)).trim());
    if (!Number.isInteger(pid) || pid < 2) return 0;
    return await holdsOpen(pid, path) ? pid : 0;
  }
}

/**
 * Returns when nobody holds the directories.
 *
 * @throws {AppError} `timeout` when the old process does not end, `refused` as {@linkcode lockDirectory}.
 */
export async function takeOver(
  { dirs, stopGraceMs, clock, log }: TakeOverOptions,
): Promise<void> {
  const limitMs = stopGraceMs + END_MS;
  const endMs = clock.bootMs() + limitMs;
  const asked = new Set<number>();
  for (const dir of dirs) {
    for (;;) {
      const pid = await holderOf(dir);
      if (pid === null) break;
      if (pid > 0 && pid !== Deno.pid && !asked.has(pid)) {
        asked.add(pid);
        log.info("asking process {pid} to hand over {dir}", { pid, dir });
        askToEnd(pid);
      }
      if (clock.bootMs() >= endMs) {
        throw new AppError(
          "timeout",
          `Cannot take over ${dir}: process ${
            pid === 0 ? "unknown" : pid
          } did not let go of it within ${limitMs} ms`,
          { hint: "look what it is doing, and end it" },
        );
      }
      await clock.sleep(LOOK_MS);
    }
  }
}

function askToEnd(pid: number): void {
  try {
    Deno.kill(pid, "SIGTERM");
  } catch {
    // It has ended, or is another user's: the wait will tell.
  }
}
