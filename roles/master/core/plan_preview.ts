/**
 * What a publish would do, before anybody publishes: the same functions that
 * decide for real are run on a copy of the cluster whose workers do what they
 * are told at once. Changes nothing and says when nothing would happen.
 *
 * ```
 * decidePublish --refused--> (the sentence)
 *      '--admitted--> planCluster, apply, all healthy --no action left--> promoted --no action left--> compare
 *                          '------------<------------'
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { intentHash } from "../../model/hashes.ts";
import { splitVmId, vmId } from "../../model/ids.ts";
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import type { Plan, PlanChange, PlanRequest } from "../../model/plan.ts";
import type { PublishRequest } from "../../model/generation.ts";
import { type Action, applyActions } from "./actions.ts";
import { type PlacementDoc, placementKey } from "./documents.ts";
import { admitGeneration, type ClusterState, promote } from "./generations.ts";
import type { PlanRoom } from "./plan_room.ts";
import { decidePublish } from "./publish.ts";
import { planCluster } from "./reconciler.ts";
import {
  type IntentView,
  intentView,
  Observations,
  SpecView,
  type WorkerView,
} from "./snapshot.ts";
import { targetOf, type TickInput, viewOf } from "./tick.ts";
import type { ClusterInput } from "./wanted.ts";

/** The cluster as it is, and what is asked of it. */
export interface PreviewInput
  extends Pick<TickInput, "workers" | "specsOf" | "nowMs"> {
  request: PlanRequest;
  /** undefined: it was never published. */
  known: ClusterState | undefined;
  /** All of the cluster, leaving ones included. */
  placements: readonly PlacementDoc[];
  /** What is free as far as it is committed; as before when the preview is made. */
  room: PlanRoom;
  planRevision: number;
  moves: ClusterInput["moves"];
  volumeOf: ClusterInput["volumeOf"];
}

/** A plan without the closures, whose sizes the cache knows. */
export type Preview = Omit<Plan, "closures">;

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

function hasty(view: IntentView | null): IntentView | null {
  if (view === null) return null;
  const specs = new Map(
    [...view.specs].map(([name, spec]) => [name, new HastySpec(spec)]),
  );
  return { ...view, specs };
}

/** The report of a worker that has done all it was told. */
function successOf(placement: PlacementDoc): ObservedVm {
  return {
    vm: placement.vm,
    incarnation: placement.incarnation,
    state: "Running",
    runtimeHash: placement.runtimeHash,
    generation: placement.generation,
    health: "healthy",
    healthyForMs: 0,
    settled: true,
    restarts: 0,
    address: "",
    ports: [],
    rolledBack: null,
    hostFailure: null,
    message: "",
    seconds: { copy: null, boot: null, healthy: null },
    closureBytes: null,
  };
}

class Simulation {
  readonly #input: PreviewInput;
  readonly #placements = new Map<string, PlacementDoc>();
  readonly #revisions = new Map<string, number>();
  readonly #views = new Map<number, IntentView | null>();
  /** The first action on each VM says why it changes. */
  readonly reasons = new Map<string, string>();
  state: ClusterState;
  #report: ReadonlyMap<string, string> = new Map();
  /** False: the bound was reached first. */
  #isDone = false;

  constructor(input: PreviewInput, state: ClusterState) {
    this.#input = input;
    this.state = state;
    for (const placement of input.placements) {
      this.#placements.set(placementKey(placement), placement);
    }
  }

  /** The generation that is not stored anywhere. */
  setView(view: IntentView): void {
    this.#views.set(view.generation, hasty(view));
  }

  get placements(): Iterable<PlacementDoc> {
    return this.#placements.values();
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
      const isReal = step === 0;
      workers = this.#afterSuccess();
      if (actions.length > 0 || isReal) continue;
      if (this.state.cluster.rollout?.state !== "running") {
        this.#isDone = true;
        return;
      }
      const { cluster, generations } = promote(this.state, this.#input.nowMs);
      const all = new Map(this.state.generations);
      for (const doc of generations) all.set(doc.generation, doc);
      this.state = { cluster, generations: all };
    }
  }

