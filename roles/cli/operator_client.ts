/**
 * What the CLI asks of a master as an operator of machines and rollouts, and
 * as a reader of what happened: a part of the port {@linkcode MasterClient}.
 *
 * @module
 */
import type { Event } from "../model/event.ts";
import type { Operation, Rebalance } from "../model/operation.ts";
import type { ClusterStatus } from "../model/status.ts";

/** What of the events is read. */
export interface EventsFilter {
  /** Only events with a higher index. */
  after: number;
  follow: boolean;
  /** Empty: all. */
  topics: readonly string[];
  /** Empty: all. */
  cluster: string;
  /** Only what somebody asked for. */
  audit: boolean;
  /** Above 0: only so many of the newest. */
  tail: number;
}

export interface OperatorClient {
  /** Newest first. */
  operations(limit: number): Promise<Operation[]>;
  operation(id: string): Promise<Operation>;
  pause(cluster: string, reason: string): Promise<ClusterStatus>;
  promote(cluster: string): Promise<ClusterStatus>;
  fail(cluster: string, reason: string): Promise<ClusterStatus>;
  cordon(worker: string, reason: string): Promise<Operation>;
  uncordon(worker: string): Promise<Operation>;
  drain(
    worker: string,
    options: { deadlineMs: number; force: boolean; reason: string },
  ): Promise<Operation>;
  /** Without `apply` nothing happens and there is no operation. */
  rebalance(
    cluster: string,
    options: { maxMoves: number; apply: boolean },
  ): Promise<{ proposal: Rebalance; operation: Operation | null }>;
  cancel(operation: string): Promise<Operation>;
  removeWorker(worker: string): Promise<Operation>;
  /**
   * Reads events; resolves when all were taken, with `follow` when `signal`
   * ends or the master ends the stream. The next are sent when `take` is done.
   */
  events(
    filter: EventsFilter,
    options: { take: (events: Event[]) => void; signal: AbortSignal },
  ): Promise<void>;
}
