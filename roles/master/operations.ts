/**
 * What operators ask for, as durable records: each says who asked, outlives
 * the command and this process, and is shown by `operations`. Takes requests
 * and steps the ones that run; what is moved where is the tick's decision,
 * the rules are in core/operations.ts and core/generations.ts.
 *
 * A request is queued (a record that runs), ignored (it is so already: the
 * record that made it so is returned), or denied with the reason.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import { splitVmId } from "../model/ids.ts";
import type {
  Operation,
  OperationKind,
  Rebalance,
} from "../model/operation.ts";
import { applyChange, applyReissues } from "./apply.ts";
import {
  MAX_MOVES,
  type OperationDoc,
  type WorkerDoc,
} from "./core/documents.ts";
import {
  type ClusterChange,
  type ClusterState,
  resume,
  retry,
  rollback,
} from "./core/generations.ts";
import {
  cancelled,
  drainAgain,
  forgettable,
  MAX_RUNNING_OPERATIONS,
  type NewOperation,
  newOperation,
  numberOf,
  REBALANCE_MOVE_MS,
  runningOf,
  stepOperation,
} from "./core/operations.ts";
import { type Movable, planRebalance } from "./core/rebalance.ts";
import { revertsOf } from "./core/rollout.ts";
import {
  failByOperator,
  pause,
  promoteCanaries,
} from "./core/rollout_requests.ts";
import { targetOf, viewRollout } from "./core/tick.ts";
import type { Draft, Reading } from "./documents.ts";
import { type MasterState, operationsIn } from "./state.ts";

/** Operations in one answer: more than are kept. */
const MAX_LISTED = 1000;

/** What the operations need of the service that owns them. */
export interface OperationsOptions {
  state: MasterState;
  change<T>(
    name: string,
    change: (draft: Draft) => T,
    by: Actor,
  ): Promise<T>;
}

/** VMs named in a sentence. */
const MAX_NAMED = 10;

function namesOf(vms: readonly string[]): string {
  const more = vms.length - MAX_NAMED;
  const named = vms.slice(0, MAX_NAMED).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}

/** The record as it is shown. */
function shown({ moves: _moves, ...operation }: OperationDoc): Operation {
  return operation;
}

export class Operations {
  readonly #state: MasterState;
  readonly #change: OperationsOptions["change"];

  constructor({ state, change }: OperationsOptions) {
    this.#state = state;
    this.#change = change;
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
    return shown(this.#require(this.#state.documents, id));
  }

  #require(reading: Reading, id: string): OperationDoc {
    const doc = reading.get("operation", id);
    if (doc !== undefined) return doc;
    throw new AppError("not_found", `There is no operation "${id}"`, {
      hint: "see: procurator operations",
    });
  }

  #worker(reading: Reading, name: string): WorkerDoc {
    const doc = reading.get("worker", name);
    if (doc !== undefined) return doc;
    throw new AppError("not_found", `There is no worker "${name}"`, {
      hint: "see: procurator status",
    });
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

  // ---- records ----------------------------------------------------------

