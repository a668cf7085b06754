/**
 * A worker's assignment, built from its placements. Decides nothing: what is
 * placed where is in the documents.
 *
 * @module
 */
import {
  type Assignment,
  compareFence,
  type Order,
  type OrderFence,
} from "../model/assignment.ts";
import { splitVmId } from "../model/ids.ts";
import { generationKey, type PlacementDoc } from "./core/documents.ts";
import type { MasterState } from "./state.ts";

function orderOf(state: MasterState, placement: PlacementDoc): Order {
  const { cluster, vm } = splitVmId(placement.vm);
  const doc = state.documents.get(
    "generation",
    generationKey(cluster, placement.generation),
  );
  const view = state.specOf(cluster, placement.generation, vm);
  if (doc === undefined || view === undefined) {
    throw new Error(`the spec that ${placement.vm} runs is not kept`);
  }
  const network = state.networking.guestNetworkOf(placement);
  const back = placement.fallbackGeneration === 0
    ? undefined
    : state.specOf(cluster, placement.fallbackGeneration, vm);
  return {
    vm: placement.vm,
    incarnation: placement.incarnation,
    orderRevision: placement.orderRevision,
    generation: placement.generation,
    commit: doc.commit,
    spec: view.spec,
    runtimeHash: placement.runtimeHash,
    policyHash: placement.policyHash,
    fallback: back === undefined ? { kind: "stop" } : {
      kind: "spec",
      spec: back.spec,
      runtimeHash: back.runtimeHash,
      generation: placement.fallbackGeneration,
    },
    surge: placement.surge,
    ...(doc.traceparent === null ? {} : { traceparent: doc.traceparent }),
    ...(network === undefined ? {} : { network }),
  };
}

/** The assignment when its pair is above `lastSeen`. */
export function assignmentAbove(
  state: MasterState,
  worker: string,
  lastSeen: OrderFence,
): Assignment | null {
  const doc = state.documents.get("worker", worker);
  // Without a report nothing is known of it, and an empty assignment would stop its VMs.
  if (doc === undefined) return null;
  const fence = state.fenceOf(doc);
  if (compareFence(fence, lastSeen) <= 0) return null;
  const orders: Order[] = [];
  for (const placement of state.documents.placementsOn(worker)) {
    if (!placement.leaving) orders.push(orderOf(state, placement));
  }
  const network = state.networking.hostNetworkOf(doc);
  return {
    worker,
    ...fence,
    leaseMs: state.leaseMs,
    orders,
    ...(network === undefined ? {} : { network }),
  };
}
