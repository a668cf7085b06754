/**
 * The master's methods in domain types, whatever carries them: publishing,
 * assignments, reports, status, and the operator's verbs. Holds the documents
 * and the workers' presence; the rules are in core/, the wire is in
 * rpc_server.ts. Runs under the Clock and Store ports alone, without timers.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../model/assignment.ts";
import { type Actor, SYSTEM } from "../model/event.ts";
import { splitVmId } from "../model/ids.ts";
import type { PublishReply, PublishRequest } from "../model/generation.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { Clock } from "../model/ports.ts";
import type { ClusterStatus } from "../model/status.ts";
import { Committer } from "./committer.ts";
import {
  type Change,
  eventsOf,
  type NewEvent,
  newEvent,
} from "./core/events.ts";
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
import { Publishing } from "./publishing.ts";
import type { Store } from "./store.ts";
import { Ticker } from "./ticker.ts";
import { MasterViews } from "./views.ts";
import { type VmHost, WorkerDesk } from "./worker_desk.ts";
import { Bell, type WorkerCapability } from "./workers.ts";

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
  /** Where guests get their addresses; default: that of core/addresses.ts. */
  pool?: string;
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
  readonly #publishing: Publishing;
  readonly #ticker: Ticker;

  private constructor(options: ServiceOptions, documents: Documents) {
    const { clock, leaseMs, pool } = options;
    this.#state = new MasterState(documents, clock, leaseMs, pool);
    this.views = new MasterViews(this.#state);
    this.planner = new Planner(this.#state, {
      sizes: options.sizes ?? null,
      recordUsable: () =>
        this.#change("plan", (draft) => this.#ticker.recordUsable(draft)),
    });
    if (options.sizes !== undefined) {
      this.#state.closureShareOf = (spec) => this.planner.closureShareOf(spec);
    }
    this.events = new EventStream(options.store, options.clock);
    this.#failpoint = options.failpoint ?? (() => undefined);
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
    this.#publishing = new Publishing({
      state: this.#state,
      planner: this.planner,
      change: (name, change, by) => this.#change(name, change, by),
    });
    this.#ticker = new Ticker({
      state: this.#state,
      committer: this.#committer,
      operations: this.operations,
      bell: this.#bell,
    });
    this.#desk = new WorkerDesk(this.#state, {
      bell: this.#bell,
      change: (name, change) => this.#change(name, change),
      wake: () => this.#ticker.wake(),
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

  /** See {@linkcode Publishing.publish}. */
  publishState(
    request: PublishRequest,
    by: Actor = SYSTEM,
  ): Promise<PublishReply> {
    return this.#publishing.publish(request, by);
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
    verb: "created" | "revoked" | "enrolled" | "enrolled again",
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

  /** Records what somebody does to one VM that runs: no document changes by it. Before it is done, so that nothing is done unseen. */
  async recordVmAct(
    by: Actor,
    vm: string,
    { message, worker }: { message: string; worker: string },
  ): Promise<void> {
    const nowMs = this.#state.clock.now();
    await this.#change("record", (draft) => {
      draft.told.push(newEvent({ by, nowMs }, {
        topic: "vm",
        cluster: splitVmId(vm).cluster,
        subject: vm,
        message,
        data: { worker },
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

  /** See {@linkcode WorkerDesk.hostOf}. */
  hostOf(vm: string, incarnation: number, what: string): VmHost {
    return this.#desk.hostOf(vm, incarnation, what);
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

  /** See {@linkcode Ticker.look}. */
  tick(): Promise<void> {
    return this.#ticker.look();
  }

  /** The next tick need not wait. */
  get hasWork(): boolean {
    return this.#ticker.hasWork;
  }

  /** See {@linkcode Ticker.waitForWork}. */
  waitForWork(periodMs: number, signal: AbortSignal): Promise<void> {
    return this.#ticker.waitForWork(periodMs, signal);
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
    this.#state.following.follow(changes);
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
    if (names.some((name) => name !== "tick")) this.#ticker.wake();
    if (isForAll) this.#bell.ringAll();
    else for (const name of rung) this.#bell.ring(name);
  }
}

/** Of intents and volumes nothing is told: what refers to them is. */
function isTold(change: DocumentChange): change is DocumentChange & Change {
  return change.kind !== "intent" && change.kind !== "volume";
}
