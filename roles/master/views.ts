/**
 * What the master answers when asked how things are. Reads what is committed.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { GenerationSummary } from "../model/generation.ts";
import { splitVmId } from "../model/ids.ts";
import type { ObservedVm } from "../model/observed.ts";
import type { Why } from "../model/plan.ts";
import type { ClusterStatus, WorkerStatus } from "../model/status.ts";
import {
  type ClusterNumbers,
  clusterNumbers,
  clusterStatus,
  summaryOf,
  workerStatus,
  workerStatuses,
} from "./core/status.ts";
import { whyVm } from "./core/why.ts";
import { type ClosureRoots, closureRoots } from "./closure_roots.ts";
import type { MasterState } from "./state.ts";

/** Generations in one answer. */
const MAX_LISTED = 1000;

export class MasterViews {
  readonly #state: MasterState;
  #numbers = new Map<string, { version: number; numbers: ClusterNumbers }>();

  constructor(state: MasterState) {
    this.#state = state;
  }

  /** The newest generation of a cluster: what the next publish names as its parent. */
  highestGeneration(
    cluster: string,
  ): { generation: number; intentHash: string; commit: string } {
    const state = this.#state.findState(this.#state.documents, cluster);
    const doc = state?.generations.get(state.cluster.highest);
    return doc === undefined ? { generation: 0, intentHash: "", commit: "" } : {
      generation: doc.generation,
      intentHash: doc.intentHash,
      commit: doc.commit,
    };
  }

  /** The view of a cluster; empty: the only one. */
  getClusterStatus(cluster: string): ClusterStatus {
    const name = this.clusterName(cluster);
    const { documents } = this.#state;
    return {
      ...clusterStatus(
        this.#state.tickInput(documents),
        this.#state.state(documents, name),
      ),
      planRevision: this.#state.shownPlanRevision(name),
    };
  }

  /** All clusters, sorted. */
  clusters(): string[] {
    return [...this.#state.documents.entries("cluster")].map(([name]) => name)
      .sort();
  }

  /** Newest first. */
  generations(cluster: string, limit: number): GenerationSummary[] {
    const state = this.#state.state(
      this.#state.documents,
      this.clusterName(cluster),
    );
    return [...state.generations.values()]
      .sort((a, b) => b.generation - a.generation)
      .slice(0, Math.min(limit, MAX_LISTED))
      .map((doc) => summaryOf(doc, state.cluster.active));
  }

  /** What the kept generations above `after` name in the store; see there. */
  closureRoots(
    cluster: string,
    after: number,
  ): { generations: ClosureRoots[]; more: boolean } {
    return closureRoots(this.#state, this.clusterName(cluster), after);
  }

  workers(): WorkerStatus[] {
    return workerStatuses(this.#state.tickInput(this.#state.documents));
  }

  /** How many workers are in each state. */
  workerStates(): Map<WorkerStatus["state"], number> {
    const { workers } = this.#state.tickInput(this.#state.documents);
    const states = new Map<WorkerStatus["state"], number>();
    for (const { state } of workers.values()) {
      states.set(state, (states.get(state) ?? 0) + 1);
    }
    return states;
  }

  /** Every cluster in numbers; counted again only where something changed, or metrics would stop the master for as long as a look at everything. */
  numbers(): ClusterNumbers[] {
    const { agenda, clock, documents, fleet } = this.#state;
    fleet.sweep(clock.bootMs());
    const all = this.clusters().flatMap((cluster) => {
      const version = agenda.versionOf(cluster);
      const known = this.#numbers.get(cluster);
      if (known?.version === version) return known;
      const input = this.#state.tickInput(documents, [cluster]);
      return input.clusters.map((state) => ({
        version,
        numbers: clusterNumbers(input, state),
      }));
    });
    this.#numbers = new Map(all.map((one) => [one.numbers.cluster, one]));
    return all.map(({ numbers }) => numbers);
  }

  /** Why a VM is where it is, or is nowhere. */
  why(vm: string): Why {
    const { documents } = this.#state;
    const state = this.#state.findState(documents, splitVmId(vm).cluster);
    const why = state === undefined
      ? null
      : whyVm(this.#state.tickInput(documents), state, vm);
    if (why !== null) return why;
    throw new AppError("not_found", `There is no VM "${vm}"`, {
      hint: "see: procurator status",
    });
  }

  /** A worker and what it last reported. */
  getWorker(name: string): { worker: WorkerStatus; vms: ObservedVm[] } {
    const input = this.#state.tickInput(this.#state.documents);
    const view = input.workers.get(name);
    if (view === undefined) {
      throw new AppError("not_found", `There is no worker "${name}"`, {
        hint: "see: procurator status",
      });
    }
    return {
      worker: workerStatus(input, view),
      vms: this.#state.presences.report(name)?.vms ?? [],
    };
  }

  /** The cluster meant by a name, where empty means the only one. */
  clusterName(cluster: string): string {
    const isKnown = cluster !== "" &&
      this.#state.documents.get("cluster", cluster) !== undefined;
    if (isKnown) return cluster;
    const names = this.clusters();
    if (cluster !== "") {
      throw new AppError("not_found", `There is no cluster "${cluster}"`, {
        hint: names.length === 0
          ? "push a commit whose flake has a blueprint: nothing was published yet"
          : `choose one of: ${names.join(", ")}`,
      });
    }
    const [only, ...others] = names;
    if (only !== undefined && others.length === 0) return only;
    throw only === undefined
      ? new AppError("not_found", "There is no cluster yet", {
        hint: "push a commit whose flake has a blueprint",
      })
      : new AppError(
        "refused",
        `There are several clusters: ${names.join(", ")}`,
        { hint: "name one with --cluster" },
      );
  }
}
