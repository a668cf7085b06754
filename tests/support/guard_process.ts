/**
 * A guard in a process of its own, for tests that kill it, and cheap programs
 * to run under one.
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import { connectGuard, type GuardClient } from "../../roles/guard/client.ts";
import { guardSocketPath } from "../../roles/guard/config.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import type { GuardedStart } from "../../vmm/host/spawner.ts";
import { until } from "./wait.ts";

const PROGRAM = new URL("./guard_child.ts", import.meta.url).pathname;
const READY = { timeoutMs: 60_000 };

/** A guard that runs. */
export interface GuardProcess extends AsyncDisposable {
  readonly pid: number;
  readonly socket: string;
  signal(signal: Deno.Signal): void;
  readonly ended: Promise<void>;
  /** Sends a signal that ends it; resolves when it is gone. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/** Starts a program that runs a guard. */
function spawnGuard(config: Record<string, unknown>): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, JSON.stringify(config)],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
}

/** Starts a guard and waits until it answers. */
export async function startGuardProcess(
  runDir: string,
  config: Record<string, unknown> = {},
): Promise<GuardProcess> {
  const child = spawnGuard({ runDir, ...config });
  let gone = false;
  const ended = child.status.then(() => {
    gone = true;
  });
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has ended.
    }
  };
  const end = async (name: "SIGKILL" | "SIGTERM") => {
    signal(name);
    await ended;
  };
  const socket = guardSocketPath(runDir);
  const guard: GuardProcess = {
    pid: child.pid,
    socket,
    signal,
    end,
    ended,
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
  try {
    await until("the guard answers", async () => {
      if (gone) return true;
      const client = await connectGuard(socket, { clock: systemClock });
      const { pid } = await client.call("list", {});
      client.close();
      return pid === child.pid;
    }, READY);
    if (gone) throw new Error(`the guard of ${runDir} ended at once`);
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return guard;
}

/** A worker's connection with the guard, and the lease it holds. */
export interface Guarded extends Disposable {
  readonly client: GuardClient;
  /** Renews for `ms` from now; the lease's name. */
  renew(ms: number): Promise<string>;
}

export async function connectAsWorker(
  socket: string,
  worker = "w1",
): Promise<Guarded> {
  const client = await connectGuard(socket, { clock: systemClock });
  await client.call("hello", { worker });
  return {
    client,
    async renew(ms) {
      const deadlineMs = systemClock.bootMs() + ms;
      const { held } = await client.call("extend", { deadlineMs });
      if (held === null) throw new Error("the renewal came too late");
      return held.lease;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** A start of something that waits for ever and is found by its marker. */
export function idleStart(
  lease: string,
  over: Partial<GuardedStart> = {},
): GuardedStart & { args: string[]; env: Record<string, string> } {
  const marker = crypto.randomUUID();
  const { args = ["-q", "-F", `/nowhere/${marker}`], env = {}, ...rest } = over;
  return {
    marker,
    vm: `test/${marker.slice(0, 8)}-0`,
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    lease,
    program: "tail",
    ...rest,
    args: [...args],
    env: { ...env },
  };
}

/** True when a process with this marker runs. */
export async function runs(marker: string): Promise<boolean> {
  return (await findByMarker(marker)).length > 0;
}

/** Waits until nothing with these markers runs. */
export async function untilGone(markers: readonly string[]): Promise<void> {
  for (const marker of markers) {
    await until(`${marker} is gone`, async () => !await runs(marker), READY);
  }
}
