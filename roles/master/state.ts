/**
 * Everything the master knows, as the decisions want to see it: documents and
 * the workers' presence joined into views, the room that is left, and which
 * clusters have to be looked at. Commits and reports are followed one by one
 * (following.ts), so that a look costs what changed. Writes no document;
 * changes go through the committer.
 *
 * @module
 */
import type { OrderFence } from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import { splitVmId } from "../model/ids.ts";
import type { Clock } from "../model/ports.ts";
import { parseJsonWith } from "../model/parse.ts";
import type { VmSpec } from "../model/vm_spec.ts";
import { DEFAULT_POOL, parsePool } from "./core/addresses.ts";
import { Agenda } from "./core/agenda.ts";
import {
  type GenerationDoc,
  generationKey,
  IntentDoc,
  type OperationDoc,
  type PlacementDoc,
  type WorkerDoc,
} from "./core/documents.ts";
import { leaseEpochOf } from "./core/epoch.ts";
import type { NewEvent } from "./core/events.ts";
import type { ClusterState } from "./core/generations.ts";
import { type Liveness, livenessOf } from "./core/liveness.ts";
import { movesOf, type OperationsView } from "./core/operations.ts";
import {
  planRevisionOf,
  usableAfter,
  usableFingerprint,
  type UsableWorkers,
} from "./core/plan_revision.ts";
import { PlanRoom } from "./core/plan_room.ts";
import type { Progress } from "./core/rollout.ts";
import { Observations, SpecView } from "./core/snapshot.ts";
import type { ClusterTick, TickInput } from "./core/tick.ts";
import {
  type Documents,
  FIRST_STORE,
  type Reading,
  STORE_ID,
} from "./documents.ts";
import { Fleet } from "./fleet.ts";
import { Following } from "./following.ts";
import { Networking } from "./networking.ts";
import { Presences } from "./workers.ts";

export { FIRST_STORE, STORE_ID } from "./documents.ts";

export class MasterState {
  readonly documents: Documents;
  readonly presences = new Presences();
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly fleet: Fleet;
  readonly agenda = new Agenda();
  /** Told of every commit and report. */
  readonly following: Following;
  /** The network of guests. */
  readonly networking: Networking;
  /** As it is committed. */
  readonly room = new PlanRoom();
  /** How far rollouts are, and why VMs wait: from each cluster's last look, never stored. */
  readonly #progress = new Map<string, Progress>();
  readonly #reports = new Map<string, ReadonlyMap<string, string>>();
  readonly #observed: Observations;
  /** By cluster, then by intentHash. */
  readonly #specs = new Map<
    string,
    Map<string, ReadonlyMap<string, SpecView>>
  >();
  #usable: { version: number; fingerprint: number } | null = null;
  #shapes: { version: number; found: readonly WorkerDoc[] } | null = null;
  /** Takes events that follow from no document; they are written with the next commit. */
  tell: (event: NewEvent) => void = () => undefined;
  /** What of a closure each worker has; not set where no cache is known. */
  closureShareOf: TickInput["closureShareOf"];

  constructor(
    documents: Documents,
    clock: Clock,
    leaseMs: number,
    pool = DEFAULT_POOL,
  ) {
    this.documents = documents;
    this.clock = clock;
    this.leaseMs = leaseMs;
    this.networking = new Networking({
      documents,
      pool: parsePool(pool),
      specsOf: (reading, cluster, hash) => this.specsOf(reading, cluster, hash),
      fleetVersion: () => this.fleet.version,
    });
    this.fleet = new Fleet({
      presences: this.presences,
      leaseMs,
      docOf: (name) => documents.get("worker", name),
      epochOf: (doc) => this.fenceOf(doc).leaseEpoch,
      changed: (name, before, after) =>
        this.following.workerChanged(name, before, after),
    });
    this.following = new Following({
      documents,
      clock,
      fleet: this.fleet,
      agenda: this.agenda,
      room: this.room,
      networking: this.networking,
      tell: (event) => this.tell(event),
    });
    this.#observed = new Observations(this.fleet.views);
    // Every known lease counts as renewed now and waits a full term.
    const bootMs = clock.bootMs();
    for (const [name] of documents.entries("worker")) {
      this.presences.renew(name, bootMs);
      this.fleet.refresh(name, bootMs);
    }
    for (const [, doc] of documents.entries("placement")) this.room.take(doc);
    for (const [name] of documents.entries("cluster")) this.agenda.touch(name);
  }

  // ---- looks ------------------------------------------------------------

  /** The clusters to be looked at now; their hints are taken with them. */
  takeDue(): string[] {
    const bootMs = this.clock.bootMs();
    const { agenda, documents } = this;
    this.fleet.sweep(bootMs);
    // The safety net of the net itself: it comes round to what it knows of.
    if (agenda.size !== documents.count("cluster")) {
      const clusters = [...documents.entries("cluster")].map(([name]) => name);
      agenda.setClusters(new Set(clusters));
    }
    return agenda.take(bootMs);
  }

  /** Keeps what a look came to, once it is committed. */
  looked(ticks: readonly ClusterTick[]): void {
    const bootMs = this.clock.bootMs();
    for (const { change, progress, report, looked } of ticks) {
      const { name } = change.cluster;
      this.#reports.set(name, report);
      if (progress === undefined) this.#progress.delete(name);
      else this.#progress.set(name, progress);
      this.agenda.looked(name, bootMs, looked);
    }
  }

  // ---- reading ----------------------------------------------------------

  get incarnation(): number {
    return this.documents.get("store", STORE_ID)?.incarnation ?? 1;
  }

