/**
 * A worker that waits for orders is told at once: a poll that was open when its
 * orders changed is answered by then, unless something came in between. Claimed
 * where messages are never delayed for long.
 *
 * @module
 */
import { MASTER } from "../master_node.ts";
import type { MakeChecker } from "./checker.ts";

/** A commit on a slow disk and the slowest line there and back take less. */
const WITHIN_MS = 2500;
/** A poll that was opened this long ago has arrived. */
const ARRIVED_MS = 1500;

export const alwaysTold: MakeChecker = (
  { plan, trace, kernel, network, workers },
) => {
  if (plan.faults.has("delay")) return {};
  return {
    ordersCommitted(name, revision) {
      const worker = workers.find((each) => each.name === name);
      const poll = worker?.openPoll ?? null;
      if (worker === undefined || poll === null) return;
      const isCut = network.isBlocked(name, MASTER) ||
        network.isBlocked(MASTER, name);
      if (isCut || kernel.nowMs - poll.begunMs < ARRIVED_MS) return;
      kernel.after(WITHIN_MS, () => {
        if (worker.openPoll !== poll) return;
        if (network.disturbances !== poll.disturbances) return;
        trace.broken(
          "always_told",
          `${name} still waits ${WITHIN_MS} ms after its orders rose to revision ${revision}`,
        );
      });
    },
  };
};
