/**
 * The master's methods in domain types, whatever carries them: publishing,
 * assignments, reports, status, and the operator's verbs. Holds the documents
 * and the workers' presence; the rules are in core/, the wire is in
 * rpc_server.ts. Runs under the Clock and Store ports alone, without timers.
 *
 * @module
 */
import {
  type Assignment,
  MAX_POLL_MS,
  type OrderFence,
} from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import type { PublishReply, PublishRequest } from "../model/generation.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { Clock } from "../model/ports.ts";
import type { ClusterStatus } from "../model/status.ts";
import { applyChange, applyTick } from "./apply.ts";
import { Committer } from "./committer.ts";
import {
  type GenerationDoc,
  generationKey,
  MAX_WORKERS,
  type WorkerDoc,
} from "./core/documents.ts";
import { incarnationAbove } from "./core/epoch.ts";
import {
  admitGeneration,
  type ClusterChange,
  type ClusterState,
  prunable,
  resume,
  retry,
  rollback,
} from "./core/generations.ts";
import { decidePublish } from "./core/publish.ts";
import type { Progress } from "./core/rollout.ts";
import { type ClusterTick, planTick } from "./core/tick.ts";
import { Documents, type Draft } from "./documents.ts";
import { assignmentAbove } from "./orders.ts";
import { MasterState, STORE_ID } from "./state.ts";
import type { Store } from "./store.ts";
import { MasterViews } from "./views.ts";
import { Bell, type WorkerCapability } from "./workers.ts";

/** Most clusters of one master: each is looked at on every tick. */
const MAX_CLUSTERS = 1000;
/** A worker reads the end of a file: longer means that it hangs. */
const MAX_LOGS_WAIT_MS = 10_000;
/** Largest piece of a log in one answer. */
const MAX_LOG_BYTES = 1024 * 1024;
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
  /** Called at named places, where a test may end the process. */
  failpoint?: (name: MasterFailpoint) => void;
}

export class MasterService {
  /** Everything that is asked and changes nothing. */
  readonly views: MasterViews;
  readonly #state: MasterState;
  readonly #committer: Committer;
  readonly #failpoint: (name: MasterFailpoint) => void;
  readonly #bell = new Bell();
  #hasWork = true;

