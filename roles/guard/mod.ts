/**
 * The guard: the parent of every exclusive VMM of a host. It ends them at a
 * deadline that the worker's lease moves, and the kernel ends them with it.
 *
 * Owns a socket in its run directory and its children. It has no network and
 * no state on disk, and decides nothing but what core/deadline.ts says: the
 * less it does, the less can keep it from killing in time.
 *
 * @module
 */
import { systemClock, systemRandom } from "../clock/mod.ts";
import { lockDirectory } from "../config/mod.ts";
import { removeIfThere } from "../files/mod.ts";
import { logger } from "../log/mod.ts";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import type { Clock, Random, RunningRole } from "../model/ports.ts";
import { readBootId } from "../../vmm/host/process_table.ts";
import { Children } from "./children.ts";
import { connectGuard } from "./client.ts";
import { GuardConfig, guardSocketPath } from "./config.ts";
import type { GuardStatus } from "./core/messages.ts";
import { Guard } from "./guard.ts";
import { GuardServer } from "./server.ts";

export { config, GuardConfig, guardSocketPath } from "./config.ts";
export { connectGuard, type GuardClient } from "./client.ts";
export type { GuardStatus } from "./core/messages.ts";

/**
 * How often the deadline is looked at. Not one timer for it: timers stand still
 * while the host is suspended, the boot-time clock does not. A twentieth of the
 * 2 s that the master allows for killing.
 */
const LOOK_MS = 100;
/** The longest path a unix socket can have on Linux. */
const MAX_SOCKET_PATH = 107;

/** What the guard is given besides its configuration. */
export interface GuardDeps {
  clock?: Clock;
  random?: Random;
}

async function listen(runDir: string): Promise<Deno.UnixListener> {
  const path = guardSocketPath(runDir);
  if (new TextEncoder().encode(path).byteLength > MAX_SOCKET_PATH) {
    throw new AppError(
      "invalid",
      `Cannot listen at ${path}: a unix socket's path has at most ${MAX_SOCKET_PATH} bytes`,
      { hint: "choose a shorter --run-dir" },
    );
  }
  await Deno.chmod(runDir, 0o700);
  // We hold the directory's lock: what is there is of a guard that died.
  await removeIfThere(path);
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.chmod(path, 0o600);
  return listener;
}

/**
 * What the guard with this run directory says of itself.
 *
 * @throws {AppError} `unavailable` when none answers.
 */
export async function guardStatus(
  overrides: Partial<GuardConfig>,
  { clock }: { clock: Clock },
): Promise<{ status: GuardStatus; bootMs: number }> {
  const { runDir } = parseWith(GuardConfig, overrides, { what: "the flags" });
  const client = await connectGuard(guardSocketPath(runDir), { clock });
  try {
    const status = await client.call("list", {});
    return { status, bootMs: clock.bootMs() };
  } finally {
    client.close();
    await client.closed;
  }
}

/** Looks at the deadline until `signal` aborts; true when it ended for being idle. */
async function watchDeadline(
  { guard, isIdle, clock, signal, idleExitMs, onPassed }: {
    guard: Guard;
    isIdle: () => boolean;
    clock: Clock;
    signal: AbortSignal;
    idleExitMs: number;
    onPassed: () => void;
  },
): Promise<boolean> {
  let busyMs = clock.bootMs();
  while (!signal.aborted) {
    if (guard.look()) onPassed();
    const now = clock.bootMs();
    if (!isIdle()) busyMs = now;
    else if (idleExitMs > 0 && now - busyMs >= idleExitMs) return true;
    await clock.sleep(LOOK_MS, signal);
  }
  return false;
}

/**
 * Starts the guard. Stopping it ends every VMM under it.
 *
 * @throws {AppError} `refused` when another guard uses its directory.
 */
export async function run(
  config: GuardConfig,
  deps: GuardDeps = {},
): Promise<RunningRole> {
  const { clock = systemClock, random = systemRandom } = deps;
  const log = logger("guard");
  await using opening = new AsyncDisposableStack();
  opening.use(await lockDirectory(config.runDir));
  const listener = await listen(config.runDir);
  opening.defer(() => listener.close());
  const children = new Children({
    setprivPath: config.setprivPath,
    clock,
    onProblem: (message) => log.error("{message}", { message }),
  });
  const guard = new Guard({ children, clock, incarnation: random.hex(8) });
  const server = new GuardServer({
    guard,
    children,
    bootId: await readBootId(),
    onWorker: (worker) => log.info("guards for {worker}", { worker }),
  });
  opening.defer(() => server.close());
  const stopping = new AbortController();
  opening.defer(() => guard.endAll("the guard was stopped"));
  opening.defer(() => stopping.abort());
  void server.serve(listener);
  const stack = opening.move();
  let stopped: Promise<void> | undefined;
  const stop = () => stopped ??= stack.disposeAsync();
  const watching = watchDeadline({
    guard,
    clock,
    idleExitMs: config.idleExitMs,
    signal: stopping.signal,
    isIdle: () => server.worker === null && children.count === 0,
    onPassed: () =>
      log.warn("the lease ended: every exclusive VM was ended", {}),
  });
  return {
    name: "guard",
    endpoints: { socket: guardSocketPath(config.runDir) },
    stop,
    finished: watching.then(stop),
  };
}
