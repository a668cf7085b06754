/**
 * One look at some clusters: for each what its rollout came to, which
 * generation is the target, the plan towards it, and when to look again. A
 * pure function of documents, reports and the two clocks: the room it takes
 * from is as before when it returns. Which clusters are due is agenda.ts's
 * business, applying the plan apply.ts's.
 *
 * @module
 */
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Action } from "./actions.ts";
import type { Looked } from "./agenda.ts";
import type { GenerationDoc, PlacementDoc, VolumeDoc } from "./documents.ts";
import {
  type ClusterChange,
  type ClusterState,
  failRollout,
  promote,
} from "./generations.ts";
import type { Room } from "./placing.ts";
import type { PlanRoom } from "./plan_room.ts";
import { type ClusterPlan, planCluster } from "./reconciler.ts";
import { judgeRollout, type Progress, type Verdict } from "./rollout.ts";
import { promoteCanaries, type Trial } from "./rollout_requests.ts";
import type { ClusterInput, MoveRequest, PlanMode } from "./wanted.ts";
import {
  type IntentView,
  type Observations,
  type SpecView,
  type WorkerView,
} from "./snapshot.ts";
import {
  type AcknowledgedBy,
  acknowledgements,
  isSameSeconds,
  stageSeconds,
} from "./stages.ts";

/**
 * A cluster that is not at rest is looked at again after as long without a
 * hint: rollouts have deadlines, and it is what a missed hint costs there.
 */
const UNSETTLED_MS = 1000;
/** And longer when it is large: a look costs some microseconds per VM, so this keeps it below a percent of the time. */
const UNSETTLED_MS_PER_VM = 1;

export interface TickInput {
  /** Those to be looked at, in this order. */
  clusters: readonly ClusterState[];
  /** All of a cluster, leaving ones included. */
  placementsOf(cluster: string): readonly PlacementDoc[];
  /** Of all clusters: walks everything when it is read, so not in a tick. */
  readonly placements: readonly PlacementDoc[];
  workers: ReadonlyMap<string, WorkerView>;
  observed: Observations;
  /** What is free as far as it is committed. */
  room: PlanRoom;
  acknowledgedBy: AcknowledgedBy;
  /** The specs of an intent by VM name; undefined when it is not kept. */
  specsOf(
    cluster: string,
    intentHash: string,
  ): ReadonlyMap<string, SpecView> | undefined;
  /** Where operators want VMs to go, by VM id. */
  moves: ReadonlyMap<string, MoveRequest>;
  /** The worker that has this instance's volumes; undefined: none has. */
  volumeOf(vm: string): string | undefined;
  /** How much of a spec's closure each worker has, from 0 to 1; undefined: not known. */
  closureShareOf?(spec: VmSpec): ((worker: string) => number) | undefined;
  progress: ReadonlyMap<string, Progress>;
  reports: ReadonlyMap<string, ReadonlyMap<string, string>>;
  nowMs: number;
  bootMs: number;
}

/** The part of it that decisions about one cluster need. */
export type DecisionInput = Pick<
  TickInput,
  | "specsOf"
  | "nowMs"
  | "observed"
  | "moves"
  | "volumeOf"
  | "closureShareOf"
  | "reports"
>;

/** What is to be done for one cluster. */
export interface ClusterTick {
  change: ClusterChange;
  /** False when the documents of `change` are as they were. */
  isChanged: boolean;
  actions: Action[];
  report: Map<string, string>;
  progress: Progress | undefined;
  /** Instances whose volumes have come to be on a worker. */
  volumes: VolumeDoc[];
  looked: Looked;
}

/** Which generation VMs move towards, and how. */
export function targetOf(
  state: ClusterState,
): { mode: PlanMode; generation: number } {
  const { rollout, active } = state.cluster;
  if (rollout?.state === "running" || rollout?.state === "paused") {
    return { mode: "rolling", generation: rollout.generation };
  }
  if (rollout?.state === "failed" && !rollout.revert) {
    return { mode: "frozen", generation: rollout.generation };
  }
  return { mode: "settled", generation: active };
}

