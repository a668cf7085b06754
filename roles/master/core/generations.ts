/**
 * What becomes of generations: each function takes a cluster as it is and
 * returns the documents that change. Owns the states and the hold; what
 * publishing must fulfil is publish.ts's business, VMs are the reconciler's.
 *
 * ```
 * publish --held--> pending --resume--> rolling --success--> active
 *         --------------------------->    |                   | newer active, rollback
 *                            failed <-----+---> superseded <--+ --rollback--> active
 *                              '--retry--> rolling
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import {
  type ClusterDoc,
  type GenerationDoc,
  MAX_FAILURES,
} from "./documents.ts";

/** A cluster and all its generations by number. */
export interface ClusterState {
  cluster: ClusterDoc;
  generations: ReadonlyMap<number, GenerationDoc>;
}

/** The documents that change; the same shape for every operation. */
export interface ClusterChange {
  cluster: ClusterDoc;
  generations: GenerationDoc[];
}

/** Longest reason kept: one screen. */
const MAX_REASON_CHARS = 2000;

/** Collects changes so that a generation changed twice ends up once. */
class Change {
  cluster: ClusterDoc;
  readonly #base: ReadonlyMap<number, GenerationDoc>;
  readonly #changed = new Map<number, GenerationDoc>();

  /** @param isDesired what is desired changes, so a plan that was shown is out of date. */
  constructor(state: ClusterState, isDesired = true) {
    this.cluster = {
      ...state.cluster,
      planRevision: state.cluster.planRevision + Number(isDesired),
    };
    this.#base = state.generations;
  }

  get(generation: number): GenerationDoc | undefined {
    return this.#changed.get(generation) ?? this.#base.get(generation);
  }

