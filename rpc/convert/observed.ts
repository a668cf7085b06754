/**
 * What workers report: themselves and their VMs.
 *
 * @module
 */
import { ObservedVm, WorkerReport } from "../../roles/model/observed.ts";
import { parseFast } from "./accept.ts";
import type * as common from "../generated/common.ts";
import type * as wire from "../generated/master.ts";
import { counter, fromPairs, invert, mapped, toPairs } from "./plain.ts";

export const VM_STATE = {
  Created: "created",
  Running: "running",
  Paused: "paused",
  Shutdown: "shutdown",
} as const satisfies Record<ObservedVm["state"], common.VmState>;
export const VM_STATE_BACK = invert(VM_STATE);

export function observedVmToWire(vm: ObservedVm): common.ObservedVmInput {
  return {
    vm: vm.vm,
    incarnation: vm.incarnation,
    state: VM_STATE[vm.state],
    runtimeHash: vm.runtimeHash ?? "",
    generation: vm.generation,
    health: vm.health,
    healthyForMs: vm.healthyForMs ?? -1,
    settled: vm.settled,
    restarts: vm.restarts,
    address: vm.address,
    ports: vm.ports,
    rolledBack: vm.rolledBack ?? undefined,
    hostFailure: vm.hostFailure ?? undefined,
    message: vm.message,
    copySeconds: vm.seconds.copy ?? -1,
    bootSeconds: vm.seconds.boot ?? -1,
    healthySeconds: vm.seconds.healthy ?? -1,
    closureBytes: vm.closureBytes ?? -1,
    change: vm.change ?? "",
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function observedVmFromWire(vm: common.ObservedVm): ObservedVm {
  return parseFast(ObservedVm, observedVmPlain(vm), {
    what: `the state of VM ${vm.vm}`,
  });
}

function observedVmPlain(vm: common.ObservedVm): unknown {
  const of = (field: string) => `${field} of ${vm.vm}`;
  const { rolledBack } = vm;
  return {
    vm: vm.vm,
    incarnation: counter(vm.incarnation, of("incarnation")),
    state: mapped(VM_STATE_BACK, vm.state),
    runtimeHash: vm.runtimeHash === "" ? null : vm.runtimeHash,
    generation: counter(vm.generation, of("generation")),
    health: vm.health,
    healthyForMs: vm.healthyForMs === -1
      ? null
      : counter(vm.healthyForMs, of("healthyForMs")),
    settled: vm.settled,
    restarts: counter(vm.restarts, of("restarts")),
    address: vm.address,
    ports: vm.ports,
    rolledBack: rolledBack === undefined ? null : {
      ...rolledBack,
      orderRevision: counter(rolledBack.orderRevision, of("orderRevision")),
      generation: counter(rolledBack.generation, of("rolledBack.generation")),
    },
    hostFailure: vm.hostFailure ?? null,
    message: vm.message,
    seconds: {
      copy: seconds(vm.copySeconds),
      boot: seconds(vm.bootSeconds),
      healthy: seconds(vm.healthySeconds),
    },
    closureBytes: vm.closureBytes === -1
      ? null
      : counter(vm.closureBytes, of("closureBytes")),
    ...(vm.change === "" ? {} : { change: vm.change }),
  };
}

/** -1: the stage was not reached. */
export function seconds(value: number): number | null {
  return value === -1 ? null : value;
}

export function workerReportToWire(
  report: WorkerReport,
): wire.WorkerReportInput {
  return {
    ...report,
    attributes: toPairs(report.attributes),
    versions: toPairs(report.versions),
    vms: report.vms.map(observedVmToWire),
    metrics: Object.entries(report.metrics).map(([name, value]) => ({
      name,
      value,
    })),
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function workerReportFromWire(report: wire.WorkerReport): WorkerReport {
  const plain = {
    worker: report.worker,
    bootId: report.bootId,
    sequence: counter(report.sequence, "sequence"),
    process: report.process,
    leaseEpoch: counter(report.leaseEpoch, "leaseEpoch"),
    revision: counter(report.revision, "revision"),
    capacity: report.capacity,
    attributes: fromPairs(report.attributes, () => "attributes"),
    versions: fromPairs(report.versions, () => "versions"),
    vms: report.vms.map(observedVmPlain),
    metrics: Object.fromEntries(
      report.metrics.map(({ name, value }) => [name, value]),
    ),
    roots: report.roots,
  };
  return parseFast(WorkerReport, plain, {
    what: `the report of worker "${report.worker}"`,
  });
}
