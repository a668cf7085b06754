/**
 * What `getClusterStatus` and `getWorker` answer.
 *
 * @module
 */
import { parseFast } from "./accept.ts";
import {
  ClusterStatus,
  type VmStatus,
  WorkerStatus,
} from "../../roles/model/status.ts";
import type * as wire from "../generated/master.ts";
import { VM_STATE, VM_STATE_BACK } from "./observed.ts";
import { counter, fromPairs, mapped, toPairs } from "./plain.ts";

export function clusterStatusToWire(
  status: ClusterStatus,
): wire.ClusterStatusInput {
  return {
    ...status,
    held: status.held ?? "",
    rollout: status.rollout === null ? undefined : {
      ...status.rollout,
      waitingOn: status.rollout.waitingOn ?? "",
    },
    workers: status.workers.map(workerStatusToWire),
    vms: status.vms.map(vmStatusToWire),
  };
}

function vmStatusToWire(vm: VmStatus): wire.VmStatusInput {
  return {
    ...vm,
    desired: vm.desired ?? "",
    observed: vm.observed ?? "",
    state: VM_STATE[vm.state],
  };
}

export function workerStatusToWire(
  worker: WorkerStatus,
): wire.WorkerStatusInput {
  return {
    id: worker.id,
    state: worker.state,
    epoch: worker.epoch,
    capacity: worker.capacity,
    freeCpuMilli: worker.free.cpuMilli,
    freeMemoryMib: worker.free.memoryMib,
    attributes: toPairs(worker.attributes),
    versions: toPairs(worker.versions),
    cordoned: worker.cordoned ?? "",
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function clusterStatusFromWire(
  status: wire.ClusterStatus | undefined,
): ClusterStatus {
  const plain = status === undefined ? undefined : {
    cluster: status.cluster,
    activeGeneration: counter(status.activeGeneration, "activeGeneration"),
    commit: status.commit,
    held: status.held === "" ? null : status.held,
    convergencePercent: status.convergencePercent,
    highestGeneration: counter(status.highestGeneration, "highestGeneration"),
    rollout: status.rollout === undefined ? null : {
      ...status.rollout,
      generation: counter(status.rollout.generation, "rollout.generation"),
      waitingOn: status.rollout.waitingOn === ""
        ? null
        : status.rollout.waitingOn,
    },
    planRevision: counter(status.planRevision, "planRevision"),
    workers: status.workers.map(workerStatusPlain),
    vms: status.vms.map(vmStatusPlain),
  };
  return parseFast(ClusterStatus, plain, { what: "the cluster's status" });
}

/** @throws {AppError} `invalid`, naming the path. */
export function workerStatusFromWire(
  worker: wire.WorkerStatus | undefined,
): WorkerStatus {
  const plain = worker === undefined ? undefined : workerStatusPlain(worker);
  return parseFast(WorkerStatus, plain, { what: "the worker's status" });
}

function workerStatusPlain(worker: wire.WorkerStatus): unknown {
  return {
    id: worker.id,
    state: worker.state,
    epoch: counter(worker.epoch, `epoch of ${worker.id}`),
    capacity: worker.capacity,
    free: { cpuMilli: worker.freeCpuMilli, memoryMib: worker.freeMemoryMib },
    attributes: fromPairs(
      worker.attributes,
      () => `attributes of ${worker.id}`,
    ),
    versions: fromPairs(worker.versions, () => `versions of ${worker.id}`),
    cordoned: worker.cordoned === "" ? null : worker.cordoned,
  };
}

function vmStatusPlain(vm: wire.VmStatus): unknown {
  return {
    ...vm,
    incarnation: counter(vm.incarnation, `incarnation of ${vm.id}`),
    desired: vm.desired === "" ? null : vm.desired,
    observed: vm.observed === "" ? null : vm.observed,
    generation: counter(vm.generation, `generation of ${vm.id}`),
    state: mapped(VM_STATE_BACK, vm.state),
    restarts: counter(vm.restarts, `restarts of ${vm.id}`),
  };
}
