/**
 * What a change comes to in words: the events of documents before and after.
 * Decides what is worth an event and what is noise: acknowledgements,
 * measurements and labels are.
 *
 * @module
 */
import type {
  ClusterDoc,
  GenerationDoc,
  OperationDoc,
  PlacementDoc,
  WorkerDoc,
} from "./documents.ts";
import {
  because,
  type EventContext,
  type NewEvent,
  newEvent,
  type Pair,
  type Told,
  told,
} from "./event_words.ts";
import { PlacementTeller } from "./placement_events.ts";

export { type NewEvent, newEvent } from "./event_words.ts";

/** Commits are told by so many digits. */
const SHORT = 12;

/** A document before and after a change; kinds of which nothing is told need not be given. */
export type Change =
  | Pair<"placement", PlacementDoc>
  | Pair<"generation", GenerationDoc>
  | Pair<"cluster", ClusterDoc>
  | Pair<"worker", WorkerDoc>
  | Pair<"operation", OperationDoc>
  | Pair<"store", { incarnation: number }>;

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
