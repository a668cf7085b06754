/**
 * What operators asked for: operations, and what a rebalance would do.
 *
 * @module
 */
import { Operation, Rebalance } from "../../roles/model/operation.ts";
import type * as wire from "../generated/master.ts";
import { parseFast } from "./accept.ts";
import { actorPlain } from "./event.ts";
import { counter } from "./plain.ts";

export function operationToWire(operation: Operation): wire.OperationInput {
  return {
    id: operation.id,
    kind: operation.kind,
    target: operation.target,
    state: operation.state,
    by: operation.by,
    reason: operation.reason,
    createdAtMs: operation.createdAtMs,
    endedAtMs: operation.endedAtMs ?? 0,
    deadlineAtMs: operation.deadlineAtMs ?? 0,
    force: operation.force,
    done: operation.done,
    total: operation.total,
    message: operation.message,
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function operationFromWire(
  operation: wire.Operation | undefined,
): Operation {
  const orNull = (value: number | bigint, field: string) =>
    value === 0 ? null : counter(value, field);
  const plain = operation === undefined ? undefined : {
    id: operation.id,
    kind: operation.kind,
    target: operation.target,
    state: operation.state,
    by: actorPlain(operation.by),
    reason: operation.reason,
    createdAtMs: counter(operation.createdAtMs, "createdAtMs"),
    endedAtMs: orNull(operation.endedAtMs, "endedAtMs"),
    deadlineAtMs: orNull(operation.deadlineAtMs, "deadlineAtMs"),
    force: operation.force,
    done: operation.done,
    total: operation.total,
    message: operation.message,
  };
  return parseFast(Operation, plain, { what: "the operation" });
}

export function rebalanceToWire(rebalance: Rebalance): wire.RebalanceInput {
  return { ...rebalance };
}

/** @throws {AppError} `invalid`, naming the path. */
export function rebalanceFromWire(
  rebalance: wire.Rebalance | undefined,
): Rebalance {
  return parseFast(Rebalance, rebalance, { what: "the rebalance" });
}