  all(): GenerationDoc[] {
    const numbers = new Set([...this.#base.keys(), ...this.#changed.keys()]);
    return [...numbers].sort((a, b) => a - b).flatMap((number) =>
      this.get(number) ?? []
    );
  }

  set(generation: number, change: Partial<GenerationDoc>): void {
    const doc = this.get(generation);
    if (doc !== undefined) {
      this.#changed.set(generation, { ...doc, ...change });
    }
  }

  add(doc: GenerationDoc): void {
    this.#changed.set(doc.generation, doc);
  }

  end(): ClusterChange {
    return { cluster: this.cluster, generations: [...this.#changed.values()] };
  }
}

function supersede(
  change: Change,
  generation: number,
  reason: string,
  nowMs: number,
) {
  change.set(generation, { state: "superseded", reason, endedAtMs: nowMs });
}

/** Ends a rollout that is under way; the fallback stays the last active generation. */
function cancelRollout(change: Change, reason: string, nowMs: number): void {
  const { rollout } = change.cluster;
  if (rollout === null) return;
  const state = change.get(rollout.generation)?.state;
  if (state === "rolling") supersede(change, rollout.generation, reason, nowMs);
  change.cluster = { ...change.cluster, rollout: null };
}

function makeActive(change: Change, generation: number, nowMs: number): void {
  const before = change.cluster.active;
  if (before !== 0 && before !== generation) {
    supersede(
      change,
      before,
      `generation ${generation} became active`,
      nowMs,
    );
  }
  change.set(generation, {
    state: "active",
    reason: "",
    endedAtMs: nowMs,
    wasActive: true,
  });
  change.cluster = {
    ...change.cluster,
    active: generation,
    previous: before === generation ? change.cluster.previous : before,
    rollout: null,
  };
}

function startRollout(change: Change, generation: number, nowMs: number): void {
  cancelRollout(change, `generation ${generation} was rolled out`, nowMs);
  change.set(generation, {
    state: "rolling",
    reason: "",
    endedAtMs: null,
    // A retry is measured anew.
    seconds: { copy: null, place: null, boot: null, healthy: null },
  });
  change.cluster = {
    ...change.cluster,
    rollout: {
      generation,
      state: "running",
      message: "",
      revert: true,
      isPromoted: false,
      startedAtMs: nowMs,
    },
  };
}

function waitHeld(change: Change, generation: number): void {
  change.set(generation, {
    state: "pending",
    reason: `held at ${change.cluster.active}: waits for procurator resume`,
    endedAtMs: null,
  });
}

/** Rolls a generation out, or makes it active when its content already is, or lets it wait under a hold. */
function setInMotion(change: Change, generation: number, nowMs: number): void {
  const { held, active } = change.cluster;
  if (held) return waitHeld(change, generation);
  const intent = change.get(generation)?.intentHash;
  if (active !== 0 && change.get(active)?.intentHash === intent) {
    cancelRollout(change, `generation ${generation} was published`, nowMs);
    return makeActive(change, generation, nowMs);
  }
  startRollout(change, generation, nowMs);
}

/** A new generation enters; publish.ts has checked it. */
export function admitGeneration(
  state: ClusterState,
  doc: GenerationDoc,
  nowMs: number,
): ClusterChange {
  const change = new Change(state);
  change.add(doc);
  change.cluster = { ...change.cluster, highest: doc.generation };
  setInMotion(change, doc.generation, nowMs);
  return change.end();
}

/** The rollout succeeded: an observation. What is desired stays, and with it the plan revision. */
export function promote(state: ClusterState, nowMs: number): ClusterChange {
  const change = new Change(state, false);
  const generation = state.cluster.rollout?.generation;
  if (generation !== undefined) makeActive(change, generation, nowMs);
  return change.end();
}

/** The rollout failed: remembered by its intent. */
export function failRollout(
  state: ClusterState,
  failure: { reason: string; revert: boolean },
  nowMs: number,
): ClusterChange {
  const change = new Change(state);
  const { rollout, active } = state.cluster;
  const doc = rollout === null
    ? undefined
    : state.generations.get(rollout.generation);
  if (doc === undefined) return change.end();
  const reason = failure.reason.slice(0, MAX_REASON_CHARS);
  change.set(doc.generation, { state: "failed", reason, endedAtMs: nowMs });
  const next = failure.revert
    ? active === 0
      ? "nothing was active before, so its VMs are stopped"
      : `back to generation ${active}`
    : "autoRevert is off, so everything stays as it is";
  change.cluster = {
    ...change.cluster,
    rollout: {
      generation: doc.generation,
      state: "failed",
      message: `${reason}; ${next}`,
      revert: failure.revert,
      isPromoted: false,
      startedAtMs: rollout?.startedAtMs ?? nowMs,
    },
    failures: [
      ...state.cluster.failures.filter((known) =>
        known.intentHash !== doc.intentHash
      ),
      {
        intentHash: doc.intentHash,
        generation: doc.generation,
        reason,
        atMs: nowMs,
      },
    ].slice(-MAX_FAILURES),
  };
  return change.end();
}

function lastActiveBefore(state: ClusterState): GenerationDoc {
  const { active, name } = state.cluster;
  const found = [...state.generations.values()]
    .filter((doc) => doc.wasActive && doc.generation < active)
    .sort((a, b) => b.generation - a.generation)[0];
  if (found !== undefined) return found;
  throw new AppError(
    "refused",
    `Cannot roll "${name}" back: no generation before ${active} was ever active`,
  );
}

function rollbackTarget(
  state: ClusterState,
  generation: number,
): GenerationDoc {
  const { cluster: { name } } = state;
  if (generation === 0) return lastActiveBefore(state);
  const doc = state.generations.get(generation);
  if (doc === undefined) {
    throw new AppError(
      "not_found",
      `Cannot roll "${name}" back to generation ${generation}: it is not known`,
      { hint: "see: procurator generations" },
    );
  }
  if (doc.wasActive) return doc;
  throw new AppError(
    "refused",
    `Cannot roll "${name}" back to generation ${generation}: it is ${doc.state} and never was active`,
    { hint: "choose one that was active, see: procurator generations" },
  );
}

/**
 * Makes a generation that was active before active again and holds the
 * cluster there; 0: the last one before the present.
 *
 * @throws {AppError} `refused` or `not_found` when there is no such generation.
 */
export function rollback(
  state: ClusterState,
  generation: number,
  nowMs: number,
): ClusterChange {
  const doc = rollbackTarget(state, generation);
  const change = new Change(state);
  cancelRollout(
    change,
    `an operator rolled back to generation ${doc.generation}`,
    nowMs,
  );
  makeActive(change, doc.generation, nowMs);
  change.cluster = { ...change.cluster, held: true };
  return change.end();
}

/**
 * Ends the hold: the newest published generation is followed again; or a
 * pause: the rollout goes on. There is never both: a rollback cancels the
 * rollout. Nothing changes without either.
 */
export function resume(state: ClusterState, nowMs: number): ClusterChange {
  const { rollout } = state.cluster;
  if (rollout?.state === "paused") {
    return {
      cluster: {
        ...state.cluster,
        rollout: { ...rollout, state: "running", message: "" },
      },
      generations: [],
    };
  }
  if (!state.cluster.held) return { cluster: state.cluster, generations: [] };
  const change = new Change(state);
  change.cluster = { ...change.cluster, held: false };
  const newest = change.cluster.highest;
  for (const doc of change.all()) {
    if (doc.state === "pending" && doc.generation !== newest) {
      supersede(
        change,
        doc.generation,
        `generation ${newest} is newer`,
        nowMs,
      );
    }
  }
  const doc = change.get(newest);
  const isFollowed = doc === undefined || doc.state === "failed" ||
    newest === change.cluster.active;
  if (!isFollowed) setInMotion(change, newest, nowMs);
  return change.end();
}

/**
 * Forgets that a generation's intent failed. The newest generation is rolled
 * out again; an older one is not, but its content may be published again.
 *
 * @throws {AppError} `not_found`, or `refused` when it did not fail.
 */
export function retry(
  state: ClusterState,
  generation: number,
  nowMs: number,
): ClusterChange {
  const { cluster } = state;
  const doc = state.generations.get(generation);
  if (doc === undefined) {
    throw new AppError(
      "not_found",
      `Cannot retry generation ${generation} of "${cluster.name}": it is not known`,
      { hint: "see: procurator generations" },
    );
  }
  if (doc.state !== "failed") {
    throw new AppError(
      "refused",
      `Cannot retry generation ${generation} of "${cluster.name}": it is ${doc.state}, not failed`,
    );
  }
  const change = new Change(state);
  change.cluster = {
    ...change.cluster,
    failures: cluster.failures.filter((known) =>
      known.intentHash !== doc.intentHash
    ),
  };
  if (generation === cluster.highest) setInMotion(change, generation, nowMs);
  else {
    change.set(generation, {
      reason: `${doc.reason} (forgotten: its content may be published again)`
        .slice(0, MAX_REASON_CHARS),
    });
  }
  return change.end();
}
