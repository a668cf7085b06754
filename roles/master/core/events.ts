/**
 * What a change comes to in words: the events of documents before and after,
 * of workers that come and go, and of what reports show. Decides what is worth
 * an event and what is noise: acknowledgements, measurements and labels are.
 *
 * @module
 */
import { type Actor, type Event, SYSTEM } from "../../model/event.ts";
import { splitVmId } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type {
  ClusterDoc,
  GenerationDoc,
  OperationDoc,
  PlacementDoc,
  WorkerDoc,
} from "./documents.ts";
import { placementKey } from "./documents.ts";
import type { Liveness } from "./liveness.ts";

/** An event that has no index yet: the store gives it one. */
export type NewEvent = Omit<Event, "index">;

/** Longest sentence, as in the model. */
const MAX_MESSAGE_CHARS = 2000;
/** Longest fact beside it. */
const MAX_VALUE_CHARS = 1024;
/** Commits are told by so many digits. */
const SHORT = 12;

interface Pair<K extends string, T> {
  kind: K;
  id: string;
  before: T | null;
  after: T | null;
}

/** A document before and after a change; kinds of which nothing is told need not be given. */
export type Change =
  | Pair<"placement", PlacementDoc>
  | Pair<"generation", GenerationDoc>
  | Pair<"cluster", ClusterDoc>
  | Pair<"worker", WorkerDoc>
  | Pair<"operation", OperationDoc>
  | Pair<"store", { incarnation: number }>;

/** Who changed it, and when. */
export interface EventContext {
  by: Actor;
  nowMs: number;
  /** Why a copy was placed, moved or ended, by its placement's id. */
  reasonOf(placement: string): string | undefined;
}

/** What an event is made of, but for when and by whom. */
type Told = Omit<NewEvent, "atMs" | "by">;

const NO_DATA: Readonly<Record<string, string>> = {};

function told(
  topic: NewEvent["topic"],
  subject: string,
  message: string,
  over: Partial<Told> = {},
): Told {
  return { topic, cluster: "", subject, message, data: NO_DATA, ...over };
}

/** Nothing else that a caller may know of itself. */
function actorOf(by: Actor): Actor {
  return by === SYSTEM
    ? by
    : { role: by.role, name: by.name, tokenId: by.tokenId };
}

/** One event, with what is too long cut. */
export function newEvent(
  context: Pick<EventContext, "by" | "nowMs">,
  event: Omit<Told, "data" | "cluster"> & Partial<Told>,
): NewEvent {
  const { message } = event;
  return {
    cluster: "",
    data: NO_DATA,
    ...event,
    message: message.length > MAX_MESSAGE_CHARS
      ? `${message.slice(0, MAX_MESSAGE_CHARS - 1)}…`
      : message,
    atMs: context.nowMs,
    by: actorOf(context.by),
  };
}

function because(text: string, reason: string | undefined): string {
  return reason === undefined || reason === "" || text.includes(reason)
    ? text
    : `${text}: ${reason}`;
}

/** Tells of the copies of VMs: what came to one worker and left another in one change has moved. */
class PlacementTeller {
  readonly #reasonOf: EventContext["reasonOf"];
  readonly #came = new Map<string, PlacementDoc>();
  readonly #left = new Map<string, { doc: PlacementDoc; isGone: boolean }>();
  readonly told: Told[] = [];

  constructor(reasonOf: EventContext["reasonOf"]) {
    this.#reasonOf = reasonOf;
  }

  add({ before, after }: Pair<"placement", PlacementDoc>): void {
    if (before === null) {
      if (after !== null && !after.leaving) this.#came.set(after.vm, after);
      return;
    }
    const isGone = after === null;
    if (!before.leaving && (isGone || after.leaving)) {
      this.#left.set(before.vm, { doc: before, isGone });
    } else if (isGone) this.#tell(before, `gone from ${before.worker}`);
    else if (!before.leaving) this.#changed(before, after);
  }

