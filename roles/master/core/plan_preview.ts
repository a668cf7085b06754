/**
 * What a publish would do, before anybody publishes: the same functions that
 * decide for real are run on a copy of the cluster (plan_simulation.ts), and
 * what they came to is compared with what is there. Changes nothing and says
 * when nothing would happen.
 *
 * ```
 * decidePublish --refused--> (the sentence)
 *      '--admitted--> simulated to its end --> compared
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import type { PublishRequest } from "../../model/generation.ts";
import { intentHash } from "../../model/hashes.ts";
import { splitVmId, vmId } from "../../model/ids.ts";
import type { Plan, PlanChange, PlanRequest } from "../../model/plan.ts";
import type { PlacementDoc } from "./documents.ts";
import { admitGeneration, type ClusterState } from "./generations.ts";
import {
  Simulation,
  type SimulationInput,
  stateAfter,
} from "./plan_simulation.ts";
import { decidePublish, type PublishDecision } from "./publish.ts";
import { type Standing, wayOfChange } from "./plan_switch.ts";
import { type IntentView, intentView, type SpecView } from "./snapshot.ts";

/** The cluster as it is, and what is asked of it. The room is as before when the preview is made. */
export interface PreviewInput extends SimulationInput {
  request: PlanRequest;
  /** undefined: it was never published. */
  known: ClusterState | undefined;
  planRevision: number;
}

/** A plan without the closures, whose sizes the cache knows. */
export type Preview = Omit<Plan, "closures">;

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
function kindOf(
  ends: Ends,
  standing: Standing,
): Pick<PlanChange, "kind" | "reason"> {
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
    return wayOfChange(standing, { before, after, wanted }, reason);
  }
  if (before.worker !== after.worker) return { kind: "move", reason };
  return before.policyHash === after.policyHash
    ? { kind: "keep", reason: "" }
    : { kind: "relabel", reason };
}

function changesOf(
  before: Map<string, PlacementDoc>,
  { simulation, cluster, standing }: {
    simulation: Simulation;
    cluster: string;
    standing: Standing;
  },
  target: IntentView,
): PlanChange[] {
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
      ...kindOf(ends, standing),
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

/** Follows what was admitted to its end. */
function simulate(
  input: PreviewInput,
  publish: PublishRequest,
  { state, generation }: PublishDecision & { kind: "admit" },
): Simulation {
  // Under a hold it is what would happen once it ends.
  const free = { ...state, cluster: { ...state.cluster, held: false } };
  const change = admitGeneration(free, generation, input.nowMs);
  const { specs } = intentView(publish.generation, publish.vmSpecs);
  const simulation = new Simulation({
    ...input,
    specsOf: (cluster, hash) =>
      hash === publish.intentHash ? specs : input.specsOf(cluster, hash),
  }, stateAfter(free, change));
  input.room.tentatively(() => simulation.run(generation.vms));
  return simulation;
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
  const simulation = simulate(input, publish, decision);
  return {
    ...preview,
    changes: changesOf(
      mainCopies(input.placements),
      { simulation, cluster: request.cluster, standing: input },
      intentView(publish.generation, request.vmSpecs),
    ),
  };
}
