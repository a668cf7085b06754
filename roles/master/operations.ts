/**
 * What operators ask for, as durable records: each says who asked, outlives
 * the command and this process, and is shown by `operations`. Lists them, steps
 * the ones that run, and takes what asks for moves; requests about workers and
 * rollouts have files of their own. What is moved where is the tick's decision,
 * the rules are in core/operations.ts.
 *
 * A request is queued (a record that runs), ignored (it is so already: the
 * record that made it so is returned), or denied with the reason.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import { splitVmId } from "../model/ids.ts";
import type { Operation, Rebalance } from "../model/operation.ts";
import { MAX_MOVES } from "./core/documents.ts";
import {
  cancelled,
  numberOf,
  REBALANCE_MOVE_MS,
  runningOf,
  stepOperation,
} from "./core/operations.ts";
import { type Movable, planRebalance } from "./core/rebalance.ts";
import { targetOf } from "./core/tick.ts";
import type { Draft, Reading } from "./documents.ts";
import {
  OperationRecords,
  type OperationsOptions,
  shown,
} from "./operation_records.ts";
import { RolloutOperations } from "./rollout_operations.ts";
import { type MasterState, operationsIn } from "./state.ts";
import { type DrainOptions, WorkerOperations } from "./worker_operations.ts";

/** Operations in one answer: more than are kept. */
const MAX_LISTED = 1000;

export class Operations {
  readonly #state: MasterState;
  readonly #records: OperationRecords;
  readonly #workers: WorkerOperations;
  /** What is asked of rollouts. */
  readonly rollouts: RolloutOperations;

  constructor(options: OperationsOptions) {
    this.#state = options.state;
    this.#records = new OperationRecords(options);
    this.#workers = new WorkerOperations(options.state, this.#records);
    this.rollouts = new RolloutOperations(options, this.#records);
  }

  // ---- reading ----------------------------------------------------------

  /** Newest first. */
  list(limit: number): Operation[] {
    return operationsIn(this.#state.documents)
      .sort((a, b) => numberOf(b.id) - numberOf(a.id))
      .slice(0, Math.min(limit, MAX_LISTED))
      .map(shown);
  }

  get(id: string): Operation {
    return shown(this.#records.require(this.#state.documents, id));
  }

  // ---- the tick ---------------------------------------------------------

  /** True while one runs that has to be looked at. */
  hasRunning(reading: Reading): boolean {
    for (const [, doc] of reading.entries("operation")) {
      if (doc.state === "running") return true;
    }
    return false;
  }

  /** Takes note of how far the running ones have come. */
  step(draft: Draft): void {
    const nowMs = this.#state.clock.now();
    const view = this.#state.operationsView(draft);
    for (const doc of operationsIn(draft)) {
      const next = stepOperation(doc, view, nowMs);
      if (next !== doc) draft.put("operation", doc.id, next);
    }
  }

  // ---- workers ----------------------------------------------------------

  /** See {@linkcode WorkerOperations.cordon}. */
  cordon(worker: string, reason: string, by: Actor): Promise<Operation> {
    return this.#workers.cordon(worker, reason, by);
  }

  /** See {@linkcode WorkerOperations.uncordon}. */
  uncordon(worker: string, by: Actor): Promise<Operation> {
    return this.#workers.uncordon(worker, by);
  }

  /** See {@linkcode WorkerOperations.drain}. */
  drain(worker: string, options: DrainOptions, by: Actor): Promise<Operation> {
    return this.#workers.drain(worker, options, by);
  }

  /** See {@linkcode WorkerOperations.removeWorker}. */
  removeWorker(worker: string, by: Actor): Promise<Operation> {
    return this.#workers.removeWorker(worker, by);
  }

  // ---- moving -----------------------------------------------------------

  /**
   * Moves that would place a cluster's VMs better; with `apply` they begin.
   *
   * @throws {AppError} `refused` during a rollout, or while another rebalance of the cluster runs.
   */
  async rebalance(
    cluster: string,
    { maxMoves, apply }: { maxMoves: number; apply: boolean },
    by: Actor,
  ): Promise<{ proposal: Rebalance; operation: Operation | null }> {
    const proposal = this.#propose(cluster, maxMoves);
    const operation = apply && proposal.moves.length > 0
      ? await this.#startRebalance(cluster, proposal, by)
      : null;
    return { proposal, operation };
  }

  #propose(cluster: string, maxMoves: number): Rebalance {
    const { documents, room, clock } = this.#state;
    const state = this.#state.state(documents, cluster);
    const { rollout } = state.cluster;
    if (rollout?.state === "running" || rollout?.state === "paused") {
      throw new AppError(
        "refused",
        `Cannot rebalance "${cluster}": the rollout of generation ${rollout.generation} is ${rollout.state}`,
        { hint: "wait until it has ended: procurator status --wait 600" },
      );
    }
    const { generation } = targetOf(state);
    const copies: Movable[] = [];
    for (const [, placement] of documents.entries("placement", `${cluster}/`)) {
      const { vm } = splitVmId(placement.vm);
      const view = this.#state.specOf(cluster, placement.generation, vm);
      if (view !== undefined) copies.push({ placement, spec: view.spec });
    }
    return planRebalance({
      policy: state.generations.get(generation)?.placement ?? "spread",
      copies,
      maxMoves: Math.min(maxMoves, MAX_MOVES),
      nowMs: clock.now(),
    }, room);
  }

  #startRebalance(
    cluster: string,
    proposal: Rebalance,
    by: Actor,
  ): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      const running = runningOf(operationsIn(draft), "rebalance", cluster);
      if (running !== undefined) {
        throw new AppError(
          "refused",
          `Cannot rebalance "${cluster}": ${running.id} does already`,
          {
            hint:
              `watch it by \`operations\`, or: procurator cancel ${running.id}`,
          },
        );
      }
      const moves = proposal.moves.slice(0, MAX_MOVES);
      const nowMs = this.#state.clock.now();
      return this.#records.record(draft, {
        kind: "rebalance",
        target: cluster,
        by,
        reason: proposal.message,
        message: `${moves.length} to move`,
        total: moves.length,
        moves,
        deadlineAtMs: moves.length === 0
          ? null
          : nowMs + moves.length * REBALANCE_MOVE_MS,
        isRunning: moves.length > 0,
      });
    });
  }

  /** Stops what has not happened yet of a drain or a rebalance. */
  cancel(id: string, by: Actor): Promise<Operation> {
    return this.#records.ask(by, (draft) => {
      const doc = this.#records.require(draft, id);
      const next = cancelled(doc, { by, nowMs: this.#state.clock.now() });
      if (next === doc) return doc;
      draft.put("operation", id, next);
      return next;
    });
  }
}
