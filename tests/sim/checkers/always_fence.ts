/**
 * The pair (epoch, revision) that a worker keeps never falls, over all its
 * processes and boots.
 *
 * @module
 */
import type { OrderFence } from "../../../roles/model/assignment.ts";
import { STATE_DIR } from "../host.ts";
import type { MakeChecker } from "./checker.ts";

/** The pair is looked for in the text: to read each assignment whole is a hundredth of a run. */
const PAIR = /"leaseEpoch":(\d+),"revision":(\d+)/;

/** Arithmetic of its own: the workers' is under test. */
function isAbove(a: OrderFence, b: OrderFence): boolean {
  return a.leaseEpoch > b.leaseEpoch ||
    (a.leaseEpoch === b.leaseEpoch && a.revision > b.revision);
}

function fenceOf(text: string): OrderFence {
  const [, leaseEpoch, revision] = PAIR.exec(text) ?? [];
  if (leaseEpoch === undefined || revision === undefined) {
    throw new Error(`no pair in ${text.slice(0, 200)}`);
  }
  return { leaseEpoch: Number(leaseEpoch), revision: Number(revision) };
}

export const alwaysFence: MakeChecker = ({ trace }) => {
  const kept = new Map<string, OrderFence>();
  return {
    written(host, path, text) {
      if (path !== `${STATE_DIR}/assignment.json`) return;
      const fence = fenceOf(text);
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
