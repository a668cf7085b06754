/**
 * The guard of `dev`: the one role that cannot share the process, since it has
 * to kill VMs whatever becomes of that.
 *
 * @module
 */
import { join } from "node:path";
import { systemClock } from "../clock/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import {
  connectGuard,
  guardSocketPath,
  type GuardStatus,
} from "../guard/mod.ts";
import type { Logger } from "../log/mod.ts";
import { formatError } from "../model/errors.ts";

/**
 * A `dev` that was killed leaves its guard behind; it ends what it must by
 * itself, and then is of use only to a `dev` that starts again soon.
 */
const IDLE_EXIT_MS = 60_000;

/** What a guard is started with. */
export interface DevGuardOptions {
  stateDir: string;
  runDir: string;
  /** The words that run this program. */
  command: readonly string[];
  log: Logger;
}

/** What the guard of this directory says; null when none answers. */
async function statusOf(runDir: string): Promise<GuardStatus | null> {
  try {
    const client = await connectGuard(guardSocketPath(runDir), {
      clock: systemClock,
    });
    try {
      return await client.call("list", {});
    } finally {
      client.close();
      await client.closed;
    }
  } catch {
    return null;
  }
}

/**
 * Starts a guard unless one of a former `dev` runs. Nobody waits for it: the
 * worker connects when it is there, and without it says which VMs it refuses.
 */
export async function startGuard(options: DevGuardOptions): Promise<void> {
  const { stateDir, runDir, command: [program, ...words], log } = options;
  if (program === undefined || await statusOf(runDir) !== null) return;
  const config = join(stateDir, "dev", "guard.json");
  const settings = { runDir, idleExitMs: IDLE_EXIT_MS };
  await writeFileAtomic(config, `${JSON.stringify(settings)}\n`);
  try {
    const child = new Deno.Command(program, {
      args: [...words, "guard", "--config", config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      // A Ctrl-C at the terminal is for dev: it ends VMs gently first.
      detached: true,
    }).spawn();
    child.unref();
  } catch (error) {
    log.warn("exclusive VMs cannot run: {problem}", {
      problem: formatError(error),
    });
  }
}

/** Ends the guard of this directory and what is left under it. */
export async function stopGuard(runDir: string): Promise<void> {
  const status = await statusOf(runDir);
  if (status === null) return;
  try {
    Deno.kill(status.pid, "SIGTERM");
  } catch {
    // It has ended, which is what was wanted.
  }
}
