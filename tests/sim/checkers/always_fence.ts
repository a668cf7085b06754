/**
 * The pair (epoch, revision) that a worker keeps never falls, over all its
 * processes and boots.
 *
 * @module
 */
import { z } from "zod";
import {
  compareFence,
  type OrderFence,
} from "../../../roles/model/assignment.ts";
import { STATE_DIR } from "../host.ts";
import type { MakeChecker } from "./checker.ts";

const Fence = z.object({ leaseEpoch: z.number(), revision: z.number() });

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
      if (before === undefined || compareFence(fence, before) > 0) return;
      trace.broken(
        "always_fence",
        `${host.name} obeys ${shown} after ${before.leaseEpoch}/${before.revision}`,
      );
    },
  };
};