/** The view of one generation; null for 0 and for one that is not kept. */
export function viewOf(
  state: ClusterState,
  generation: number,
  specsOf: TickInput["specsOf"],
): IntentView | null {
  const doc = state.generations.get(generation);
  if (doc === undefined) return null;
  const specs = specsOf(state.cluster.name, doc.intentHash);
  return specs === undefined ? null : { generation, specs };
}

function withChange(state: ClusterState, change: ClusterChange): ClusterState {
  const generations = new Map(state.generations);
  for (const doc of change.generations) generations.set(doc.generation, doc);
  return { cluster: change.cluster, generations };
}

class ClusterTicker {
  readonly #input: TickInput;
  #state: ClusterState;
  readonly #changed = new Map<number, GenerationDoc>();
  #isChanged = false;
  #placements: readonly PlacementDoc[];
  #progress: Progress | undefined;

  constructor(input: TickInput, state: ClusterState) {
    this.#input = input;
    this.#state = state;
    this.#placements = input.placementsOf(state.cluster.name);
  }

  run(room: Room): ClusterTick {
    const fresh = this.#acknowledge();
    this.#measure(fresh);
    this.#judge();
    const plan = this.#plan(room);
    if (plan.incarnations !== this.#state.cluster.incarnations) {
      const { incarnations } = plan;
      this.#accept({
        cluster: { ...this.#state.cluster, incarnations },
        generations: [],
      });
    }
    return {
      change: {
        cluster: this.#state.cluster,
        generations: [...this.#changed.values()],
      },
      isChanged: this.#isChanged,
      actions: [...fresh, ...plan.actions],
      report: plan.report,
      progress: this.#progress,
      volumes: plan.volumes,
      looked: this.#looked(plan),
    };
  }

  /** How this look leaves the cluster; what it changes is a hint by itself. */
  #looked({ actions, report, lookAgainAtMs }: ClusterPlan): Looked {
    const { bootMs, nowMs } = this.#input;
    const placed = actions.filter(({ kind }) => kind === "place").length;
    const isWaiting = this.#state.cluster.rollout?.state === "running" ||
      report.size > placed ||
      this.#placements.some(({ leaving }) => leaving);
    let inMs = isWaiting
      ? Math.max(UNSETTLED_MS, UNSETTLED_MS_PER_VM * this.#placements.length)
      : Infinity;
    if (lookAgainAtMs !== null) inMs = Math.min(inMs, lookAgainAtMs - nowMs);
    return {
      lookAgainAtMs: inMs === Infinity ? null : bootMs + inMs,
      isWaiting,
    };
  }

  #accept(change: ClusterChange): void {
    this.#isChanged = true;
    this.#state = withChange(this.#state, change);
    for (const doc of change.generations) {
      this.#changed.set(doc.generation, doc);
    }
  }

  #acknowledge(): Action[] {
    const fresh = acknowledgements(
      this.#placements,
      (worker) => this.#input.workers.get(worker)?.epoch ?? 0,
      this.#input.acknowledgedBy,
    );
    if (fresh.length === 0) return fresh;
    const after = new Map(fresh.map((action) => [action.before, action.after]));
    this.#placements = this.#placements.map((placement) =>
      after.get(placement) ?? placement
    );
    return fresh;
  }

  #measure(fresh: readonly Action[]): void {
    const { rollout } = this.#state.cluster;
    if (rollout?.state !== "running" && rollout?.state !== "paused") return;
    const doc = this.#state.generations.get(rollout.generation);
    if (doc === undefined) return;
    const seconds = stageSeconds(
      doc,
      rollout.startedAtMs === 0 ? doc.publishedAtMs : rollout.startedAtMs,
      this.#placements,
      fresh,
      this.#input.observed,
      this.#input.acknowledgedBy,
    );
    if (isSameSeconds(seconds, doc.seconds)) return;
    this.#accept({
      cluster: this.#state.cluster,
      generations: [{ ...doc, seconds }],
    });
  }

  #judge(): void {
    const { rollout } = this.#state.cluster;
    if (rollout?.state !== "running") return;
    const verdict = judge(this.#input, this.#state, this.#placements);
    const { nowMs } = this.#input;
    if (verdict.kind === "successful") {
      this.#accept(promote(this.#state, nowMs));
    } else if (verdict.kind === "failed") {
      this.#accept(failRollout(this.#state, verdict, nowMs));
    } else if (verdict.kind === "promoted") {
      this.#accept(promoteCanaries(this.#state, { kind: "ready" }));
    } else this.#progress = verdict.progress;
  }

  #plan(room: Room): ClusterPlan {
    const input = clusterInput(this.#input, this.#state, this.#placements);
    const plan = planCluster(input, room);
    const { waits, lacking } = plan;
    // What the next look at the rollout has to know of this plan.
    if (this.#progress !== undefined) {
      this.#progress = { ...this.#progress, waits, lacking };
    }
    return plan;
  }
}

