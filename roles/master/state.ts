/**
 * Everything the master knows, as the decisions want to see it: documents and
 * the workers' presence joined into views. Reads only; changes go through the
 * committer.
 *
 * @module
 */
import type { OrderFence } from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { parseJsonWith } from "../model/parse.ts";
import type { VmSpec } from "../model/vm_spec.ts";
import {
  type GenerationDoc,
  generationKey,
  IntentDoc,
  type WorkerDoc,
} from "./core/documents.ts";
import { leaseEpochOf } from "./core/epoch.ts";
import type { ClusterState } from "./core/generations.ts";
import { type Liveness, livenessOf } from "./core/liveness.ts";
import {
  planRevisionOf,
  usableAfter,
  usableFingerprint,
  type UsableWorkers,
} from "./core/plan_revision.ts";
import type { Progress } from "./core/rollout.ts";
import { SpecView, type WorkerView } from "./core/snapshot.ts";
import type { TickInput } from "./core/tick.ts";
import type { DocumentOf, Documents, Reading } from "./documents.ts";
import { Presences } from "./workers.ts";

/** The one document of kind `store`. */
export const STORE_ID = "master";

/** What a new store knows of itself. */
export const FIRST_STORE: DocumentOf<"store"> = {
  incarnation: 1,
  usable: { fingerprint: 0, revision: 0 },
};

export class MasterState {
  readonly documents: Documents;
  readonly presences = new Presences();
  readonly clock: Clock;
  readonly leaseMs: number;
  /** How far rollouts are, and why VMs wait: from the last tick, never stored. */
  progress: ReadonlyMap<string, Progress> = new Map();
  reports: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map();
  readonly #specs = new Map<string, ReadonlyMap<string, SpecView>>();

  constructor(documents: Documents, clock: Clock, leaseMs: number) {
    this.documents = documents;
    this.clock = clock;
    this.leaseMs = leaseMs;
    // Every known lease counts as renewed now and waits a full term.
    const bootMs = clock.bootMs();
    for (const [name] of documents.entries("worker")) {
      this.presences.renew(name, bootMs);
    }
  }

  get incarnation(): number {
    return this.documents.get("store", STORE_ID)?.incarnation ?? 1;
  }

  /** The usable workers as of now; the same object as the stored one when nothing changed. */
  usable(reading: Reading): UsableWorkers {
    const stored = (reading.get("store", STORE_ID) ?? FIRST_STORE).usable;
    return usableAfter(stored, usableFingerprint(this.#places(reading)));
  }

  *#places(reading: Reading): Generator<{ doc: WorkerDoc; state: Liveness }> {
    for (const [name, doc] of reading.entries("worker")) {
      yield { doc, state: this.liveness(name) };
    }
  }

  /** What `expectedRevision` is compared with. */
  planRevision(reading: Reading, cluster: string): number {
    return planRevisionOf(
      reading.get("cluster", cluster),
      this.usable(reading),
    );
  }

  fenceOf(doc: WorkerDoc): OrderFence {
    return {
      leaseEpoch: leaseEpochOf(this.incarnation, doc.term),
      revision: doc.revision,
    };
  }

  liveness(name: string): Liveness {
    const renewedMs = this.presences.renewedMs(name);
    const bootMs = this.clock.bootMs();
    return livenessOf(renewedMs ?? bootMs, bootMs, this.leaseMs);
  }

  findState(reading: Reading, name: string): ClusterState | undefined {
    const cluster = reading.get("cluster", name);
    if (cluster === undefined) return undefined;
    const generations = new Map<number, GenerationDoc>();
    for (const [, doc] of reading.entries("generation", `${name}/`)) {
      generations.set(doc.generation, doc);
    }
    return { cluster, generations };
  }

  state(reading: Reading, name: string): ClusterState {
    const state = this.findState(reading, name);
    if (state !== undefined) return state;
    throw new AppError("not_found", `There is no cluster "${name}"`);
  }

  specsOf(
    reading: Reading,
    cluster: string,
    intentHash: string,
  ): ReadonlyMap<string, SpecView> | undefined {
    const key = `${cluster}/${intentHash}`;
    const known = this.#specs.get(key);
    if (known !== undefined) return known;
    const text = reading.get("intent", key);
    if (text === undefined) return undefined;
    const { vms } = parseJsonWith(IntentDoc, text, {
      what: `the stored intent "${key}"`,
      hint: "restore the master's database from a backup",
    });
    return this.keepSpecs(key, Object.values(vms));
  }

  /** Keeps the views of specs that were just published, which spares reading them again. */
  keepSpecs(
    intentKey: string,
    vmSpecs: readonly VmSpec[],
  ): ReadonlyMap<string, SpecView> {
    const specs = new Map(
      vmSpecs.map((spec) => [spec.name, new SpecView(spec)]),
    );
    this.#specs.set(intentKey, specs);
    return specs;
  }

  specOf(
    cluster: string,
    generation: number,
    vm: string,
  ): SpecView | undefined {
    const doc = this.documents.get(
      "generation",
      generationKey(cluster, generation),
    );
    if (doc === undefined) return undefined;
    return this.specsOf(this.documents, cluster, doc.intentHash)?.get(vm);
  }

  #workerViews(reading: Reading): Map<string, WorkerView> {
    const views = new Map<string, WorkerView>();
    const bootMs = this.clock.bootMs();
    for (const [name, doc] of reading.entries("worker")) {
      const state = this.liveness(name);
      // One that is back has polled: its last words were of before it went.
      const isStale = state === "alive" &&
        !this.presences.isRecent(name, bootMs, this.leaseMs);
      views.set(name, {
        doc,
        state,
        epoch: this.fenceOf(doc).leaseEpoch,
        report: isStale ? null : this.presences.report(name),
      });
    }
    return views;
  }

  tickInput(reading: Reading): TickInput {
    const names = [...reading.entries("cluster")].map(([name]) => name).sort();
    return {
      clusters: names.map((name) => this.state(reading, name)),
      placements: [...reading.entries("placement")].map(([, doc]) => doc),
      workers: this.#workerViews(reading),
      acknowledged: this.presences.acknowledged(),
      specsOf: (cluster, hash) => this.specsOf(reading, cluster, hash),
      progress: this.progress,
      reports: this.reports,
      nowMs: this.clock.now(),
      bootMs: this.clock.bootMs(),
    };
  }

  /** Forgets the views of a cluster's specs except those in use; they are read again when asked for. */
  forgetUnusedSpecs(cluster: string): void {
    const state = this.findState(this.documents, cluster);
    if (state === undefined) return;
    const { active, previous, highest, rollout } = state.cluster;
    const used = new Set([active, previous, highest, rollout?.generation ?? 0]);
    for (
      const [, doc] of this.documents.entries("placement", `${cluster}/`)
    ) used.add(doc.generation).add(doc.fallbackGeneration);
    const keys = new Set<string>();
    for (const generation of used) {
      const hash = state.generations.get(generation)?.intentHash;
      if (hash !== undefined) keys.add(`${cluster}/${hash}`);
    }
    for (const key of this.#specs.keys()) {
      if (key.startsWith(`${cluster}/`) && !keys.has(key)) {
        this.#specs.delete(key);
      }
    }
  }
}
