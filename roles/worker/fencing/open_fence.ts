/**
 * The fence of a running worker: connects the guard, keeps the lease, says
 * whether its absence is a problem.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { Clock } from "../../model/ports.ts";
import type { Spawner } from "../../../vmm/mod.ts";
import { guardSocketOf, type WorkerConfig } from "../config.ts";
import type { Fence } from "./fence.ts";
import { GuardFence } from "./guard_fence.ts";
import { Lease } from "./lease.ts";

/** A fence that also starts what it ends. */
export type Guarding = Fence & Spawner;

/** The worker's fence. */
export interface OpenFence {
  readonly spawner: Spawner;
  readonly lease: Lease;
  /** Calls `onChange` when a guard has come or gone, or another lease has begun. */
  watch(onChange: () => void): Disposable;
  /** Why the worker is not ready; null when a guard answers, or none was ever meant to. */
  problem(): string | null;
}

/** What it is opened with. */
export interface OpenFenceOptions {
  config: Pick<WorkerConfig, "name" | "guardSocket" | "runDir">;
  /** In place of the guard's process. */
  guard: Guarding | undefined;
  clock: Clock;
  log: Logger;
  stack: AsyncDisposableStack;
  onWarning: (message: string, error: unknown) => void;
}

/** Resolves when the guard has answered or could not be reached: VMs are adopted by its word. */
export async function openFence(
  { config, guard, clock, log, stack, onWarning }: OpenFenceOptions,
): Promise<OpenFence> {
  // Where nobody configured one and none ever came, this host takes no exclusive VMs.
  let isMeant = config.guardSocket !== undefined;
  const onNews = (problem: string | null) => {
    if (problem === null) {
      isMeant = true;
      log.info("the guard answers: exclusive VMs can run here", {});
    } else if (isMeant) log.warn("{problem}", { problem });
    else log.info("{problem}", { problem });
  };
  const fence = guard ?? new GuardFence({
    socketPath: guardSocketOf(config),
    worker: config.name,
    clock,
    onNews,
  });
  stack.defer(() => fence.close());
  if (fence instanceof GuardFence) await fence.open();
  return {
    spawner: fence,
    watch: (onChange) => fence.watch(onChange),
    lease: new Lease({ fence, clock, onWarning }),
    problem: () =>
      isMeant && fence.state.kind === "absent" ? fence.state.reason : null,
  };
}
