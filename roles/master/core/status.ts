/**
 * What is shown of a cluster: desired, observed, drift, convergence, and for
 * each VM why it is not where it should be. Reads only.
 *
 * @module
 */
import type { GenerationSummary } from "../../model/generation.ts";
import { vmId } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import {
  type ClusterStatus,
  convergencePercent,
  type VmStatus,
  type WorkerStatus,
} from "../../model/status.ts";
import { type GenerationDoc, type PlacementDoc } from "./documents.ts";
import type { ClusterState } from "./generations.ts";
import { copyIn, refusedReason, type WorkerView } from "./snapshot.ts";
import { targetOf, type TickInput, viewOf, viewRollout } from "./tick.ts";

/** The last report of a copy, unless its worker is lost. */
function lastSeen(
  input: TickInput,
  placement: PlacementDoc,
): ObservedVm | undefined {
  const worker = input.workers.get(placement.worker);
  if (worker === undefined || worker.report === null) return undefined;
  if (worker.state === "lost") return undefined;
  return copyIn(worker.report, placement);
}

export function workerStatus(
  input: TickInput,
  { doc, state, epoch }: WorkerView,
): WorkerStatus {
  return {
    id: doc.name,
    state,
    epoch,
    capacity: { ...doc.capacity },
    free: { ...(input.room.workers.get(doc.name)?.free ?? doc.capacity) },
    attributes: { ...doc.attributes },
    versions: { ...doc.versions },
    cordoned: doc.cordon === null
      ? null
      : `${doc.cordon.by.name}: ${doc.cordon.reason}`,
  };
}

