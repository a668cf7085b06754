/**
 * The master's methods in domain types, whatever carries them: publishing,
 * assignments, reports, status, and the operator's verbs. Holds the documents
 * and the workers' presence; the rules are in core/, the wire is in
 * rpc_server.ts. Runs under the Clock and Store ports alone, without timers.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import { type Actor, SYSTEM } from "../model/event.ts";
import type { PublishReply, PublishRequest } from "../model/generation.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { Clock } from "../model/ports.ts";
import type { ClusterStatus } from "../model/status.ts";
import { applyChange, applyTick } from "./apply.ts";
import { Committer } from "./committer.ts";
import {
  type GenerationDoc,
  generationKey,
  MAX_GENERATIONS,
} from "./core/documents.ts";
import { admitGeneration } from "./core/generations.ts";
import {
  type Change,
  eventsOf,
  type NewEvent,
  newEvent,
} from "./core/events.ts";
import { prunable } from "./core/pruning.ts";
import { decidePublish } from "./core/publish.ts";
import { type ClusterTick, planTick } from "./core/tick.ts";
import {
  type DocumentChange,
  Documents,
  type Draft,
  isChangeOf,
} from "./documents.ts";
import { EventStream } from "./events.ts";
import { Operations } from "./operations.ts";
import { FIRST_STORE, MasterState, STORE_ID } from "./state.ts";
import type { ClosureSizes } from "./closures.ts";
import { Planner } from "./planner.ts";
import type { Store } from "./store.ts";
import { MasterViews } from "./views.ts";
import { WorkerDesk } from "./worker_desk.ts";
import { Bell, waitForBell, type WorkerCapability } from "./workers.ts";

/** Most clusters of one master: each is looked at on every tick. */
const MAX_CLUSTERS = 1000;
/** The bell that wakes the tick loop. */
const WORK = "";

/** Failpoints the service passes; roles/process/failpoint.ts names all. */
export type MasterFailpoint =
  | "master.publish.before_commit"
  | "master.publish.committed"
  | "master.orders.committed"
  | "master.report.received";

/** What the service is built on. */
export interface ServiceOptions {
  store: Store;
  clock: Clock;
  leaseMs: number;
  /** Asked how large closures are; without it plans and placing know no sizes. */
  sizes?: ClosureSizes;
  /** Called at named places, where a test may end the process. */
  failpoint?: (name: MasterFailpoint) => void;
}

export class MasterService {
  /** Everything that is asked and changes nothing. */
  readonly views: MasterViews;
  /** What happened, for readers. */
  readonly events: EventStream;
  /** What operators ask for. */
  readonly operations: Operations;
  /** What would happen. */
  readonly planner: Planner;
  readonly #state: MasterState;
  readonly #committer: Committer;
  readonly #failpoint: (name: MasterFailpoint) => void;
  readonly #bell = new Bell();
  readonly #desk: WorkerDesk;
  #hasWork = true;
  #lastTickMs: number;

