/**
 * One start of a QEMU by the guard: it stays the guard's child, so it does not
 * daemonize, and its start is over when it answers on QMP: its main loop runs
 * only once the machine exists.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { RunRecord } from "../core/run_record.ts";
import type { VmPaths } from "../host/run_directory.ts";
import { connectQmp } from "./qmp.ts";
import type { GuardedEnd, Spawner } from "../host/spawner.ts";

/** As for a start that daemonizes: a host that swaps may take long, but not for ever. */
const START_TIMEOUT_MS = 60_000;
/** A try to connect: longer than a greeting takes, short enough to notice an end. */
const CONNECT_TIMEOUT_MS = 1000;
const LOOK_MS = 50;
/** A shell's word for a program that is not there. */
const NOT_FOUND = /exit code 127/;

/** What a start of the guard's needs. */
export interface GuardedLaunch {
  program: string;
  /** What `program` becomes, for words. */
  becomes: string;
  args: string[];
  env: Record<string, string>;
  lease: string;
  paths: VmPaths;
  spawner: Spawner;
  clock: Clock;
  missingHint: string;
}

/** Its words when it failed, "" when it runs. */
export async function launchGuarded(
  record: RunRecord,
  launch: GuardedLaunch,
): Promise<string> {
  const { spawner, clock, paths, lease, program, args, env } = launch;
  const { id, incarnation, runtimeHash, marker } = record;
  await spawner.spawn({
    marker,
    vm: id,
    incarnation,
    runtimeHash,
    lease,
    program,
    args,
    env,
  });
  const endMs = clock.bootMs() + START_TIMEOUT_MS;
  for (;;) {
    const end = await spawner.endOf(marker);
    if (end !== null) return wordsOf(id, end, launch);
    const qmp = await connectQmp(paths.socket, {
      timeoutMs: CONNECT_TIMEOUT_MS,
    }).catch(() => null);
    if (qmp !== null) {
      qmp.close();
      await qmp.closed;
      return "";
    }
    if (clock.bootMs() >= endMs) {
      await spawner.kill(marker);
      return `it did not answer within ${START_TIMEOUT_MS} ms`;
    }
    await clock.sleep(LOOK_MS);
  }
}

function wordsOf(
  id: string,
  { by, reason, stderrTail }: GuardedEnd,
  { becomes, missingHint }: GuardedLaunch,
): string {
  if (by === "fence") {
    throw new AppError("unavailable", `Cannot start VM "${id}": ${reason}`);
  }
  if (NOT_FOUND.test(reason)) {
    throw new AppError(
      "missing_dependency",
      `Cannot run ${becomes}: it is not installed`,
      { hint: missingHint },
    );
  }
  return stderrTail.trim() || reason;
}