/** Every worker with what it has left. */
export function workerStatuses(input: TickInput): WorkerStatus[] {
  return [...input.workers.values()].map((view) => workerStatus(input, view))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function messageOf(
  placement: PlacementDoc,
  seen: ObservedVm | undefined,
  worker: WorkerView | undefined,
  told: string | undefined,
): string {
  const refused = refusedReason(placement, seen);
  if (worker === undefined || worker.state !== "alive") {
    return told ?? `${placement.worker} is ${worker?.state ?? "unknown"}`;
  }
  if (refused !== null) return `rolled back: ${refused}`;
  const failure = seen?.hostFailure ?? null;
  if (failure !== null) return `${failure.kind}: ${failure.message}`;
  if (told?.startsWith("placed on") === true && seen !== undefined) {
    return seen.message;
  }
  return told ?? seen?.message ?? `waits for ${placement.worker} to report it`;
}

/** Where it is reached, as its worker says; else where it will be. */
function addressOf(
  { address = "" }: PlacementDoc,
  seen: ObservedVm | undefined,
): string {
  return seen === undefined || seen.address === "" ? address : seen.address;
}

function placedStatus(
  placement: PlacementDoc,
  desired: string | null,
  seen: ObservedVm | undefined,
  worker: WorkerView | undefined,
  told: string | undefined,
): VmStatus {
  const observed = seen?.runtimeHash ?? null;
  const isRefused = refusedReason(placement, seen) !== null;
  return {
    id: placement.vm,
    incarnation: placement.incarnation,
    worker: placement.worker,
    desired,
    observed,
    generation: observed === null ? 0 : seen?.generation ?? 0,
    state: seen?.state ?? "Created",
    health: seen?.health ?? "unknown",
    // A change the worker refused is told as rolled back, not as drift.
    drift: observed !== desired && !isRefused,
    address: addressOf(placement, seen),
    restarts: seen?.restarts ?? 0,
    message: messageOf(placement, seen, worker, told),
    surge: placement.surge,
  };
}

function unplacedStatus(id: string, desired: string, told: string): VmStatus {
  return {
    id,
    incarnation: 0,
    worker: "",
    desired,
    observed: null,
    generation: 0,
    state: "Created",
    health: "unknown",
    drift: true,
    address: "",
    restarts: 0,
    message: told,
    surge: false,
  };
}

/** The desired runtimeHash by VM id. */
function desiredHashes(
  input: TickInput,
  state: ClusterState,
): Map<string, string> {
  const desired = new Map<string, string>();
  const { generation } = targetOf(state);
  const view = viewOf(state, generation, input.specsOf);
  for (const [name, spec] of view?.specs ?? []) {
    for (let ordinal = 0; ordinal < spec.spec.replicas; ordinal++) {
      desired.set(vmId(state.cluster.name, name, ordinal), spec.runtimeHash);
    }
  }
  return desired;
}

function vmStatuses(input: TickInput, state: ClusterState): VmStatus[] {
  const desired = desiredHashes(input, state);
  const report = input.reports.get(state.cluster.name);
  const vms: VmStatus[] = [];
  const placed = new Set<string>();
  for (const placement of input.placementsOf(state.cluster.name)) {
    const worker = input.workers.get(placement.worker);
    const found = lastSeen(input, placement);
    // What leaves counts as long as its worker says that it is there.
    if (placement.leaving && found === undefined) continue;
    if (!placement.leaving) placed.add(placement.vm);
    vms.push(placedStatus(
      placement,
      placement.leaving ? null : desired.get(placement.vm) ?? null,
      found,
      worker,
      placement.leaving ? "is being stopped" : report?.get(placement.vm),
    ));
  }
  for (const [id, hash] of desired) {
    if (placed.has(id)) continue;
    vms.push(unplacedStatus(id, hash, report?.get(id) ?? "is placed next"));
  }
  return vms.sort((a, b) =>
    a.id < b.id ? -1 : a.id > b.id ? 1 : a.incarnation - b.incarnation
  );
}

function heldText(state: ClusterState): string | null {
  const { held, active } = state.cluster;
  if (!held) return null;
  const ahead = [...state.generations.keys()]
    .filter((generation) => generation > active).length;
  return ahead === 0
    ? `held at ${active}`
    : `held at ${active}, Git is ${ahead} ahead`;
}

function rolloutStatus(
  input: TickInput,
  state: ClusterState,
): ClusterStatus["rollout"] {
  const { rollout } = state.cluster;
  if (rollout !== null) {
    const { message, waitingOn } = viewRollout(input, state);
    return {
      generation: rollout.generation,
      state: rollout.state,
      message,
      waitingOn,
    };
  }
  const pending = [...state.generations.values()]
    .filter((doc) => doc.state === "pending")
    .sort((a, b) => b.generation - a.generation)[0];
  if (pending === undefined) return null;
  return {
    generation: pending.generation,
    state: "pending",
    message: pending.reason,
    waitingOn: null,
  };
}

/** One cluster in numbers, for metrics: without the workers, which all clusters share. */
export interface ClusterNumbers {
  cluster: string;
  activeGeneration: number;
  convergencePercent: number;
  /** VMs by health. */
  vms: ReadonlyMap<VmStatus["health"], number>;
}

export function clusterNumbers(
  input: TickInput,
  state: ClusterState,
): ClusterNumbers {
  const statuses = vmStatuses(input, state);
  const vms = new Map<VmStatus["health"], number>();
  for (const { health } of statuses) {
    vms.set(health, (vms.get(health) ?? 0) + 1);
  }
  return {
    cluster: state.cluster.name,
    activeGeneration: state.cluster.active,
    convergencePercent: convergencePercent(statuses),
    vms,
  };
}

/** The whole view of one cluster. */
export function clusterStatus(
  input: TickInput,
  state: ClusterState,
): ClusterStatus {
  const { cluster, generations } = state;
  const vms = vmStatuses(input, state);
  return {
    cluster: cluster.name,
    activeGeneration: cluster.active,
    commit: generations.get(cluster.active)?.commit ?? "",
    held: heldText(state),
    convergencePercent: convergencePercent(vms),
    highestGeneration: cluster.highest,
    rollout: rolloutStatus(input, state),
    planRevision: cluster.planRevision,
    workers: workerStatuses(input),
    vms,
  };
}

/** A generation as lists show it. */
export function summaryOf(
  doc: GenerationDoc,
  active: number,
): GenerationSummary {
  const { wasActive, placement: _placement, ...summary } = doc;
  return {
    ...summary,
    rollbackTarget: wasActive && doc.generation !== active,
  };
}
