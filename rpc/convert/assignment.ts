/**
 * Assignments, orders and the pair that fences them.
 *
 * @module
 */
import {
  Assignment,
  type Fallback,
  type Order,
  OrderFence,
} from "../../roles/model/assignment.ts";
import { parseFast } from "./accept.ts";
import type * as common from "../generated/common.ts";
import type * as wire from "../generated/master.ts";
import { counter, type Plain, setGiven } from "./plain.ts";
import {
  AddressLists,
  guestNetworkPlain,
  guestNetworkToWire,
} from "./network.ts";
import { vmSpecPlain, vmSpecToWire } from "./vm_spec.ts";

/** An absent fence is the lowest: nothing was seen. */
export function orderFenceFromWire(
  fence: common.Fence | undefined,
): OrderFence {
  const plain = {
    leaseEpoch: counter(fence?.leaseEpoch ?? 0, "leaseEpoch"),
    revision: counter(fence?.revision ?? 0, "revision"),
  };
  return parseFast(OrderFence, plain, { what: "the fence" });
}

export function assignmentToWire(
  assignment: Assignment,
): wire.AssignmentInput {
  const lists = new AddressLists();
  const { orders } = assignment;
  return {
    ...assignment,
    orders: orders.map((order) => orderToWire(order, lists)),
    addressLists: lists.toWire(),
  };
}

function orderToWire(order: Order, lists: AddressLists): wire.OrderInput {
  const { network, ...rest } = order;
  return {
    ...rest,
    ...(network === undefined
      ? {}
      : { network: guestNetworkToWire(network, lists) }),
    spec: vmSpecToWire(order.spec),
    traceparent: order.traceparent ?? "",
    fallback: fallbackToWire(order.fallback),
  };
}

function fallbackToWire(fallback: Fallback): wire.OrderFallbackInput {
  if (fallback.kind === "stop") return { which: "stop" };
  const { spec, runtimeHash, generation } = fallback;
  return {
    which: "spec",
    spec: { spec: vmSpecToWire(spec), runtimeHash, generation },
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function assignmentFromWire(
  assignment: wire.Assignment | undefined,
): Assignment {
  const lists = assignment?.addressLists.map(({ addresses }) => addresses);
  const plain = assignment === undefined ? undefined : {
    worker: assignment.worker,
    leaseEpoch: counter(assignment.leaseEpoch, "leaseEpoch"),
    revision: counter(assignment.revision, "revision"),
    leaseMs: assignment.leaseMs,
    orders: assignment.orders.map((order) => orderPlain(order, lists ?? [])),
    ...(assignment.network === undefined
      ? {}
      : { network: assignment.network }),
  };
  return parseFast(Assignment, plain, { what: "the assignment" });
}

function orderPlain(
  order: wire.Order,
  lists: readonly string[][],
): unknown {
  const of = (field: string) => `${field} of the order for ${order.vm}`;
  const plain: Plain = {
    vm: order.vm,
    incarnation: counter(order.incarnation, of("incarnation")),
    orderRevision: counter(order.orderRevision, of("orderRevision")),
    generation: counter(order.generation, of("generation")),
    commit: order.commit,
    spec: order.spec === undefined ? undefined : vmSpecPlain(order.spec),
    runtimeHash: order.runtimeHash,
    policyHash: order.policyHash,
    fallback: fallbackPlain(order.fallback),
    surge: order.surge,
  };
  if (order.network !== undefined) {
    plain.network = guestNetworkPlain(order.network, lists);
  }
  setGiven(plain, "traceparent", order.traceparent);
  return plain;
}

function fallbackPlain(fallback: wire.OrderFallback): unknown {
  if (fallback.which !== "spec") return { kind: fallback.which };
  const { spec } = fallback;
  return {
    kind: "spec",
    spec: spec?.spec === undefined ? undefined : vmSpecPlain(spec.spec),
    runtimeHash: spec?.runtimeHash,
    generation: counter(spec?.generation ?? 0, "the fallback's generation"),
  };
}