  private constructor(options: ServiceOptions, documents: Documents) {
    this.#state = new MasterState(documents, options.clock, options.leaseMs);
    this.views = new MasterViews(this.#state);
    this.planner = new Planner(this.#state, {
      sizes: options.sizes ?? null,
      recordUsable: () =>
        this.#change("plan", (draft) => this.#recordUsable(draft)),
    });
    if (options.sizes !== undefined) {
      this.#state.closureShareOf = (spec) => this.planner.closureShareOf(spec);
    }
    this.events = new EventStream(options.store, options.clock);
    this.#failpoint = options.failpoint ?? (() => undefined);
    this.#lastTickMs = options.clock.bootMs();
    this.#committer = new Committer(options.store, documents, {
      beforeCommit: (names) => this.#beforeCommit(names),
      eventsOf: (own, base, by) => this.#eventsOf(own, base, by),
      committed: (names, changes, events) => {
        this.#committed(names, changes);
        if (events > 0) this.events.ring();
      },
    });
    this.#state.tell = (event) => this.#committer.tell(event);
    this.operations = new Operations({
      state: this.#state,
      change: (name, change, by) => this.#change(name, change, by),
    });
    this.#desk = new WorkerDesk(this.#state, {
      bell: this.#bell,
      change: (name, change) => this.#change(name, change),
      wake: () => this.#wake(),
      failpoint: this.#failpoint,
    });
  }

  /** Loads what is stored. A store without an incarnation gets its first. */
  static async open(options: ServiceOptions): Promise<MasterService> {
    const documents = await Documents.load(options.store);
    const service = new MasterService(options, documents);
    if (documents.get("store", STORE_ID) === undefined) {
      await service.#change("store", (draft) => {
        draft.put("store", STORE_ID, FIRST_STORE);
      });
    }
    return service;
  }

  /** Why writes are refused at the moment; empty when they are not. */
  problems(): string[] {
    const { failure } = this.#committer;
    return failure === null ? [] : [failure.message];
  }

  // ---- publishing -------------------------------------------------------

  /**
   * Takes an intent as a new generation, durably, or says why not.
   *
   * @throws {AppError} as {@linkcode decidePublish}, and `storage`.
   */
  async publishState(
    request: PublishRequest,
    by: Actor = SYSTEM,
  ): Promise<PublishReply> {
    const reply = await this.#change("publish", (draft) => {
      const nowMs = this.#state.clock.now();
      const workers = this.#state.shapes();
      const known = this.#state.findState(draft, request.cluster);
      if (known === undefined) this.#checkClusterCount(draft);
      const decision = decidePublish(request, known, workers, {
        planRevision: () => this.#state.planRevision(draft, request.cluster),
        nowMs,
      });
      if (decision.kind === "repeat") {
        return replyOf(decision.generation, false);
      }
      const { state, generation } = decision;
      const change = admitGeneration(state, generation, nowMs);
      applyChange(draft, change);
      const key = `${request.cluster}/${request.intentHash}`;
      if (draft.get("intent", key) === undefined) {
        draft.put("intent", key, decision.intentText);
        this.#state.keepSpecs(
          request.cluster,
          request.intentHash,
          request.vmSpecs,
        );
      }
      this.#prune(draft, request.cluster);
      const stored = change.generations.find((doc) =>
        doc.generation === generation.generation
      );
      return replyOf(stored ?? generation, true);
    }, by);
    this.#state.forgetUnusedSpecs(request.cluster);
    if (reply.created) this.planner.prefetch(request.vmSpecs);
    return reply;
  }

  #checkClusterCount(draft: Draft): void {
    const count = draft.count("cluster");
    if (count < MAX_CLUSTERS) return;
    throw new AppError(
      "refused",
      `Cannot publish a new cluster: there are ${count} already`,
    );
  }

  /** Drops old generations that nothing refers to, and their specs. */
  #prune(draft: Draft, cluster: string): void {
    const state = this.#state.state(draft, cluster);
    // Most of the time there is nothing to drop, and a large cluster need not be walked for that.
    if (state.generations.size <= MAX_GENERATIONS) return;
    const referred = new Set<number>();
    for (const [, doc] of draft.entries("placement", `${cluster}/`)) {
      referred.add(doc.generation);
      referred.add(doc.fallbackGeneration);
    }
    for (const generation of prunable(state, referred)) {
      draft.delete("generation", generationKey(cluster, generation));
    }
    const left = this.#state.state(draft, cluster);
    const hashes = new Set(
      [...left.generations.values()].map((doc) =>
        `${cluster}/${doc.intentHash}`
      ),
    );
    for (const [id] of draft.entries("intent", `${cluster}/`)) {
      if (!hashes.has(id)) draft.delete("intent", id);
    }
  }

  // ---- operators --------------------------------------------------------

  /** Makes an older generation active and holds it there; 0: the last one before the present. */
  rollback(
    cluster: string,
    generation: number,
    by: Actor = SYSTEM,
  ): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.rollback(name, generation, by),
    );
  }

  /** Ends a hold or a pause. */
  resume(cluster: string, by: Actor = SYSTEM): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.resume(name, by),
    );
  }

  /** Forgets a failure and rolls the generation out again. */
  retry(
    cluster: string,
    generation: number,
    by: Actor = SYSTEM,
  ): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.retry(name, generation, by),
    );
  }

  /** The running rollout takes no further step. */
  pause(
    cluster: string,
    reason: string,
    by: Actor = SYSTEM,
  ): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.pause(name, reason, by),
    );
  }

  /** Canaries or green copies become the main ones. */
  promote(cluster: string, by: Actor = SYSTEM): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.promote(name, by),
    );
  }

  /** The running rollout has failed. */
  fail(
    cluster: string,
    reason: string,
    by: Actor = SYSTEM,
  ): Promise<ClusterStatus> {
    return this.#onCluster(
      cluster,
      (name) => this.operations.rollouts.fail(name, reason, by),
    );
  }

  async #onCluster(
    cluster: string,
    ask: (name: string) => Promise<void>,
  ): Promise<ClusterStatus> {
    const name = this.views.clusterName(cluster);
    await ask(name);
    return this.views.getClusterStatus(name);
  }

  /** Records what somebody did beside the documents: they are in a table of their own. */
  async recordToken(
    by: Actor,
    verb: "created" | "revoked",
    { id, role, name }: { id: string; role: string; name: string },
  ): Promise<void> {
    const nowMs = this.#state.clock.now();
    await this.#change("record", (draft) => {
      draft.told.push(newEvent({ by, nowMs }, {
        topic: "token",
        subject: id,
        message: `a token of the role ${role} for ${name} was ${verb}`,
      }));
    });
  }

  // ---- workers ----------------------------------------------------------

  /** See {@linkcode WorkerDesk.getAssignment}. */
  getAssignment(
    worker: string,
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
    process = "",
  ): Promise<Assignment | null> {
    return this.#desk.getAssignment(worker, lastSeen, waitMs, signal, process);
  }

  /** How long a lease is. */
  get leaseMs(): number {
    return this.#state.leaseMs;
  }

  /** See {@linkcode WorkerDesk.pushData}. */
  pushData(report: WorkerReport): Promise<OrderFence> {
    return this.#desk.pushData(report);
  }

  /** See {@linkcode WorkerDesk.register}. */
  register(worker: string, capability: WorkerCapability): Disposable {
    return this.#desk.register(worker, capability);
  }

  /** See {@linkcode WorkerDesk.logs}. */
  logs(
    vm: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ text: string; truncated: boolean }> {
    return this.#desk.logs(vm, maxBytes, signal);
  }

  // ---- the tick ---------------------------------------------------------

  /** Looks at the clusters that are due and commits what follows. */
  async tick(): Promise<void> {
    this.#hasWork = false;
    this.#noticeGap();
    const due = this.#state.takeDue();
    if (due.length === 0 && !this.#mustWrite()) return;
    try {
      const ticks = await this.#committer.changeFirst("tick", (draft) => {
        if (this.#committer.failure !== null) this.#probeStore(draft);
        this.#recordUsable(draft);
        this.operations.step(draft);
        const planned = planTick(this.#state.tickInput(draft, due));
        applyTick(draft, planned);
        return planned;
      });
      this.#remember(ticks);
    } catch (error) {
      for (const cluster of due) this.#state.agenda.touch(cluster);
      this.#hasWork = true;
      throw error;
    }
  }

  /** A look at no cluster writes only what is told here. */
  #mustWrite(): boolean {
    const { documents } = this.#state;
    const stored = documents.get("store", STORE_ID)?.usable;
    return this.#committer.failure !== null || this.#committer.hasUntold ||
      this.operations.hasRunning(documents) ||
      this.#state.usable(documents) !== stored;
  }

  /** When we were frozen or the host slept, silence proves nothing: as after a start, a full term is waited. */
  #noticeGap(): void {
    const { clock, leaseMs, presences, fleet } = this.#state;
    const bootMs = clock.bootMs();
    if (bootMs - this.#lastTickMs > leaseMs / 2) {
      presences.renewAll(bootMs);
      fleet.refreshAll(bootMs);
    }
    this.#lastTickMs = bootMs;
  }

  /** A change of the usable workers is kept, so that plan revisions never fall. */
  #recordUsable(draft: Draft): void {
    const doc = draft.get("store", STORE_ID) ?? FIRST_STORE;
    const usable = this.#state.usable(this.#state.documents);
    if (usable !== doc.usable) draft.put("store", STORE_ID, { ...doc, usable });
  }

  /** After a failed commit every tick writes something, so that it is known when writing works again. */
  #probeStore(draft: Draft): void {
    const doc = draft.get("store", STORE_ID);
    if (doc !== undefined) draft.put("store", STORE_ID, { ...doc });
  }

  #remember(ticks: readonly ClusterTick[]): void {
    this.#state.looked(ticks);
    // What was just done may allow the next step.
    this.#hasWork ||= ticks.some(({ isChanged, actions }) =>
      isChanged || actions.length > 0
    );
  }

  /** The next tick need not wait. */
  get hasWork(): boolean {
    return this.#hasWork;
  }

  /** Resolves when there is something new to look at, at the latest after `periodMs`. */
  async waitForWork(periodMs: number, signal: AbortSignal): Promise<void> {
    if (this.#hasWork || signal.aborted) return;
    await waitForBell(this.#bell, WORK, {
      clock: this.#state.clock,
      waitMs: periodMs,
      signal,
    });
  }

  #wake(): void {
    this.#hasWork = true;
    this.#bell.ring(WORK);
  }

  // ---- inside -----------------------------------------------------------

  #change<T>(
    name: string,
    change: (draft: Draft) => T,
    by: Actor = SYSTEM,
  ): Promise<T> {
    return this.#committer.change(name, change, by);
  }

  #eventsOf(own: Draft, base: Draft, by: Actor): NewEvent[] {
    if (own.isEmpty) return [];
    const changes = [...own.comparedWith(base)].filter(isTold);
    return eventsOf(changes, {
      by,
      nowMs: this.#state.clock.now(),
      reasonOf: (placement) => own.reasonOf(placement),
    });
  }

  #beforeCommit(names: readonly string[]): void {
    if (names.includes("publish")) {
      this.#failpoint("master.publish.before_commit");
    }
  }

  #committed(
    names: readonly string[],
    changes: readonly DocumentChange[],
  ): void {
    this.#state.follow(changes);
    if (names.includes("publish")) this.#failpoint("master.publish.committed");
    let isForAll = false;
    const rung = new Set<string>();
    for (const change of changes) {
      if (change.kind === "worker") rung.add(change.id);
      // The incarnation is a part of every pair.
      if (isChangeOf(change, "store")) {
        isForAll ||= change.before?.incarnation !== change.after?.incarnation;
      }
    }
    if (names.includes("tick") && rung.size > 0) {
      this.#failpoint("master.orders.committed");
    }
    if (names.some((name) => name !== "tick")) this.#wake();
    if (isForAll) this.#bell.ringAll();
    else for (const name of rung) this.#bell.ring(name);
  }
}

/** Of intents and volumes nothing is told: what refers to them is. */
function isTold(change: DocumentChange): change is DocumentChange & Change {
  return change.kind !== "intent" && change.kind !== "volume";
}

function replyOf(doc: GenerationDoc, created: boolean): PublishReply {
  const { cluster, generation, state, intentHash } = doc;
  return { cluster, generation, state, intentHash, created };
}
