/**
 * The lease epoch: the store's incarnation in its high part, the worker's term
 * in the low 32 bits. Decides when the incarnation must rise; never stores it.
 *
 * @module
 */
import { compareFence, type OrderFence } from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";

const TERMS = 2 ** 32;
/** 2^53 / 2^32: epochs stay JS-safe integers. */
export const MAX_INCARNATION = 2 ** 21 - 1;

/** The epoch of a worker's lease. */
export function leaseEpochOf(incarnation: number, term: number): number {
  return incarnation * TERMS + term;
}

/** Each restore adds one: a report further ahead is a mistake, and following it could use the epochs up. */
const MAX_JUMP = 1024;

/** One order a millisecond for 8000 years: a report above it is a mistake. */
const MAX_REVISION = 2 ** 48;

/**
 * The incarnation this store must have so that `ours` is not below `reported`:
 * a store that was restored or made anew must not reuse fences it has given
 * out. The present one when nothing is wrong.
 *
 * @throws {AppError} `refused` when the report claims an epoch that no store can be raised above.
 */
export function incarnationAbove(
  incarnation: number,
  ours: OrderFence,
  reported: OrderFence,
): number {
  if (reported.revision > MAX_REVISION) {
    throw new AppError(
      "refused",
      `Cannot take a report that claims revision ${reported.revision}: no master has given out so many`,
      { hint: "stop that worker and remove its saved assignment" },
    );
  }
  if (compareFence(reported, ours) <= 0) return incarnation;
  const raised = Math.floor(reported.leaseEpoch / TERMS) + 1;
  if (raised > Math.min(MAX_INCARNATION, incarnation + MAX_JUMP)) {
    throw new AppError(
      "refused",
      `Cannot take a report that claims lease epoch ${reported.leaseEpoch}: this master is at ${ours.leaseEpoch}, too far below`,
      { hint: "stop that worker and remove its saved assignment" },
    );
  }
  return Math.max(incarnation, raised);
}