  /** Why a VM is not where it should be, after the last step. */
  problem(vm: string): string | undefined {
    const told = this.#report.get(vm);
    if (told === undefined || this.#isDone) return told;
    return `${told} (the plan has too many steps to be followed further)`;
  }

  #step(workers: ReadonlyMap<string, WorkerView>): Action[] {
    const { room } = this.#input;
    const input = this.#clusterInput(workers);
    const plan = room.tentatively(() => planCluster(input, room));
    this.#report = plan.report;
    this.state = {
      ...this.state,
      cluster: { ...this.state.cluster, incarnations: plan.incarnations },
    };
    for (const { before, after, reason, kind } of plan.actions) {
      const vm = (after ?? before)?.vm;
      const isQuiet = kind === "forget" || kind === "settle";
      if (vm !== undefined && !isQuiet && !this.reasons.has(vm)) {
        this.reasons.set(vm, reason);
      }
    }
    this.#apply(plan.actions);
    return plan.actions;
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

  #view(generation: number): IntentView | null {
    const known = this.#views.get(generation);
    if (known !== undefined) return known;
    const view = hasty(viewOf(this.state, generation, this.#input.specsOf));
    this.#views.set(generation, view);
    return view;
  }

  #clusterInput(workers: ReadonlyMap<string, WorkerView>): ClusterInput {
    const { cluster, generations } = this.state;
    const { mode, generation } = targetOf(this.state);
    const fallback = mode === "rolling" ? cluster.active : cluster.previous;
    return {
      cluster: cluster.name,
      mode,
      isPaused: false,
      // People would promote canaries that are healthy, as these are.
      isPromoted: true,
      target: this.#view(generation),
      fallback: this.#view(fallback),
      placements: [...this.#placements.values()],
      incarnations: cluster.incarnations,
      observed: new Observations(workers),
      specOf: (number, vm) => this.#view(number)?.specs.get(vm),
      moves: this.#input.moves,
      volumeOf: this.#input.volumeOf,
      policy: generations.get(generation)?.placement ?? "spread",
      isProven: (number) => generations.get(number)?.wasActive ?? true,
      nowMs: this.#input.nowMs,
    };
  }

  #afterSuccess(): Map<string, WorkerView> {
    const vms = new Map<string, ObservedVm[]>();
    for (const placement of this.#placements.values()) {
      if (placement.leaving) continue;
      const list = vms.get(placement.worker) ?? [];
      list.push(successOf(placement));
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

/** The copy of each VM that counts: the main one, else the one beside it. */
function mainCopies(
  placements: Iterable<PlacementDoc>,
): Map<string, PlacementDoc> {
  const main = new Map<string, PlacementDoc>();
  for (const placement of placements) {
    if (placement.leaving) continue;
    const known = main.get(placement.vm);
    if (known === undefined || known.surge) main.set(placement.vm, placement);
  }
  return main;
}

function requestOf(input: PreviewInput): PublishRequest {
  const { request, known } = input;
  const highest = known?.cluster.highest ?? 0;
  return {
    cluster: request.cluster,
    repository: request.repository ?? known?.cluster.repository ??
      request.cluster,
    commit: request.commit ?? "0".repeat(40),
    generation: highest + 1,
    parent: highest,
    intentHash: intentHash(request.vmSpecs),
    placement: request.placement,
    vmSpecs: request.vmSpecs,
  };
}

interface Ends {
  before: PlacementDoc | undefined;
  after: PlacementDoc | undefined;
  /** The runtimeHash it should have; undefined: it should not be. */
  wanted: SpecView | undefined;
  reason: string | undefined;
  /** Why it is not where it should be, when nothing more is done. */
  problem: string | undefined;
}

/** What becomes of one VM, and why. */
function kindOf(ends: Ends): Pick<PlanChange, "kind" | "reason"> {
  const { before, after, wanted, reason = "", problem } = ends;
  if (wanted === undefined) {
    return after === undefined
      ? { kind: "destroy", reason }
      : { kind: "pending", reason: problem ?? reason };
  }
  const isThere = after?.runtimeHash === wanted.runtimeHash;
  if (after === undefined || !isThere || problem !== undefined) {
    const why = problem ?? reason;
    return { kind: "pending", reason: why === "" ? "it waits" : why };
  }
  if (before === undefined) return { kind: "create", reason };
  if (before.runtimeHash !== after.runtimeHash) {
    return { kind: "replace", reason };
  }
  if (before.worker !== after.worker) return { kind: "move", reason };
  return before.policyHash === after.policyHash
    ? { kind: "keep", reason: "" }
    : { kind: "relabel", reason };
}

function changesOf(
  before: Map<string, PlacementDoc>,
  simulation: Simulation,
  target: IntentView,
): PlanChange[] {
  const cluster = simulation.state.cluster.name;
  const after = mainCopies(simulation.placements);
  const wanted = new Map<string, SpecView>();
  for (const [name, view] of target.specs) {
    for (let ordinal = 0; ordinal < view.spec.replicas; ordinal++) {
      wanted.set(vmId(cluster, name, ordinal), view);
    }
  }
  const ids = new Set([...before.keys(), ...after.keys(), ...wanted.keys()]);
  return [...ids].sort(byVm).map((vm) => {
    const told = simulation.problem(vm);
    const ends = {
      before: before.get(vm),
      after: after.get(vm),
      wanted: wanted.get(vm),
      reason: simulation.reasons.get(vm),
      problem: told,
    };
    return {
      vm,
      ...kindOf(ends),
      fromWorker: ends.before?.worker ?? "",
      toWorker: ends.after?.worker ?? "",
    };
  });
}

/** By name, then by ordinal as a number. */
function byVm(a: string, b: string): number {
  const [one, other] = [splitVmId(a), splitVmId(b)];
  if (one.vm !== other.vm) return one.vm < other.vm ? -1 : 1;
  return one.ordinal - other.ordinal;
}

/** Why it would wait; null: it would not. */
function heldOf(known: ClusterState | undefined): string | null {
  if (known?.cluster.held !== true) return null;
  return `held at ${known.cluster.active}: it would wait until procurator resume`;
}

function refusal(error: unknown): string {
  if (error instanceof AppError) return error.message;
  throw error;
}

/** What would happen if this were published now. */
export function previewPlan(input: PreviewInput): Preview {
  const { known, nowMs, request } = input;
  const publish = requestOf(input);
  const preview: Preview = {
    cluster: request.cluster,
    planRevision: input.planRevision,
    activeGeneration: known?.cluster.active ?? 0,
    nextGeneration: publish.generation,
    commit: request.commit ?? "",
    intentHash: publish.intentHash,
    refused: null,
    held: heldOf(known),
    changes: [],
  };
  const docs = [...input.workers.values()].map(({ doc }) => doc);
  let decision: ReturnType<typeof decidePublish>;
  try {
    decision = decidePublish(publish, known, docs, {
      planRevision: () => input.planRevision,
      nowMs,
    });
  } catch (error) {
    return { ...preview, refused: refusal(error) };
  }
  if (decision.kind === "repeat") return preview;
  const { cluster, generations } = decision.state;
  const change = admitGeneration(
    // Under a hold it is what would happen once it ends.
    { cluster: { ...cluster, held: false }, generations },
    decision.generation,
    nowMs,
  );
  const after = new Map(generations);
  for (const doc of change.generations) after.set(doc.generation, doc);
  const simulation = new Simulation(input, {
    cluster: change.cluster,
    generations: after,
  });
  const target = intentView(publish.generation, request.vmSpecs);
  simulation.setView(target);
  const instances = decision.generation.vms;
  input.room.tentatively(() => simulation.run(instances));
  return {
    ...preview,
    changes: changesOf(
      mainCopies(input.placements),
      simulation,
      target,
    ),
  };
}
