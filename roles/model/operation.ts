/**
 * What operators ask for: records that outlive the command and the master's
 * process.
 *
 * @module
 */
import { z } from "zod";
import { Actor } from "./event.ts";
import { Counter, VmId } from "./ids.ts";

/** Longest reason and message: one screen. */
export const MAX_REASON_CHARS = 2000;

export const OperationKind = z.enum([
  "cordon",
  "uncordon",
  "drain",
  "rebalance",
  "rollback",
  "resume",
  "retry",
  "pause",
  "promote",
  "fail",
  "removeWorker",
  "cancel",
  "restore",
]);
export type OperationKind = z.output<typeof OperationKind>;

export const Operation = z.strictObject({
  /** `drain-17`: the kind and a number that is never used again. */
  id: z.string().max(64),
  kind: OperationKind,
  /** A worker or a cluster. */
  target: z.string().max(63),
  state: z.enum(["running", "done", "failed", "cancelled"]),
  by: Actor,
  reason: z.string().max(MAX_REASON_CHARS),
  /** Milliseconds since the Unix epoch. */
  createdAtMs: Counter,
  /** null while it runs. */
  endedAtMs: Counter.nullable(),
  /** null: as long as it takes. */
  deadlineAtMs: Counter.nullable(),
  force: z.boolean(),
  done: Counter,
  total: Counter,
  /** What it does, waits for, or came to. */
  message: z.string().max(MAX_REASON_CHARS),
});
export type Operation = z.output<typeof Operation>;

/** One VM that goes from one worker to another. */
export const Move = z.strictObject({
  vm: VmId,
  fromWorker: z.string(),
  toWorker: z.string(),
  reason: z.string(),
});
export type Move = z.output<typeof Move>;

/** What a rebalance would do, and what for. */
export const Rebalance = z.strictObject({
  moves: z.array(Move),
  /** What it gains, or why there is nothing to do. */
  message: z.string(),
  /** Workers that hold nothing afterwards and held something before. */
  freedWorkers: Counter,
});
export type Rebalance = z.output<typeof Rebalance>;
