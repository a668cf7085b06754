/**
 * What operators ask of a cluster's rollout: rollback, resume, retry, pause,
 * promote, fail. Each is done at once and leaves a record, unless it is so
 * already; the rules are in core/generations.ts and core/rollout_requests.ts.
 *
 * @module
 */
import type { Actor } from "../model/event.ts";
import type { OperationKind } from "../model/operation.ts";
import { applyChange, applyReissues } from "./apply.ts";
import {
  type ClusterChange,
  type ClusterState,
  resume,
  retry,
  rollback,
} from "./core/generations.ts";
import { revertsOf } from "./core/rollout.ts";
import {
  failByOperator,
  pause,
  promoteCanaries,
} from "./core/rollout_requests.ts";
import { viewRollout } from "./core/tick.ts";
import type { Draft } from "./documents.ts";
import type {
  OperationRecords,
  OperationsOptions,
} from "./operation_records.ts";
import type { MasterState } from "./state.ts";

export class RolloutOperations {
  readonly #state: MasterState;
  readonly #change: OperationsOptions["change"];
  readonly #records: OperationRecords;

  constructor({ state, change }: OperationsOptions, records: OperationRecords) {
    this.#state = state;
    this.#change = change;
    this.#records = records;
  }

  /** Makes an older generation active and holds it there; 0: the last one before the present. */
  rollback(cluster: string, generation: number, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state, nowMs) => {
      const change = rollback(state, generation, nowMs);
      const { active } = change.cluster;
      return {
        change,
        kind: "rollback",
        message: `generation ${active} is active and held`,
      };
    });
  }

  /** Ends a hold or a pause. */
  resume(cluster: string, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state, nowMs) => ({
      change: resume(state, nowMs),
      kind: "resume",
      message: state.cluster.held ? "the hold is ended" : "the rollout goes on",
    }));
  }

  /** Forgets a failure and rolls the generation out again. */
  retry(cluster: string, generation: number, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state, nowMs, draft) => {
      const change = retry(state, generation, nowMs);
      if (change.cluster.rollout?.generation === generation) {
        applyReissues(draft, state.cluster.name, generation);
      }
      return {
        change,
        kind: "retry",
        message: `generation ${generation} may run again`,
      };
    });
  }

  /** The running rollout takes no further step. */
  pause(cluster: string, reason: string, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state) => ({
      change: pause(state, reason),
      kind: "pause",
      reason,
      message: `the rollout of ${state.cluster.rollout?.generation} is paused`,
    }));
  }

  /** Canaries or green copies become the main ones. */
  promote(cluster: string, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state, _nowMs, draft) => {
      const { trial } = viewRollout(this.#state.tickInput(draft), state);
      return {
        change: promoteCanaries(state, trial),
        kind: "promote",
        message:
          `the new copies of generation ${state.cluster.rollout?.generation} become the main ones`,
      };
    });
  }

  /** The running rollout has failed, as if a VM had failed it. */
  fail(cluster: string, reason: string, by: Actor): Promise<void> {
    return this.#onCluster(cluster, by, (state, nowMs, draft) => {
      const generation = state.cluster.rollout?.generation ?? 0;
      const hash = state.generations.get(generation)?.intentHash ?? "";
      const specs = this.#state.specsOf(draft, cluster, hash);
      const revert = revertsOf(specs?.values() ?? []);
      return {
        change: failByOperator(state, { reason, revert }, nowMs),
        kind: "fail",
        reason,
        message: `the rollout of generation ${generation} has failed`,
      };
    });
  }

  async #onCluster(
    cluster: string,
    by: Actor,
    decide: (
      state: ClusterState,
      nowMs: number,
      draft: Draft,
    ) => {
      change: ClusterChange;
      kind: OperationKind;
      message: string;
      reason?: string;
    },
  ): Promise<void> {
    await this.#change("operate", (draft) => {
      const state = this.#state.state(draft, cluster);
      const { change, kind, message, reason = "" } = decide(
        state,
        this.#state.clock.now(),
        draft,
      );
      // It is so already.
      if (change.cluster === state.cluster) return;
      applyChange(draft, change);
      this.#records.record(draft, {
        kind,
        target: cluster,
        by,
        reason,
        message,
      });
    }, by);
  }
}
