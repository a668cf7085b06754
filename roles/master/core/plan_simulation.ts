/**
 * A cluster whose workers do at once, and with success, what they are told:
 * the reconciler is run on it step by step until it has nothing left to do.
 * Takes from the room and gives back as the plan goes, so it is run within
 * {@linkcode PlanRoom.tentatively}. Stores nothing and compares nothing.
 *
 * ```
 * planCluster --actions--> apply --> all healthy --no action--> promoted --no action--> done
 *     '------------<-------------<-------'------------<----------'
 * ```
 *
 * @module
 */
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import { type Action, applyActions } from "./actions.ts";
import { type PlacementDoc, placementKey } from "./documents.ts";
import {
  type ClusterChange,
  type ClusterState,
  promote,
} from "./generations.ts";
import { healthyVm } from "./healthy_vm.ts";
import type { PlanRoom } from "./plan_room.ts";
import { planCluster } from "./reconciler.ts";
import { judgeRollout } from "./rollout.ts";
import { Observations, SpecView, type WorkerView } from "./snapshot.ts";
import { clusterInput, type DecisionInput, type TickInput } from "./tick.ts";
import type { ClusterInput } from "./wanted.ts";

/** What the simulated cluster begins with. */
export interface SimulationInput
  extends Omit<DecisionInput, "observed">, Pick<TickInput, "workers"> {
  /** All of the cluster, leaving ones included. */
  placements: readonly PlacementDoc[];
  room: PlanRoom;
}

/**
 * Instances looked at over all steps, at some 3 us each: a second of the
 * master's time. 10,000 instances get 30 steps, of which a thousand updates
 * fit into each; only a chain of dependsOn that is longer is cut.
 */
const MAX_LOOKS = 300_000;
/** Steps at least and at most: a small cluster's chain of dependsOn is followed to its end. */
const MIN_STEPS = 20;
const MAX_STEPS = 1000;
/** As many updates at once as an intent may ask for: the steps differ, what they come to does not. */
const MAX_PARALLEL = 1000;

/** A spec that is updated in as few steps as possible; its hashes are the real one's. */
class HastySpec extends SpecView {
  readonly #real: SpecView;

  constructor(real: SpecView) {
    const { minAvailable: _all, ...update } = real.spec.update;
    super({ ...real.spec, update: { ...update, maxParallel: MAX_PARALLEL } });
    this.#real = real;
  }

  override get runtimeHash(): string {
    return this.#real.runtimeHash;
  }

  override get policyHash(): string {
    return this.#real.policyHash;
  }
}

function succeeded(
  view: WorkerView,
  report: WorkerReport,
  vms: ObservedVm[],
): WorkerReport {
  return {
    ...report,
    leaseEpoch: view.epoch,
    revision: Number.MAX_SAFE_INTEGER,
    vms,
  };
}

/** A cluster as it would be after a change. */
export function stateAfter(
  state: ClusterState,
  change: ClusterChange,
): ClusterState {
  const generations = new Map(state.generations);
  for (const doc of change.generations) generations.set(doc.generation, doc);
  return { cluster: change.cluster, generations };
}

export class Simulation {
  readonly #input: SimulationInput;
  readonly #placements = new Map<string, PlacementDoc>();
  readonly #revisions = new Map<string, number>();
  /** By intentHash. */
  readonly #specs = new Map<
    string,
    ReadonlyMap<string, SpecView> | undefined
  >();
  /** The first action on each VM says why it changes. */
  readonly reasons = new Map<string, string>();
  #state: ClusterState;
  /** What the last step said of VMs; null before the first. */
  #report: ReadonlyMap<string, string> | null = null;
  /** False: the bound was reached first. */
  #isDone = false;