  #tell(doc: PlacementDoc, message: string, data = {}): void {
    this.told.push({
      topic: "vm",
      cluster: splitVmId(doc.vm).cluster,
      subject: doc.vm,
      message,
      data: {
        worker: doc.worker,
        generation: String(doc.generation),
        ...data,
      },
    });
  }

  #changed(before: PlacementDoc, after: PlacementDoc): void {
    const reason = this.#reasonOf(placementKey(after));
    if (before.runtimeHash !== after.runtimeHash) {
      const text =
        `updated to generation ${after.generation} on ${after.worker}`;
      this.#tell(after, because(text, reason));
    } else if (before.surge && !after.surge) {
      const text = `promoted: the copy on ${after.worker} is the main one`;
      this.#tell(after, because(text, reason));
    } else if (
      before.orderRevision !== after.orderRevision &&
      before.generation === after.generation &&
      before.policyHash === after.policyHash
    ) {
      this.#tell(after, because(`ordered again on ${after.worker}`, reason));
    }
    const known = new Map(before.avoid.map((avoid) => [avoid.worker, avoid]));
    for (const avoid of after.avoid) {
      if ((known.get(avoid.worker)?.count ?? 0) >= avoid.count) continue;
      this.#tell(after, `keeps away from ${avoid.worker}: ${avoid.reason}`, {
        worker: avoid.worker,
      });
    }
  }

  /** What came and what left, joined. */
  end(): Told[] {
    for (const [vm, doc] of this.#came) {
      const left = doc.surge ? undefined : this.#left.get(vm);
      const reason = this.#reasonOf(placementKey(doc)) ?? doc.decision?.reason;
      if (left === undefined) {
        const copy = doc.surge ? "a new copy is placed on" : "placed on";
        this.#tell(doc, because(`${copy} ${doc.worker}`, reason));
        continue;
      }
      this.#left.delete(vm);
      const why = this.#reasonOf(placementKey(left.doc)) ?? reason;
      this.#tell(
        doc,
        because(`moved from ${left.doc.worker} to ${doc.worker}`, why),
        { from: left.doc.worker },
      );
    }
    for (const { doc, isGone } of this.#left.values()) {
      const text = isGone ? `gone from ${doc.worker}` : `leaves ${doc.worker}`;
      this.#tell(doc, because(text, this.#reasonOf(placementKey(doc))));
    }
    return this.told;
  }
}

function ofGeneration(
  { before, after }: Pair<"generation", GenerationDoc>,
): Told[] {
  if (after === null) return [];
  const { cluster, generation, state, reason, commit, repository } = after;
  const of = (message: string) =>
    told("generation", String(generation), message, {
      cluster,
      data: { state, commit },
    });
  if (before === null) {
    const text = `published by ${repository}, commit ${
      commit.slice(0, SHORT)
    }: ${state}`;
    return [of(because(text, reason))];
  }
  if (before.state !== state) return [of(because(state, reason))];
  // A failure that is forgotten is told by its reason alone.
  return before.reason !== reason && state === "failed" ? [of(reason)] : [];
}

function ofCluster({ before, after }: Pair<"cluster", ClusterDoc>): Told[] {
  if (after === null) return [];
  const events: Told[] = [];
  const tell = (subject: number, message: string) =>
    events.push(told("rollout", String(subject), message, {
      cluster: after.name,
    }));
  if (before !== null && before.held !== after.held) {
    tell(
      after.active,
      after.held
        ? `held at ${after.active}: newer generations wait for resume`
        : "the hold is ended",
    );
  }
  const was = before?.rollout ?? null;
  const is = after.rollout;
  if (is === null || was?.generation !== is.generation) return events;
  if (was.state !== is.state) {
    if (is.state === "paused") {
      tell(is.generation, because("paused", is.message));
    } else if (was.state === "paused" && is.state === "running") {
      tell(is.generation, "goes on");
    }
  }
  if (!was.isPromoted && is.isPromoted) {
    tell(is.generation, "its new copies may become the main ones");
  }
  return events;
}

function sizeText({ capacity }: WorkerDoc): string {
  return `${capacity.cpuMilli / 1000} cores, ${capacity.memoryMib} MiB`;
}

function ofWorker({ id, before, after }: Pair<"worker", WorkerDoc>): Told[] {
  const events: Told[] = [];
  const tell = (message: string) => events.push(told("worker", id, message));
  if (after === null) {
    if (before !== null) tell("removed");
    return events;
  }
  if (before === null) {
    tell(`joined with ${sizeText(after)}`);
    return events;
  }
  if (before.term < after.term) tell("is back after it was lost");
  const subnet = after.network?.subnet;
  if (subnet !== undefined && subnet !== before.network?.subnet) {
    tell(`gives its guests addresses of ${subnet}`);
  }
  if (sizeText(before) !== sizeText(after)) {
    tell(`offers ${sizeText(after)}, no longer ${sizeText(before)}`);
  }
  if (before.cordon === null && after.cordon !== null) {
    tell(because("takes no new VMs", after.cordon.reason));
  } else if (before.cordon !== null && after.cordon === null) {
    tell("takes new VMs again");
  }
  return events;
}

