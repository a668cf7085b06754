/**
 * What a plan is made of. Each action carries the placement before and after,
 * so that a plan can be shown, checked (plan_check.ts) and applied by one rule.
 *
 * @module
 */
import { type PlacementDoc, placementKey } from "./documents.ts";

export type ActionKind =
  /** A new copy on a worker. */
  | "place"
  /** Other content for the same copy: the worker switches or restarts it. */
  | "update"
  /** The same content under a newer generation or policy: the VM is not touched. */
  | "relabel"
  /** The same order again with a higher orderRevision, so that a refused hash is tried again. */
  | "reissue"
  /** A surge copy becomes the main one: the VM is not touched, its published ports follow. */
  | "promote"
  /** The order ends; the copy holds its room until it is gone. */
  | "leave"
  /** The copy is gone. */
  | "forget"
  /** A failure is remembered. */
  | "avoid"
  /** The worker has been told of the order. */
  | "acknowledge"
  /** Room that only the fallback needed is given back. */
  | "settle";

/** Kinds that change what a worker is told: its revision rises. */
const ORDER_KINDS: ReadonlySet<ActionKind> = new Set([
  "place",
  "update",
  "relabel",
  "reissue",
  "promote",
  "leave",
]);

export interface Action {
  kind: ActionKind;
  /** null only for `place`. */
  before: PlacementDoc | null;
  /** null only for `forget`; `orderRevision` is set when it is applied. */
  after: PlacementDoc | null;
  reason: string;
}

/** True when a worker has to be told. */
export function changesOrder(action: Action): boolean {
  return ORDER_KINDS.has(action.kind);
}

/** A generation's orders once more: their orderRevision rises, so that what workers refused is tried again. */
export function reissues(
  placements: Iterable<PlacementDoc>,
  generation: number,
): Action[] {
  const actions: Action[] = [];
  for (const placement of placements) {
    if (placement.leaving || placement.generation !== generation) continue;
    actions.push({
      kind: "reissue",
      before: placement,
      after: { ...placement },
      reason: `generation ${generation} is tried again`,
    });
  }
  return actions;
}

/** The result of applying a plan to worker revisions and placements. */
export interface Applied {
  /** Changed and new placements. */
  put: PlacementDoc[];
  /** Keys of those that are gone. */
  removed: string[];
  /** New revisions of the workers whose orders changed. */
  revisions: Map<string, number>;
}

/**
 * Turns a plan into documents: each worker whose orders change gets one new
 * revision, and its changed orders carry it as their orderRevision.
 */
export function applyActions(
  actions: readonly Action[],
  revisionOf: (worker: string) => number,
): Applied {
  const revisions = new Map<string, number>();
  for (const action of actions) {
    const worker = action.after?.worker;
    if (worker === undefined || !changesOrder(action)) continue;
    revisions.set(worker, revisionOf(worker) + 1);
  }
  const put = new Map<string, PlacementDoc>();
  const removed: string[] = [];
  for (const action of actions) {
    if (action.after === null) {
      if (action.before !== null) removed.push(placementKey(action.before));
      continue;
    }
    const revision = revisions.get(action.after.worker);
    const after = changesOrder(action) && revision !== undefined
      ? { ...action.after, orderRevision: revision, acknowledged: false }
      : action.after;
    put.set(placementKey(after), after);
  }
  return { put: [...put.values()], removed, revisions };
}