/** What decisions about one cluster look at. */
export function clusterInput(
  input: DecisionInput,
  state: ClusterState,
  placements: readonly PlacementDoc[],
): ClusterInput {
  const { specsOf, nowMs, observed, moves, volumeOf } = input;
  const { cluster, generations } = state;
  const { mode, generation } = targetOf(state);
  const fallback = mode === "rolling"
    ? cluster.active
    : mode === "settled"
    ? cluster.previous
    : 0;
  const lastReport = input.reports.get(cluster.name);
  return {
    cluster: cluster.name,
    mode,
    ...(lastReport === undefined ? {} : { lastReport }),
    isPaused: cluster.rollout?.state === "paused",
    isPromoted: cluster.rollout?.isPromoted ?? false,
    target: viewOf(state, generation, specsOf),
    fallback: viewOf(state, fallback, specsOf),
    placements,
    incarnations: cluster.incarnations,
    observed,
    specOf: (number, vm) => {
      const doc = generations.get(number);
      return doc === undefined
        ? undefined
        : specsOf(cluster.name, doc.intentHash)?.get(vm);
    },
    moves,
    volumeOf,
    policy: generations.get(generation)?.placement ?? "spread",
    ...(input.closureShareOf === undefined
      ? {}
      : { closureShareOf: input.closureShareOf }),
    // Of one that is no longer kept nothing is known against it.
    isProven: (number) => generations.get(number)?.wasActive ?? true,
    nowMs,
  };
}

function judge(
  input: TickInput,
  state: ClusterState,
  placements: readonly PlacementDoc[],
): Verdict {
  const { name } = state.cluster;
  const cluster = clusterInput(input, state, placements);
  const { target } = cluster;
  if (target === null) {
    throw new Error(`the specs that "${name}" is rolled to are not there`);
  }
  return judgeRollout({
    cluster,
    target,
    report: input.reports.get(name) ?? new Map(),
    progress: input.progress.get(name),
    bootMs: input.bootMs,
  });
}

/** Plans the clusters in the order given; what one takes the next does not get. */
export function planTick(input: TickInput): ClusterTick[] {
  const { clusters, room } = input;
  return room.tentatively(() =>
    clusters.map((state) => new ClusterTicker(input, state).run(room))
  );
}

/** A rollout as it is shown: how far it is, and what it waits on. */
export interface RolloutView {
  message: string;
  waitingOn: string | null;
  /** Whether there is something to promote. */
  trial: Trial;
}

/** What a rollout that is under way waits for, in words: computed when asked. */
export function viewRollout(
  input: TickInput,
  state: ClusterState,
): RolloutView {
  const { rollout, name } = state.cluster;
  const message = rollout?.message ?? "";
  const trial: Trial = { kind: "none" };
  if (rollout?.state !== "running" && rollout?.state !== "paused") {
    return { message, waitingOn: null, trial };
  }
  const verdict = judge(input, state, input.placementsOf(name));
  if (rollout.state === "paused") {
    const why = message === "" ? "paused" : `paused: ${message}`;
    return {
      message: verdict.kind === "running" ? `${why}; ${verdict.message}` : why,
      waitingOn: `an operator: procurator resume ${name}`,
      trial: verdict.kind === "running" ? verdict.trial : trial,
    };
  }
  if (verdict.kind === "running") return verdict;
  return { message: verdict.kind, waitingOn: null, trial };
}