  private constructor(options: ServiceOptions, documents: Documents) {
    this.#state = new MasterState(documents, options.clock, options.leaseMs);
    this.views = new MasterViews(this.#state);
    this.#failpoint = options.failpoint ?? (() => undefined);
    this.#committer = new Committer(options.store, documents, {
      beforeCommit: (names) => this.#beforeCommit(names),
      committed: (names, draft) => this.#committed(names, draft),
    });
  }

  /** Loads what is stored. A store without an incarnation gets its first. */
  static async open(options: ServiceOptions): Promise<MasterService> {
    const documents = await Documents.load(options.store);
    const service = new MasterService(options, documents);
    if (documents.get("store", STORE_ID) === undefined) {
      await service.#change("store", (draft) => {
        draft.put("store", STORE_ID, { incarnation: 1 });
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
  publishState(request: PublishRequest): Promise<PublishReply> {
    return this.#change("publish", (draft) => {
      const nowMs = this.#state.clock.now();
      const workers = [...draft.entries("worker")].map(([, doc]) => doc);
      const known = this.#state.findState(draft, request.cluster);
      if (known === undefined) this.#checkClusterCount(draft);
      const decision = decidePublish(request, known, workers, nowMs);
      if (decision.kind === "repeat") {
        return replyOf(decision.generation, false);
      }
      const { state, generation } = decision;
      const change = admitGeneration(state, generation, nowMs);
      applyChange(draft, change);
      const key = `${request.cluster}/${request.intentHash}`;
      if (draft.get("intent", key) === undefined) {
        draft.put("intent", key, { vmSpecs: request.vmSpecs });
      }
      this.#prune(draft, request.cluster);
      const stored = change.generations.find((doc) =>
        doc.generation === generation.generation
      );
      return replyOf(stored ?? generation, true);
    });
  }

  #checkClusterCount(draft: Draft): void {
    let count = 0;
    for (const _ of draft.entries("cluster")) count++;
    if (count < MAX_CLUSTERS) return;
    throw new AppError(
      "refused",
      `Cannot publish a new cluster: there are ${count} already`,
    );
  }

  /** Drops old generations that nothing refers to, and their specs. */
  #prune(draft: Draft, cluster: string): void {
    const state = this.#state.state(draft, cluster);
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
  rollback(cluster: string, generation: number): Promise<ClusterStatus> {
    return this.#operate(
      cluster,
      (state, nowMs) => rollback(state, generation, nowMs),
    );
  }

  /** Ends a hold. */
  resume(cluster: string): Promise<ClusterStatus> {
    return this.#operate(cluster, resume);
  }

  /** Forgets a failure and rolls the generation out again. */
  retry(cluster: string, generation: number): Promise<ClusterStatus> {
    return this.#operate(
      cluster,
      (state, nowMs) => retry(state, generation, nowMs),
    );
  }

  async #operate(
    cluster: string,
    decide: (state: ClusterState, nowMs: number) => ClusterChange,
  ): Promise<ClusterStatus> {
    const name = this.views.clusterName(cluster);
    await this.#change("operate", (draft) => {
      const state = this.#state.state(draft, name);
      const change = decide(state, this.#state.clock.now());
      if (change.cluster !== state.cluster) applyChange(draft, change);
    });
    return this.views.getClusterStatus(name);
  }

  // ---- workers ----------------------------------------------------------

  /**
   * The worker's assignment once its pair is above `lastSeen`, null when it
   * was not within `waitMs`, `signal` ended, or a newer poll took its place.
   * Renews the lease on arrival only.
   */
  async getAssignment(
    worker: string,
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null> {
    await this.#admit(worker, lastSeen);
    const bootMs = this.#state.clock.bootMs();
    const ended = new AbortController();
    const end = () => ended.abort();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const deadlineMs = bootMs + Math.min(waitMs, MAX_POLL_MS);
    using _poll = this.#state.presences.openPoll(worker, end, bootMs);
    try {
      for (;;) {
        const assignment = assignmentAbove(this.#state, worker, lastSeen);
        if (assignment !== null) return assignment;
        const leftMs = deadlineMs - this.#state.clock.bootMs();
        if (leftMs <= 0 || ended.signal.aborted) return null;
        await this.#waitFor(worker, leftMs, ended.signal);
      }
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  async #waitFor(
    name: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { rung, cancel } = this.#bell.wait(name);
    const done = new AbortController();
    const stop = () => done.abort();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([rung, this.#state.clock.sleep(waitMs, done.signal)]);
    } finally {
      cancel();
      done.abort();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Takes a worker's report and answers the newest pair of its orders. Renews the lease. */
  async pushData(report: WorkerReport): Promise<OrderFence> {
    await this.#admit(report.worker, report);
    this.#failpoint("master.report.received");
    const isNews = this.#state.presences.take(
      report,
      this.#state.clock.bootMs(),
    );
    const known = this.#state.documents.get("worker", report.worker);
    if (isNews && (known === undefined || isChanged(known, report))) {
      await this.#change("worker", (draft) => this.#keepWorker(draft, report));
    }
    // The first report of a restored store's worker may be above what it was then given.
    await this.#admit(report.worker, report);
    if (isNews) this.#wake();
    const doc = this.#state.documents.get("worker", report.worker);
    return doc === undefined
      ? { leaseEpoch: 0, revision: 0 }
      : this.#state.fenceOf(doc);
  }

  #keepWorker(draft: Draft, report: WorkerReport): void {
    const { worker: name, capacity, attributes, versions } = report;
    const known = draft.get("worker", name);
    if (known === undefined) {
      let count = 0;
      for (const _ of draft.entries("worker")) count++;
      if (count >= MAX_WORKERS) {
        throw new AppError(
          "refused",
          `Cannot take worker "${name}": there are ${count} already`,
        );
      }
    }
    draft.put("worker", name, {
      name,
      term: known?.term ?? 0,
      // Above 0, so that the first poll of a new worker is answered.
      revision: known?.revision ?? 1,
      capacity,
      attributes,
      versions,
    });
  }

  /** Renews a lease, and mends its epoch: a new term after it was lost, a new incarnation when it knows more than we gave. */
  async #admit(name: string, shown: OrderFence): Promise<void> {
    const at = {
      nowMs: this.#state.clock.now(),
      bootMs: this.#state.clock.bootMs(),
    };
    const wasLost = this.#state.liveness(name) === "lost";
    const doc = this.#state.documents.get("worker", name);
    if (doc === undefined) return;
    this.#state.presences.renew(name, at.bootMs);
    this.#state.presences.acknowledge(name, shown, at);
    const ours = this.#state.fenceOf(doc);
    const incarnation = incarnationAbove(this.#state.incarnation, ours, shown);
    if (incarnation !== this.#state.incarnation) {
      await this.#change("store", (draft) => {
        const now = draft.get("store", STORE_ID)?.incarnation ?? 0;
        draft.put("store", STORE_ID, {
          incarnation: Math.max(now, incarnation),
        });
      });
    } else if (wasLost) {
      await this.#change("worker", (draft) => {
        const now = draft.get("worker", name);
        if (now !== undefined) {
          draft.put("worker", name, { ...now, term: now.term + 1 });
        }
      });
    }
  }

  /** Where a worker's logs are asked for; forgotten when disposed. */
  register(worker: string, capability: WorkerCapability): Disposable {
    return this.#state.presences.register(
      worker,
      capability,
      this.#state.clock.bootMs(),
    );
  }

  /** The end of a VM's log, asked of the worker that runs it. */
  async logs(
    vm: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ text: string; truncated: boolean }> {
    const placement = [...this.#state.documents.entries("placement", `${vm}#`)]
      .map(([, doc]) => doc)
      .sort((a, b) =>
        Number(a.leaving) - Number(b.leaving) || b.incarnation - a.incarnation
      )[0];
    if (placement === undefined) {
      throw new AppError(
        "not_found",
        `Cannot read the log of ${vm}: it is on no worker`,
        { hint: "see: procurator status" },
      );
    }
    const capability = this.#state.presences.capability(placement.worker);
    if (capability === null) {
      throw new AppError(
        "unavailable",
        `Cannot read the log of ${vm}: its worker ${placement.worker} is not connected`,
        { hint: "try again when the worker is back" },
      );
    }
    const limit = new AbortController();
    const done = new AbortController();
    void this.#state.clock.sleep(MAX_LOGS_WAIT_MS, done.signal).then(() =>
      limit.abort(
        new AppError(
          "timeout",
          `${placement.worker} did not answer within ${MAX_LOGS_WAIT_MS} ms`,
        ),
      )
    );
    try {
      return await capability.logs({
        vm,
        maxBytes: Math.min(maxBytes, MAX_LOG_BYTES),
      }, AbortSignal.any([signal, limit.signal]));
    } finally {
      done.abort();
    }
  }

  // ---- the tick ---------------------------------------------------------

  /** Looks at everything once and commits what follows. */
  async tick(): Promise<void> {
    this.#hasWork = false;
    try {
      const ticks = await this.#change("tick", (draft) => {
        if (this.#committer.failure !== null) this.#probeStore(draft);
        const planned = planTick(this.#state.tickInput(draft));
        applyTick(draft, planned);
        return planned;
      });
      this.#remember(ticks);
    } catch (error) {
      this.#hasWork = true;
      throw error;
    }
  }

  /** After a failed commit every tick writes something, so that it is known when writing works again. */
  #probeStore(draft: Draft): void {
    const doc = draft.get("store", STORE_ID);
    if (doc !== undefined) draft.put("store", STORE_ID, { ...doc });
  }

  #remember(ticks: readonly ClusterTick[]): void {
    const reports = new Map<string, ReadonlyMap<string, string>>();
    const progresses = new Map<string, Progress>();
    for (const { change, isChanged, progress, report, actions } of ticks) {
      const { name } = change.cluster;
      reports.set(name, report);
      if (progress !== undefined) progresses.set(name, progress);
      // What was just done may allow the next step.
      if (isChanged || actions.length > 0) this.#hasWork = true;
    }
    this.#state.reports = reports;
    this.#state.progress = progresses;
  }

  /** The next tick need not wait. */
  get hasWork(): boolean {
    return this.#hasWork;
  }

  /** Resolves when there is something new to look at, at the latest after `periodMs`. */
  async waitForWork(periodMs: number, signal: AbortSignal): Promise<void> {
    if (this.#hasWork || signal.aborted) return;
    await this.#waitFor(WORK, periodMs, signal);
  }

  #wake(): void {
    this.#hasWork = true;
    this.#bell.ring(WORK);
  }

  // ---- inside -----------------------------------------------------------

  #change<T>(name: string, change: (draft: Draft) => T): Promise<T> {
    return this.#committer.change(name, change);
  }

  #beforeCommit(names: readonly string[]): void {
    if (names.includes("publish")) {
      this.#failpoint("master.publish.before_commit");
    }
  }

  #committed(names: readonly string[], draft: Draft): void {
    if (names.includes("publish")) this.#failpoint("master.publish.committed");
    let isForAll = false;
    const rung = new Set<string>();
    for (const { kind, id, doc } of draft.changes()) {
      if (kind === "store") isForAll = true;
      if (kind === "worker") rung.add(id);
      if (kind === "intent" && doc === null) this.#state.forgetSpecs(id);
    }
    if (names.includes("tick") && rung.size > 0) {
      this.#failpoint("master.orders.committed");
    }
    if (names.some((name) => name !== "tick")) this.#wake();
    if (isForAll) this.#bell.ringAll();
    else for (const name of rung) this.#bell.ring(name);
  }
}

function replyOf(doc: GenerationDoc, created: boolean): PublishReply {
  const { cluster, generation, state, intentHash } = doc;
  return { cluster, generation, state, intentHash, created };
}

/** What of a report is kept in the worker's document has changed. */
function isChanged(known: WorkerDoc, report: WorkerReport): boolean {
  const kept = ({ capacity, attributes, versions }: WorkerReport | WorkerDoc) =>
    JSON.stringify([
      capacity.cpuMilli,
      capacity.memoryMib,
      Object.entries(attributes).sort(),
      Object.entries(versions).sort(),
    ]);
  return kept(known) !== kept(report);
}
