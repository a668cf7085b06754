/**
 * What the decisions look at: the documents and the workers' reports, joined.
 * Owns the rule which report counts for which placement. Takes no decision
 * about VMs.
 *
 * @module
 */
import { compareFence } from "../../model/assignment.ts";
import { policyHash, runtimeHash } from "../../model/hashes.ts";
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PlacementDoc, WorkerDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";
import { UNKNOWN_CONTENT } from "./restore_doubt.ts";

/** A worker: its document and what is known of it now. */
export interface WorkerView {
  doc: WorkerDoc;
  state: Liveness;
  epoch: number;
  /** null until it reports to this process, and while it is back and has not reported yet. */
  report: WorkerReport | null;
}

/** A spec with its hashes, computed when first asked for: 1000 specs cost 10 ms. */
export class SpecView {
  readonly spec: VmSpec;
  #runtime: string | undefined;
  #policy: string | undefined;

  constructor(spec: VmSpec) {
    this.spec = spec;
  }

  get runtimeHash(): string {
    return this.#runtime ??= runtimeHash(this.spec);
  }

  get policyHash(): string {
    return this.#policy ??= policyHash(this.spec);
  }
}

/** The specs of one generation by VM name. */
export interface IntentView {
  generation: number;
  specs: ReadonlyMap<string, SpecView>;
}

export function intentView(
  generation: number,
  vmSpecs: readonly VmSpec[],
): IntentView {
  return {
    generation,
    specs: new Map(vmSpecs.map((spec) => [spec.name, new SpecView(spec)])),
  };
}

/**
 * The copies in a report by VM: nearly always one of each. Looked up by the
 * placement's own string, for joining a key costs more than all the rest.
 */
class Copies {
  readonly #byVm = new Map<string, ObservedVm | ObservedVm[]>();

  constructor(vms: readonly ObservedVm[]) {
    for (const vm of vms) {
      const known = this.#byVm.get(vm.vm);
      if (known === undefined) this.#byVm.set(vm.vm, vm);
      else if (Array.isArray(known)) known.push(vm);
      else this.#byVm.set(vm.vm, [known, vm]);
    }
  }

  get(
    { vm, incarnation }: Pick<PlacementDoc, "vm" | "incarnation">,
  ): ObservedVm | undefined {
    const found = this.#byVm.get(vm);
    if (found === undefined) return undefined;
    if (!Array.isArray(found)) {
      return found.incarnation === incarnation ? found : undefined;
    }
    return found.findLast((copy) => copy.incarnation === incarnation);
  }
}

/** By report: made when it is first asked for, gone with it. */
const copies = new WeakMap<WorkerReport, Copies>();

/** What a report says of this copy. */
export function copyIn(
  report: WorkerReport,
  placement: Pick<PlacementDoc, "vm" | "incarnation">,
): ObservedVm | undefined {
  let found = copies.get(report);
  if (found === undefined) copies.set(report, found = new Copies(report.vms));
  return found.get(placement);
}

/** What the workers that are alive say, by placement. Holds nothing of its own: it may outlive many reports. */
export class Observations {
  readonly #workers: ReadonlyMap<string, WorkerView>;

  constructor(workers: ReadonlyMap<string, WorkerView>) {
    this.#workers = workers;
  }

  /** The report on exactly this copy on exactly this worker. */
  of(placement: PlacementDoc): ObservedVm | undefined {
    const worker = this.#workers.get(placement.worker);
    if (worker === undefined || worker.report === null) return undefined;
    // A silent worker's last words say nothing about now.
    if (worker.state !== "alive") return undefined;
    return copyIn(worker.report, placement);
  }

  /** Any copy of this VM is there: after a restore nobody knows which. */
  #hasAny({ vm, worker }: PlacementDoc): boolean {
    const report = this.#workers.get(worker)?.report;
    return report?.vms.some((copy) =>
      copy.vm === vm && copy.runtimeHash !== null
    ) === true;
  }

  state(worker: string): Liveness {
    return this.#workers.get(worker)?.state ?? "lost";
  }

  /** The worker knew of this order, or of its end, when it reported: an older report says nothing of it. */
  isTold(placement: PlacementDoc): boolean {
    const worker = this.#workers.get(placement.worker);
    if (worker === undefined || worker.report === null) return false;
    if (worker.state !== "alive") return false;
    return compareFence(worker.report, {
      leaseEpoch: worker.epoch,
      revision: placement.orderRevision,
    }) >= 0;
  }

  /** The worker knew of its end when it reported, and no longer has it. */
  isGone(placement: PlacementDoc): boolean {
    if (!this.isTold(placement)) return false;
    if (placement.runtimeHash === UNKNOWN_CONTENT) {
      return !this.#hasAny(placement);
    }
    const seen = this.of(placement);
    return seen === undefined ||
      (seen.state === "Shutdown" && seen.runtimeHash === null);
  }
}

/** Answers its health checks, whatever it runs. */
export function isAvailable(seen: ObservedVm | undefined): boolean {
  return seen !== undefined && seen.state === "Running" &&
    seen.health === "healthy";
}

/** Runs what it was told to, healthy for its minHealthyTime. */
export function isReady(
  placement: PlacementDoc,
  seen: ObservedVm | undefined,
): boolean {
  return seen !== undefined && isAvailable(seen) && seen.settled &&
    seen.runtimeHash === placement.runtimeHash;
}

/** The worker undid exactly this order. */
export function refusedReason(
  placement: PlacementDoc,
  seen: ObservedVm | undefined,
): string | null {
  const refused = seen?.rolledBack ?? null;
  if (refused === null) return null;
  const isThis = refused.orderRevision === placement.orderRevision &&
    refused.runtimeHash === placement.runtimeHash;
  return isThis ? refused.reason : null;
}

/**
 * It was told to run something else than it shows, and has not refused that:
 * the worker may take it down at any moment, whatever its last report says.
 */
export function isChanging(
  placement: PlacementDoc,
  seen: ObservedVm | undefined,
): boolean {
  return seen !== undefined && seen.runtimeHash !== placement.runtimeHash &&
    refusedReason(placement, seen) === null;
}
