/**
 * The pair (epoch, revision) that a worker keeps never falls, over all its
 * processes and boots.
 *
 * @module
 */
import { z } from "zod";
import type { OrderFence } from "../../../roles/model/assignment.ts";
import { STATE_DIR } from "../host.ts";
import type { MakeChecker } from "./checker.ts";

const Fence = z.object({ leaseEpoch: z.number(), revision: z.number() });

/** Arithmetic of its own: the workers' is under test. */
function isAbove(a: OrderFence, b: OrderFence): boolean {
  return a.leaseEpoch > b.leaseEpoch ||
    (a.leaseEpoch === b.leaseEpoch && a.revision > b.revision);
}

export const alwaysFence: MakeChecker = ({ trace }) => {
  const kept = new Map<string, OrderFence>();
  return {
    written(host, path, text) {
      if (path !== `${STATE_DIR}/assignment.json`) return;
      const fence = Fence.parse(JSON.parse(text));
      const before = kept.get(host.name);
      kept.set(host.name, fence);
      const shown = `${fence.leaseEpoch}/${fence.revision}`;
      trace.seen("obey", host.name, shown);
      if (before === undefined || isAbove(fence, before)) return;
      trace.broken(
        "always_fence",
        `${host.name} obeys ${shown} after ${before.leaseEpoch}/${before.revision}`,
      );
    },
  };
};
