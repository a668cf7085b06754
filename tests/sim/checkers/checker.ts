/**
 * What a checker sees. `always_*` hold at every moment, `eventually_*` within
 * a bound after the storm.
 *
 * @module
 */
import type {
  ClusterDoc,
  GenerationDoc,
  PlacementDoc,
} from "../../../roles/master/core/documents.ts";
import type { NewEvent } from "../../../roles/master/core/events.ts";
import type { MasterService } from "../../../roles/master/service.ts";
import type { Event } from "../../../roles/model/event.ts";
import type { WorkerReport } from "../../../roles/model/observed.ts";
import type { PublishRequest } from "../../../roles/model/generation.ts";
import type { EventReader } from "../event_reader.ts";
import type { Host, RunningVm } from "../host.ts";
import type { Kernel } from "../kernel.ts";
import type { MasterNode } from "../master_node.ts";
import type { Network } from "../network.ts";
import type { SimulationPlan } from "../plan.ts";
import type { Trace } from "../trace.ts";
import type { Transitions } from "../transitions.ts";
import type { WorkerNode } from "../worker_node.ts";
import type { Workload } from "../workload.ts";

/** Everything there is. */
export interface World {
  plan: SimulationPlan;
  kernel: Kernel;
  network: Network;
  trace: Trace;
  transitions: Transitions;
  master: MasterNode;
  workers: readonly WorkerNode[];
  hosts: readonly Host[];
  workload: Workload;
  reader: EventReader;
}

/** Hooks; a broken promise goes to `trace.broken`. */
export interface Checker {
  vmStarted?(host: Host, vm: RunningVm): void;
  /** It runs on, switched to what it is now. */
  vmSwitched?(host: Host, vm: RunningVm): void;
  /** It is no longer in `host.running`. */
  vmEnded?(host: Host, vm: RunningVm): void;
  written?(host: Host, path: string, text: string): void;
  clusterCommitted?(doc: ClusterDoc): void;
  /** By key; null: it is gone. All of one commit. */
  placementsCommitted?(
    changes: readonly (readonly [string, PlacementDoc | null])[],
  ): void;
  /** A copy is told to run something else. */
  updated?(placement: PlacementDoc): void;
  generationCommitted?(doc: GenerationDoc): void;
  /** What a worker is told has changed. */
  ordersCommitted?(worker: string, revision: number): void;
  eventsCommitted?(events: readonly NewEvent[]): void;
  eventRead?(event: Event): void;
  reportSent?(report: WorkerReport): void;
  /** By the process of the master that was there when it was sent. */
  reportAnswered?(report: WorkerReport): void;
  /** A copy of a report has arrived late. */
  reportRepeated?(report: WorkerReport): void;
  masterUp?(service: MasterService): void;
  published?(request: PublishRequest): void;
  operating?(): void;
  rolledBack?(active: number): void;
  /** Asked for, again and again until there is an answer. */
  resuming?(): void;
  resumed?(): void;
  /** Asked for, not answered yet. */
  retrying?(generation: number): void;
}

export type MakeChecker = (world: World) => Checker;

/** Null when it holds, else what is missing. */
export type Eventually = (world: World) => string | null;