function ofOperation(
  { id, before, after }: Pair<"operation", OperationDoc>,
): Told[] {
  if (after === null) return [];
  const { kind, target, state, message } = after;
  const isNew = before === null;
  const isSame = before?.state === state && before.force === after.force &&
    before.deadlineAtMs === after.deadlineAtMs;
  if (!isNew && isSame) return [];
  return [
    told(
      "operation",
      id,
      because(`${kind} of ${target} is ${state}`, message),
      { data: { kind, target, state } },
    ),
  ];
}

/** The events of one change of documents, in the order in which they make sense. */
export function eventsOf(
  changes: Iterable<Change>,
  context: EventContext,
): NewEvent[] {
  const placements = new PlacementTeller(context.reasonOf);
  const others: Told[] = [];
  for (const change of changes) {
    if (change.kind === "placement") placements.add(change);
    else if (change.kind === "generation") others.push(...ofGeneration(change));
    else if (change.kind === "cluster") others.push(...ofCluster(change));
    else if (change.kind === "worker") others.push(...ofWorker(change));
    else if (change.kind === "operation") others.push(...ofOperation(change));
    else others.push(...ofStore(change));
  }
  return [...others, ...placements.end()].map((event) =>
    newEvent(context, event)
  );
}

function ofStore(
  { before, after }: Pair<"store", { incarnation: number }>,
): Told[] {
  if (before === null || after === null) return [];
  if (before.incarnation === after.incarnation) return [];
  return [
    told(
      "store",
      "master",
      `lease epochs begin anew at incarnation ${after.incarnation}: this store is older than what its workers know`,
    ),
  ];
}

/** A worker is seen otherwise than at the last look. */
export function livenessEvent(
  worker: string,
  { before, after, nowMs }: {
    before: Liveness;
    after: Liveness;
    nowMs: number;
  },
): NewEvent {
  const text = {
    alive: "answers again",
    disconnected: "is disconnected: it has not renewed its lease",
    lost: "is lost: its VMs are placed elsewhere",
  } as const satisfies Record<Liveness, string>;
  return newEvent({ by: SYSTEM, nowMs }, {
    topic: "worker",
    subject: worker,
    message: text[after],
    data: { state: after, before },
  });
}

/** Few have anything to tell that is worth an event. */
function hasNews(vm: ObservedVm): boolean {
  return vm.rolledBack !== null || vm.hostFailure !== null ||
    vm.change !== undefined;
}

/** A restart goes by nothing that runs: it is told once. */
function isNewChange(was: ObservedVm | undefined, vm: ObservedVm): boolean {
  if (was?.change !== vm.change) return true;
  return was !== undefined && was.runtimeHash !== null &&
    vm.runtimeHash !== null && was.runtimeHash !== vm.runtimeHash;
}

/** What a worker tells of its VMs that no document holds: that it went back, could not through no fault of the VM, or how it changed what runs. */
export function observationEvents(
  worker: string,
  { before, after, nowMs }: {
    before: readonly ObservedVm[];
    after: readonly ObservedVm[];
    nowMs: number;
  },
): NewEvent[] {
  const known = new Map<string, ObservedVm>();
  for (const vm of before) {
    if (hasNews(vm)) {
      known.set(placementKey(vm), vm);
    }
  }
  const events: NewEvent[] = [];
  for (const vm of after) {
    if (!hasNews(vm)) continue;
    const was = known.get(placementKey(vm));
    const tell = (message: string) =>
      events.push(newEvent({ by: SYSTEM, nowMs }, {
        topic: "vm",
        cluster: splitVmId(vm.vm).cluster,
        subject: vm.vm,
        message,
        data: { worker, generation: String(vm.generation) },
      }));
    const { rolledBack, hostFailure, change } = vm;
    if (
      rolledBack !== null &&
      was?.rolledBack?.orderRevision !== rolledBack.orderRevision
    ) {
      tell(
        `rolled back on ${worker} from generation ${rolledBack.generation}: ${rolledBack.reason}`
          .slice(0, MAX_VALUE_CHARS),
      );
    }
    if (hostFailure !== null && was?.hostFailure?.kind !== hostFailure.kind) {
      tell(
        `${worker} failed it (${hostFailure.kind}): ${hostFailure.message}`
          .slice(0, MAX_VALUE_CHARS),
      );
    }
    if (change !== undefined && isNewChange(was, vm)) {
      tell(`on ${worker}: ${change}`.slice(0, MAX_VALUE_CHARS));
    }
  }
  return events;
}