  /** The usable workers as of now; the same object as the stored one when nothing changed. */
  usable(reading: Reading): UsableWorkers {
    const stored = (reading.get("store", STORE_ID) ?? FIRST_STORE).usable;
    return usableAfter(
      stored,
      reading === this.documents
        ? this.#committedFingerprint()
        : usableFingerprint(this.#places(reading)),
    );
  }

  /** Every tick asks: summed up again only when a worker changed. */
  #committedFingerprint(): number {
    this.fleet.sweep(this.clock.bootMs());
    const { version, views } = this.fleet;
    if (this.#usable?.version !== version) {
      const fingerprint = usableFingerprint(views.values());
      this.#usable = { version, fingerprint };
    }
    return this.#usable.fingerprint;
  }

  /** One worker of each capacity: what a publish compares the sizes of its VMs with. */
  shapes(): readonly WorkerDoc[] {
    const { version, views } = this.fleet;
    if (this.#shapes?.version !== version) {
      const found = new Map<string, WorkerDoc>();
      for (const { doc } of views.values()) {
        const { cpuMilli, memoryMib } = doc.capacity;
        const shape = `${cpuMilli} ${memoryMib}`;
        if (!found.has(shape)) found.set(shape, doc);
      }
      this.#shapes = { version, found: [...found.values()] };
    }
    return this.#shapes.found;
  }

  *#places(reading: Reading): Generator<{ doc: WorkerDoc; state: Liveness }> {
    for (const [name, doc] of reading.entries("worker")) {
      yield { doc, state: this.liveness(name) };
    }
  }

  /** The set of usable workers is the one that is recorded. */
  get isUsableRecorded(): boolean {
    const stored = (this.documents.get("store", STORE_ID) ?? FIRST_STORE)
      .usable;
    return this.usable(this.documents) === stored;
  }

  /**
   * The plan revision as it is shown: of the set that is recorded, so that no
   * number is ever shown of two sets.
   */
  shownPlanRevision(cluster: string): number {
    const store = this.documents.get("store", STORE_ID) ?? FIRST_STORE;
    return planRevisionOf(this.documents.get("cluster", cluster), store);
  }

  /** What `expectedRevision` is compared with: a change that is not recorded yet counts. */
  planRevision(reading: Reading, cluster: string): number {
    const { incarnation } = reading.get("store", STORE_ID) ?? FIRST_STORE;
    const usable = this.usable(reading);
    return planRevisionOf(reading.get("cluster", cluster), {
      usable,
      incarnation,
    });
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
    const known = this.#specs.get(cluster)?.get(intentHash);
    if (known !== undefined) return known;
    const key = `${cluster}/${intentHash}`;
    const text = reading.get("intent", key);
    if (text === undefined) return undefined;
    const { vms } = parseJsonWith(IntentDoc, text, {
      what: `the stored intent "${key}"`,
      hint: "restore the master's database from a backup",
    });
    return this.keepSpecs(cluster, intentHash, Object.values(vms));
  }

  /** Keeps the views of specs that were just published, which spares reading them again. */
  keepSpecs(
    cluster: string,
    intentHash: string,
    vmSpecs: readonly VmSpec[],
  ): ReadonlyMap<string, SpecView> {
    const specs = new Map(
      vmSpecs.map((spec) => [spec.name, new SpecView(spec)]),
    );
    const kept = this.#specs.get(cluster) ?? new Map();
    this.#specs.set(cluster, kept);
    kept.set(intentHash, specs);
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

  /** What operations look at. */
  operationsView(reading: Reading): OperationsView {
    return {
      placementsOn: (worker) => reading.placementsOn(worker),
      *placementsOf(vm) {
        for (const [, doc] of reading.entries("placement", `${vm}#`)) yield doc;
      },
      livenessOf: (worker) =>
        reading.get("worker", worker) === undefined
          ? undefined
          : this.liveness(worker),
      waitOf: (vm) => this.#reports.get(splitVmId(vm).cluster)?.get(vm),
    };
  }

  /** For a look at these clusters, or for showing any; those that are not there are left out. */
  tickInput(reading: Reading, clusters: readonly string[] = []): TickInput {
    const bootMs = this.clock.bootMs();
    this.fleet.sweep(bootMs);
    return {
      clusters: clusters.flatMap((name) => this.findState(reading, name) ?? []),
      placementsOf: (cluster) => placementsIn(reading, `${cluster}/`),
      get placements() {
        return placementsIn(reading, "");
      },
      workers: this.fleet.views,
      observed: this.#observed,
      room: this.room,
      acknowledgedBy: (worker) => this.presences.acknowledged(worker),
      specsOf: (cluster, hash) => this.specsOf(reading, cluster, hash),
      moves: movesOf(
        operationsIn(reading),
        this.operationsView(reading),
        this.clock.now(),
      ),
      volumeOf: (vm) => reading.get("volume", vm)?.worker,
      ...(this.closureShareOf === undefined
        ? {}
        : { closureShareOf: this.closureShareOf }),
      progress: this.#progress,
      reports: this.#reports,
      nowMs: this.clock.now(),
      bootMs,
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
    const kept = this.#specs.get(cluster);
    if (kept === undefined) return;
    const hashes = new Set(
      [...used].map((number) => state.generations.get(number)?.intentHash),
    );
    for (const hash of kept.keys()) {
      if (!hashes.has(hash)) kept.delete(hash);
    }
  }
}

/** Every operation that is kept, in no order. */
export function operationsIn(reading: Reading): OperationDoc[] {
  return [...reading.entries("operation")].map(([, doc]) => doc);
}

function placementsIn(reading: Reading, prefix: string): PlacementDoc[] {
  return [...reading.entries("placement", prefix)].map(([, doc]) => doc);
}