  #record(
    draft: Draft,
    begin: Omit<NewOperation, "nowMs">,
  ): OperationDoc {
    const known = operationsIn(draft);
    if (begin.isRunning === true) {
      const running = known.filter(({ state }) => state === "running").length;
      if (running >= MAX_RUNNING_OPERATIONS) {
        throw new AppError(
          "overloaded",
          `Cannot begin a ${begin.kind}: ${running} operations run already`,
          { hint: "wait for one to end, or: procurator cancel ID" },
        );
      }
    }
    const nowMs = this.#state.clock.now();
    const doc = newOperation(known, { ...begin, nowMs });
    draft.put("operation", doc.id, doc);
    for (const id of forgettable([...known, doc])) {
      draft.delete("operation", id);
    }
    return doc;
  }

  /** The newest record of these kinds that made `target` what it is. */
  #latest(
    draft: Draft,
    kinds: readonly OperationKind[],
    target: string,
  ): OperationDoc | undefined {
    return operationsIn(draft)
      .filter((doc) => kinds.includes(doc.kind) && doc.target === target)
      .sort((a, b) => numberOf(b.id) - numberOf(a.id))[0];
  }

  async #ask(
    by: Actor,
    decide: (draft: Draft) => OperationDoc,
  ): Promise<Operation> {
    return shown(await this.#change("operate", decide, by));
  }

  // ---- workers ----------------------------------------------------------

  #setCordon(
    draft: Draft,
    doc: WorkerDoc,
    cordon: WorkerDoc["cordon"],
  ): void {
    draft.put("worker", doc.name, { ...doc, cordon });
  }

  #cordoned(by: Actor, reason: string): NonNullable<WorkerDoc["cordon"]> {
    const { role, name, tokenId } = by;
    return {
      by: { role, name, tokenId },
      reason,
      atMs: this.#state.clock.now(),
    };
  }

  /** Places no new VMs on a worker; what runs there goes on. */
  cordon(worker: string, reason: string, by: Actor): Promise<Operation> {
    return this.#ask(by, (draft) => {
      const doc = this.#worker(draft, worker);
      if (doc.cordon !== null) {
        const known = this.#latest(draft, ["cordon", "drain"], worker);
        if (known !== undefined) return known;
      } else this.#setCordon(draft, doc, this.#cordoned(by, reason));
      const message = doc.cordon === null
        ? `${worker} takes no new VMs`
        : `${worker} took no new VMs already`;
      return this.#record(draft, {
        kind: "cordon",
        target: worker,
        by,
        reason,
        message,
      });
    });
  }

  uncordon(worker: string, by: Actor): Promise<Operation> {
    return this.#ask(by, (draft) => {
      const doc = this.#worker(draft, worker);
      const drain = runningOf(operationsIn(draft), "drain", worker);
      if (drain !== undefined) {
        throw new AppError(
          "refused",
          `Cannot uncordon ${worker}: ${drain.id} drains it`,
          { hint: `stop that first: procurator cancel ${drain.id}` },
        );
      }
      if (doc.cordon === null) {
        const known = this.#latest(draft, ["uncordon"], worker);
        if (known !== undefined) return known;
      } else this.#setCordon(draft, doc, null);
      return this.#record(draft, {
        kind: "uncordon",
        target: worker,
        by,
        reason: "",
        message: doc.cordon === null
          ? `${worker} was not cordoned`
          : `${worker} takes new VMs again`,
      });
    });
  }

  /** Cordons a worker, then moves every VM away; 0: as long as it takes. */
  drain(
    worker: string,
    { deadlineMs, force, reason }: {
      deadlineMs: number;
      force: boolean;
      reason: string;
    },
    by: Actor,
  ): Promise<Operation> {
    return this.#ask(by, (draft) => {
      const doc = this.#worker(draft, worker);
      const deadlineAtMs = deadlineMs === 0
        ? null
        : this.#state.clock.now() + deadlineMs;
      const running = runningOf(operationsIn(draft), "drain", worker);
      if (running !== undefined) {
        const next = drainAgain(running, { deadlineAtMs, force });
        if (next !== running) draft.put("operation", next.id, next);
        return next;
      }
      if (doc.cordon === null) {
        this.#setCordon(
          draft,
          doc,
          this.#cordoned(by, reason === "" ? "it is drained" : reason),
        );
      }
      const total = [...draft.placementsOn(worker)].length;
      const begun = this.#record(draft, {
        kind: "drain",
        target: worker,
        by,
        reason,
        message: `${total} to move`,
        deadlineAtMs,
        force,
        total,
        isRunning: true,
      });
      // An empty worker is drained at once.
      const next = stepOperation(
        begun,
        this.#state.operationsView(draft),
        this.#state.clock.now(),
      );
      if (next !== begun) draft.put("operation", next.id, next);
      return next;
    });
  }

  /**
   * Forgets a lost worker without VMs; the volumes that were on it are given
   * up, which the record says.
   */
  removeWorker(worker: string, by: Actor): Promise<Operation> {
    return this.#ask(by, (draft) => {
      this.#worker(draft, worker);
      const liveness = this.#state.liveness(worker);
      if (liveness !== "lost") {
        throw new AppError(
          "refused",
          `Cannot remove ${worker}: it is ${liveness}, not lost`,
          { hint: "drain it, stop it, and wait until it is lost" },
        );
      }
      const copies = [...draft.placementsOn(worker)];
      const staying = copies.filter(({ leaving }) => !leaving);
      if (staying.length > 0) {
        const vms = staying.map(({ vm }) => vm).sort();
        throw new AppError(
          "refused",
          `Cannot remove ${worker}: there is no other place for ${
            namesOf(vms)
          }`,
          {
            hint:
              `make room elsewhere, or give up what they hold: procurator drain ${worker} --force`,
          },
        );
      }
      return this.#removeWorker(draft, { worker, copies, by });
    });
  }

  #removeWorker(
    draft: Draft,
    { worker, copies, by }: {
      worker: string;
      copies: readonly { vm: string; incarnation: number }[];
      by: Actor;
    },
  ): OperationDoc {
    for (const { vm, incarnation } of copies) {
      draft.delete("placement", `${vm}#${incarnation}`);
    }
    const volumes: string[] = [];
    for (const [vm, doc] of draft.entries("volume")) {
      if (doc.worker === worker) volumes.push(vm);
    }
    for (const vm of volumes) draft.delete("volume", vm);
    draft.delete("worker", worker);
    for (const doc of operationsIn(draft)) {
      if (doc.state !== "running" || doc.target !== worker) continue;
      const nowMs = this.#state.clock.now();
      const next = stepOperation(doc, this.#state.operationsView(draft), nowMs);
      if (next !== doc) draft.put("operation", doc.id, next);
    }
    const given = volumes.length === 0
      ? ""
      : `; the volumes of ${
        namesOf(volumes.sort())
      } were there and are given up`;
    return this.#record(draft, {
      kind: "removeWorker",
      target: worker,
      by,
      reason: "",
      message: `${worker} is forgotten${given}`,
    });
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
    return this.#ask(by, (draft) => {
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
      return this.#record(draft, {
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
    return this.#ask(by, (draft) => {
      const doc = this.#require(draft, id);
      const next = cancelled(doc, { by, nowMs: this.#state.clock.now() });
      if (next === doc) return doc;
      draft.put("operation", id, next);
      return next;
    });
  }

  // ---- rollouts ---------------------------------------------------------

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
      this.#record(draft, { kind, target: cluster, by, reason, message });
    }, by);
  }
}
