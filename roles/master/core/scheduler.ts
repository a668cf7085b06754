/**
 * Where an instance goes: feasible -> rank -> place. Every refusal and every
 * score is kept as a value, for it is what the user reads. Never overcommits,
 * never decides when something is placed (reconciler.ts does).
 *
 * refusals.ts says what is feasible, scoring.ts what counts how much, and
 * ranking.ts finds the best without looking at all workers; what was read off
 * the few it looked at is kept with the placement. `procurator why` judges all
 * of them anew (`judgeWorkers`).
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Candidate } from "../../model/plan.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Decision } from "./documents.ts";
import { groupOf, publishedPorts, type Room, type Size } from "./placing.ts";
import { type Found, type Ranking, rankingOf, type Share } from "./ranking.ts";
import {
  isExcepted,
  passingRefusal,
  type PlacingRequest,
  type Reason,
  type RefusalKind,
  refusalOf,
  shortageOf,
  standingRefusal,
  whyNowhere,
} from "./refusals.ts";
import { attributeOf } from "./rules.ts";
import {
  affinityOf,
  closureWorth,
  partsOf,
  sameVmMalus,
  scoreOf,
  spreadCounts,
  spreadMalus,
  spreadMalusAt,
  useWorth,
} from "./scoring.ts";

export {
  type PlacingRequest,
  type Refusal,
  type RefusalKind,
  refusalOf,
} from "./refusals.ts";

export interface Score {
  worker: string;
  score: number;
  /** Each part by name, so that "why there?" has an answer. */
  parts: Readonly<Record<string, number>>;
}

export interface Placing {
  /** null: nowhere. */
  worker: string | null;
  /** The best, best first: the place and the runners-up. */
  scores: Score[];
  /** Workers that were looked at: those that could have been the best. */
  considered: number;
  /** Workers refused among them, and all that are out whatever is free, by kind. */
  refused: Partial<Record<RefusalKind, number>>;
  /** Why nowhere; empty when it was placed. */
  why: string;
  /** Some worker has too little left: making room could help. */
  lacksRoom: boolean;
  /** What the worker that comes closest lacks; null when room is not what is missing. */
  lack: Size | null;
}

/** The place and three runners-up: what a decision keeps. */
const KEPT_SCORES = 4;

/**
 * Looked at when it is known which workers have the closure: the best by all
 * other parts. Asking for each of 10,000 would cost more than a copy saves; so
 * among thousands of equals one that has it can be missed, and the decision
 * says how many were looked at.
 */
const CLOSURE_CANDIDATES = 32;

/** Workers that have instances of a group, from which on the group gets a ranking of its own; up to it each is looked at in vain at most once. */
const WIDE_GROUP = 32;

/** A longer key is hashed: constraints can be long, and keys are kept. */
const MAX_KEY = 256;

/** What of a spec a ranking depends on, as a key; computed once per spec. */
const keys = new WeakMap<VmSpec, string>();

function keyOf(spec: VmSpec): string {
  let key = keys.get(spec);
  if (key === undefined) {
    const { constraints, affinities, spread, backend, fencing } = spec;
    const text = JSON.stringify([
      constraints,
      affinities,
      spread,
      backend ?? null,
      fencing === "exclusive",
    ]);
    key = text.length <= MAX_KEY
      ? text
      : createHash("sha256").update(text).digest("hex");
    keys.set(spec, key);
  }
  return key;
}

/** The ranking that serves a request, and whether it holds the group's malus already. */
function rankingFor(
  request: PlacingRequest,
  room: Room,
): { ranking: Ranking; isWide: boolean } {
  const { spec, policy = "spread", stays = false } = request;
  const group = groupOf(request.vm);
  const isWide = room.holdersOf(group).size > WIDE_GROUP;
  const key = `${policy} ${stays} ${isWide ? group : ""} ${keyOf(spec)}`;
  const ranking = rankingOf(room, key, () => ({
    policy,
    group: isWide ? group : null,
    standing: (worker) => standingRefusal(spec, worker, stays),
    worth: (worker) =>
      useWorth(policy, worker) + affinityOf(spec, worker) +
      (isWide ? sameVmMalus(policy, worker.groups.get(group) ?? 0) : 0),
    share: (worker) =>
      spec.spread.map(({ attribute }) => attributeOf(worker, attribute)),
  }));
  return { ranking, isWide };
}

/** Malus of a share: minus the weight for each instance of the group on workers with the same value. */
function shareMalus(
  request: PlacingRequest,
  room: Room,
  ranking: Ranking,
  isWide: boolean,
): (share: Share) => number {
  const { spread } = request.spec;
  const [only] = spread;
  if (only === undefined) return () => 0;
  if (isWide && spread.length === 1) {
    return ({ values, held }) =>
      values[0] === undefined ? 0 : -only.weight * held;
  }
  const counts = isWide
    ? spread.map((_, which) => {
      const sums = new Map<string | undefined, number>();
      for (const { values, held } of ranking.shares) {
        sums.set(values[which], (sums.get(values[which]) ?? 0) + held);
      }
      return sums;
    })
    : spreadCounts(request.spec, groupOf(request.vm), room);
  return ({ values }) => spreadMalus(request.spec, values, counts);
}

const PLACED = { why: "", lacksRoom: false, lack: null } as const;