  constructor(input: SimulationInput, state: ClusterState) {
    this.#input = input;
    const { cluster } = state;
    this.#state = {
      ...state,
      cluster: {
        ...cluster,
        rollout: cluster.rollout === null
          ? null
          // People would promote canaries that are healthy, as these are.
          : { ...cluster.rollout, isPromoted: true },
      },
    };
    for (const placement of input.placements) {
      this.#placements.set(placementKey(placement), placement);
    }
  }

  get placements(): Iterable<PlacementDoc> {
    return this.#placements.values();
  }

  /** Why a VM is not where it should be, after the last step. */
  problem(vm: string): string | undefined {
    const told = this.#report?.get(vm);
    if (told === undefined || this.#isDone) return told;
    return `${told} (the plan has too many steps to be followed further)`;
  }

  run(instances: number): void {
    const perStep = Math.max(1, instances, this.#placements.size);
    const steps = Math.min(
      MAX_STEPS,
      Math.max(MIN_STEPS, Math.floor(MAX_LOOKS / perStep)),
    );
    // The first look is at what is really there: trouble that the cluster has is part of what would happen.
    let workers: ReadonlyMap<string, WorkerView> = this.#input.workers;
    for (let step = 0; step < steps; step++) {
      const actions = this.#step(workers);
      workers = this.#afterSuccess();
      if (actions.length > 0 || step === 0) continue;
      if (!this.#succeeds(workers)) {
        this.#isDone = true;
        return;
      }
      const change = promote(this.#state, this.#input.nowMs);
      this.#state = stateAfter(this.#state, change);
    }
  }

  /** There is a rollout, and nothing that it waits for: what has no room holds it up for real as well. */
  #succeeds(workers: ReadonlyMap<string, WorkerView>): boolean {
    if (this.#state.cluster.rollout?.state !== "running") return false;
    const cluster = this.#clusterInput(workers);
    if (cluster.target === null) return false;
    const verdict = judgeRollout({
      cluster,
      target: cluster.target,
      report: this.#report ?? new Map(),
      progress: undefined,
      bootMs: 0,
    });
    return verdict.kind === "successful";
  }

  #step(workers: ReadonlyMap<string, WorkerView>): Action[] {
    const { room } = this.#input;
    const input = this.#clusterInput(workers);
    const plan = room.tentatively(() => planCluster(input, room));
    this.#report = plan.report;
    const { incarnations } = plan;
    const cluster = { ...this.#state.cluster, incarnations };
    this.#state = { ...this.#state, cluster };
    this.#remember(plan.actions);
    this.#apply(plan.actions);
    return plan.actions;
  }

  #clusterInput(workers: ReadonlyMap<string, WorkerView>): ClusterInput {
    return clusterInput(
      {
        ...this.#input,
        observed: new Observations(workers),
        specsOf: (cluster, hash) => this.#specsOf(cluster, hash),
        reports: this.#report === null
          ? this.#input.reports
          : new Map([[this.#state.cluster.name, this.#report]]),
      },
      this.#state,
      [...this.#placements.values()],
    );
  }

  #remember(actions: readonly Action[]): void {
    for (const { before, after, reason, kind } of actions) {
      const vm = (after ?? before)?.vm;
      const isQuiet = kind === "forget" || kind === "settle";
      if (vm === undefined || isQuiet || this.reasons.has(vm)) continue;
      this.reasons.set(vm, reason);
    }
  }

  #apply(actions: readonly Action[]): void {
    const applied = applyActions(
      actions,
      (worker) => this.#revisions.get(worker) ?? 0,
    );
    for (const doc of applied.put) this.#put(placementKey(doc), doc);
    for (const key of applied.removed) this.#put(key, null);
    for (const [worker, revision] of applied.revisions) {
      this.#revisions.set(worker, revision);
    }
  }

  #put(key: string, doc: PlacementDoc | null): void {
    const before = this.#placements.get(key);
    if (before !== undefined) this.#input.room.release(before);
    if (doc === null) this.#placements.delete(key);
    else {
      this.#placements.set(key, doc);
      this.#input.room.take(doc);
    }
  }

  #specsOf(
    cluster: string,
    intentHash: string,
  ): ReadonlyMap<string, SpecView> | undefined {
    const known = this.#specs.get(intentHash);
    if (known !== undefined) return known;
    const real = this.#input.specsOf(cluster, intentHash);
    if (real === undefined) return undefined;
    const hasty = new Map(
      [...real].map(([name, view]) => [name, new HastySpec(view)]),
    );
    this.#specs.set(intentHash, hasty);
    return hasty;
  }

  #afterSuccess(): Map<string, WorkerView> {
    const vms = new Map<string, ObservedVm[]>();
    for (const placement of this.#placements.values()) {
      if (placement.leaving) continue;
      const list = vms.get(placement.worker) ?? [];
      list.push(healthyVm(placement));
      vms.set(placement.worker, list);
    }
    const views = new Map<string, WorkerView>();
    for (const [name, view] of this.#input.workers) {
      views.set(name, {
        ...view,
        report: view.report === null
          ? null
          : succeeded(view, view.report, vms.get(name) ?? []),
      });
    }
    return views;
  }
}