/** Picks a worker, or says why there is none. Equal scores go to the first by name. */
export function choosePlace(request: PlacingRequest, room: Room): Placing {
  if (request.only !== undefined) return onlyPlace(request, room, request.only);
  const { ranking, isWide } = rankingFor(request, room);
  const refused: Partial<Record<RefusalKind, number>> = {};
  const { found, considered } = searchPlaces(
    request,
    room,
    ranking,
    isWide,
    (kind) => refused[kind] = (refused[kind] ?? 0) + 1,
  );
  if (found.length === 0) {
    return {
      worker: null,
      scores: [],
      considered,
      ...(request.isTrial === true
        ? { why: "not asked", refused, lacksRoom: false, lack: null }
        : whyNowhere(request, room)),
    };
  }
  for (const [kind, count] of ranking.standing()) refused[kind] = count;
  const scores = byClosure(request, found).slice(0, KEPT_SCORES)
    .map(({ worker, malus }) => {
      const parts = partsOf(request, worker, malus);
      return { worker: worker.name, score: scoreOf(parts), parts };
    });
  const worker = scores[0]?.worker ?? null;
  return { worker, scores, considered, refused, ...PLACED };
}

function searchPlaces(
  request: PlacingRequest,
  room: Room,
  ranking: Ranking,
  isWide: boolean,
  onRefusal: (kind: RefusalKind) => void,
): { found: Found[]; considered: number } {
  const { policy = "spread", bytesPresent } = request;
  const group = groupOf(request.vm);
  const ports = publishedPorts(request.spec);
  return ranking.search({
    size: request.size,
    malusOf: shareMalus(request, room, ranking, isWide),
    ownMalus: (worker) =>
      isWide ? 0 : sameVmMalus(policy, worker.groups.get(group) ?? 0),
    refuses: (worker) => {
      if (isExcepted(request, worker.name)) return true;
      const refusal = passingRefusal(request, ports, worker);
      if (refusal !== null) onRefusal(refusal.kind);
      return refusal !== null;
    },
    limit: bytesPresent === undefined ? KEPT_SCORES : CLOSURE_CANDIDATES,
  });
}

/** With the part that is only asked for the best by all others. */
function byClosure(
  { bytesPresent }: PlacingRequest,
  found: readonly Found[],
): readonly Found[] {
  if (bytesPresent === undefined) return found;
  return found.map((entry) => ({
    ...entry,
    score: entry.score + closureWorth(bytesPresent(entry.worker.name)),
    // Stable: what is equal keeps its order.
  })).sort((a, b) => b.score - a.score);
}

function onlyPlace(
  request: PlacingRequest,
  room: Room,
  only: string,
): Placing {
  const worker = room.workers.get(only);
  const refusal: Reason | null = worker === undefined
    ? { kind: "state", reason: "is not known" }
    : isExcepted(request, only)
    ? { kind: "avoided", reason: "it has to leave" }
    : refusalOf(request, worker);
  if (worker !== undefined && refusal === null) {
    const { spec, vm } = request;
    const counts = spreadCounts(spec, groupOf(vm), room);
    const malus = spreadMalusAt(spec, worker, counts);
    const parts = partsOf(request, worker, malus);
    const scores = [{ worker: only, score: scoreOf(parts), parts }];
    return { worker: only, scores, considered: 1, refused: {}, ...PLACED };
  }
  const { kind = "state", reason = "" } = refusal ?? {};
  return {
    worker: null,
    scores: [],
    considered: 1,
    refused: { [kind]: 1 },
    why: `it can only go to "${only}", which ${reason}`,
    lacksRoom: kind === "room" || kind === "port" || kind === "address",
    lack: worker !== undefined && kind === "room"
      ? shortageOf(request.size, worker.free)
      : null,
  };
}

/** Every worker, or these, as a place for this instance now: best first, the refused ones after them, by name. */
export function judgeWorkers(
  request: PlacingRequest,
  room: Room,
  names?: readonly string[],
): Candidate[] {
  const counts = spreadCounts(request.spec, groupOf(request.vm), room);
  const workers = names === undefined
    ? room.ordered
    : names.flatMap((name) => room.workers.get(name) ?? []);
  const judged = workers.flatMap((worker): Candidate[] => {
    if (isExcepted(request, worker.name)) return [];
    const refusal = refusalOf(request, worker);
    if (refusal !== null) {
      const { kind, reason } = refusal;
      const { name } = worker;
      return [{ worker: name, score: 0, parts: {}, refusal: reason, kind }];
    }
    const malus = spreadMalusAt(request.spec, worker, counts);
    const parts = partsOf(request, worker, malus);
    const score = scoreOf(parts);
    return [{ worker: worker.name, score, parts, refusal: null, kind: null }];
  });
  const senior = (name: string) =>
    request.policy === "pack" ? room.workers.get(name)?.meanPlacedMs ?? 0 : 0;
  return judged.sort((a, b) =>
    Number(a.refusal !== null) - Number(b.refusal !== null) ||
    b.score - a.score || senior(a.worker) - senior(b.worker)
  );
}

/** Longest reason a decision keeps. */
const MAX_REASON = 500;

/** What is kept of a placing with the placement, for `why`. */
export function decisionOf(
  placing: Placing,
  reason: string,
  nowMs: number,
): Decision | null {
  const [best, ...others] = placing.scores;
  if (best === undefined) return null;
  return {
    atMs: nowMs,
    reason: reason.slice(0, MAX_REASON),
    score: best.score,
    parts: { ...best.parts },
    considered: placing.considered,
    runnersUp: others.slice(0, KEPT_SCORES - 1)
      .map(({ worker, score }) => ({ worker, score })),
    refused: { ...placing.refused },
  };
}
