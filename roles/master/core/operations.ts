/**
 * Operations that take their time: what a drain or a rebalance wants moved
 * now, and how far it has come. Pure; the records are documents, so both go on
 * after a restart of the master.
 *
 * ```
 * running --all moved--> done
 *    |--its time is over (a drain with force: moves by force from then on)--> failed
 *    '--cancel--> cancelled
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import type { Actor } from "../../model/event.ts";
import type { Move, OperationKind } from "../../model/operation.ts";
import type { OperationDoc, PlacementDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";
import type { MoveRequest } from "./wanted.ts";

/** Ended operations that are kept: what `operations` can show of the last weeks. The events tell of older ones. */
export const MAX_ENDED_OPERATIONS = 256;
/** Operations that run at a time: each is looked at on every tick. */
export const MAX_RUNNING_OPERATIONS = 64;
/** Moves of a rebalance that are under way together: so few that what it does to the network is not noticed. */
const REBALANCE_PARALLEL = 4;
/** One move takes a copy and a boot; a rebalance that takes much longer is stuck and says so. */
export const REBALANCE_MOVE_MS = 300_000;
/** VMs named in a message. */
const MAX_NAMED = 3;

/** What operations look at. */
export interface OperationsView {
  /** All copies on a worker, leaving ones too. */
  placementsOn(worker: string): Iterable<PlacementDoc>;
  /** All copies of a VM, leaving ones too. */
  placementsOf(vm: string): Iterable<PlacementDoc>;
  /** undefined: there is no such worker. */
  livenessOf(worker: string): Liveness | undefined;
  /** Why a VM waits, in words. */
  waitOf(vm: string): string | undefined;
}

/** The number at the end of an operation's id. */
export function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

/** What an operation begins with. */
export interface NewOperation {
  kind: OperationKind;
  target: string;
  by: Actor;
  reason: string;
  message: string;
  nowMs: number;
  deadlineAtMs?: number | null;
  force?: boolean;
  total?: number;
  moves?: Move[];
  /** It goes on until it ends by itself. */
  isRunning?: boolean;
  /** A number that was given out although nothing here says so. */
  after?: number;
}

/** The next operation; numbers are never used again, for the newest is never forgotten. */
export function newOperation(
  known: Iterable<OperationDoc>,
  begin: NewOperation,
): OperationDoc {
  let highest = begin.after ?? 0;
  for (const { id } of known) highest = Math.max(highest, numberOf(id));
  const { kind, target, by, reason, message, nowMs, isRunning } = begin;
  return {
    id: `${kind}-${highest + 1}`,
    kind,
    target,
    state: isRunning === true ? "running" : "done",
    by: { role: by.role, name: by.name, tokenId: by.tokenId },
    reason,
    createdAtMs: nowMs,
    endedAtMs: isRunning === true ? null : nowMs,
    deadlineAtMs: begin.deadlineAtMs ?? null,
    force: begin.force ?? false,
    done: 0,
    total: begin.total ?? 0,
    message,
    moves: begin.moves ?? [],
  };
}

/** Ended operations beyond the bound, oldest first. */
export function forgettable(known: Iterable<OperationDoc>): string[] {
  const ended = [...known].filter(({ state }) => state !== "running")
    .sort((a, b) => numberOf(b.id) - numberOf(a.id));
  return ended.slice(MAX_ENDED_OPERATIONS).map(({ id }) => id);
}

/** The running one of a kind and target. */
export function runningOf(
  known: Iterable<OperationDoc>,
  kind: OperationKind,
  target: string,
): OperationDoc | undefined {
  for (const doc of known) {
    if (
      doc.state === "running" && doc.kind === kind && doc.target === target
    ) return doc;
  }
  return undefined;
}

/** True from when a drain gives up availability. */
function isForcedNow(doc: OperationDoc, nowMs: number): boolean {
  if (!doc.force) return false;
  return doc.deadlineAtMs === null || nowMs >= doc.deadlineAtMs;
}

/** The copies of a worker that are to go; main ones last, for they count more than one beside them. */
function copiesOn(view: OperationsView, worker: string): PlacementDoc[] {
  return [...view.placementsOn(worker)].filter(({ leaving }) => !leaving)
    .sort((a, b) => Number(b.surge) - Number(a.surge));
}

/** Where operators want VMs to go now, by VM id. A drain counts more than a rebalance. */
export function movesOf(
  operations: Iterable<OperationDoc>,
  view: OperationsView,
  nowMs: number,
): Map<string, MoveRequest> {
  const moves = new Map<string, MoveRequest>();
  const running = [...operations].filter(({ state }) => state === "running");
  for (const doc of running) {
    if (doc.kind !== "rebalance") continue;
    for (const move of doc.moves.slice(0, REBALANCE_PARALLEL)) {
      moves.set(move.vm, {
        from: move.fromWorker,
        to: move.toWorker,
        reason: `${move.reason} (${doc.id})`,
        isForced: false,
      });
    }
  }
  for (const doc of running) {
    if (doc.kind !== "drain") continue;
    const isForced = isForcedNow(doc, nowMs);
    for (const { vm } of copiesOn(view, doc.target)) {
      moves.set(vm, {
        from: doc.target,
        to: null,
        reason: `${doc.target} is drained (${doc.id})`,
        isForced,
      });
    }
  }
  return moves;
}

function ended(
  doc: OperationDoc,
  state: "done" | "failed" | "cancelled",
  { message, nowMs }: { message: string; nowMs: number },
): OperationDoc {
  return { ...doc, state, message, endedAtMs: nowMs };
}

/** A few VMs by name, with why each waits. */
function namesOf(vms: readonly string[], view: OperationsView): string {
  const named = vms.slice(0, MAX_NAMED).map((vm) => {
    const why = view.waitOf(vm);
    return why === undefined ? vm : `${vm} (${why})`;
  });
  const more = vms.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function stepDrain(
  doc: OperationDoc,
  view: OperationsView,
  nowMs: number,
): OperationDoc {
  const { target } = doc;
  const liveness = view.livenessOf(target);
  if (liveness === undefined) {
    return ended(doc, "failed", { message: `${target} was removed`, nowMs });
  }
  const all = [...view.placementsOn(target)];
  // Nobody says of a lost worker that a copy has ended: what has left it counts as gone.
  const left = liveness === "lost"
    ? all.filter(({ leaving }) => !leaving)
    : all;
  const total = Math.max(doc.total, left.length);
  const done = total - left.length;
  if (left.length === 0) {
    return ended({ ...doc, done, total }, "done", {
      message:
        `${target} is empty, and takes no VMs until: procurator uncordon ${target}`,
      nowMs,
    });
  }
  const vms = [...new Set(left.map(({ vm }) => vm))].sort();
  const isOver = doc.deadlineAtMs !== null && nowMs >= doc.deadlineAtMs;
  if (isOver && !doc.force) {
    return ended({ ...doc, done, total }, "failed", {
      message: `not drained in time, ${vms.length} left: ${namesOf(vms, view)}`,
      nowMs,
    });
  }
  const how = isForcedNow(doc, nowMs) ? "ends by force" : "moves";
  const message = `${how} ${namesOf(vms, view)}`;
  return isSame(doc, { done, total, message })
    ? doc
    : { ...doc, done, total, message };
}

function isSame(
  doc: OperationDoc,
  next: { done: number; total: number; message: string },
): boolean {
  return doc.done === next.done && doc.total === next.total &&
    doc.message === next.message;
}

/** How one move of a rebalance stands. */
function standOf(
  move: Move,
  view: OperationsView,
): "waits" | "moved" | "obsolete" {
  const copies = [...view.placementsOf(move.vm)];
  if (copies.length === 0) return "obsolete";
  const main = copies.find(({ leaving, surge }) => !leaving && !surge);
  // It ends there before it starts elsewhere, where two must not run.
  if (main === undefined) return "waits";
  if (main.worker === move.fromWorker) return "waits";
  return main.worker === move.toWorker ? "moved" : "obsolete";
}

function stepRebalance(
  doc: OperationDoc,
  view: OperationsView,
  nowMs: number,
): OperationDoc {
  const left: Move[] = [];
  let moved = doc.done;
  doc.moves.forEach((move, at) => {
    // Only those whose turn has come are looked at.
    const stand = at < REBALANCE_PARALLEL ? standOf(move, view) : "waits";
    if (stand === "waits") left.push(move);
    else if (stand === "moved") moved++;
  });
  const next = { ...doc, done: moved, moves: left };
  if (left.length === 0) {
    const changed = doc.total - moved;
    const rest = changed === 0
      ? ""
      : `; ${changed} were elsewhere by then, another rebalance looks at them`;
    return ended(next, "done", {
      message: `moved ${moved} of ${doc.total}${rest}`,
      nowMs,
    });
  }
  const vms = left.slice(0, REBALANCE_PARALLEL).map(({ vm }) => vm);
  if (doc.deadlineAtMs !== null && nowMs >= doc.deadlineAtMs) {
    return ended(next, "failed", {
      message: `moved ${moved} of ${doc.total}; not in time: ${
        namesOf(vms, view)
      }`,
      nowMs,
    });
  }
  const message = `moves ${namesOf(vms, view)}`;
  if (left.length === doc.moves.length && message === doc.message) return doc;
  return { ...next, message };
}

/** How far an operation is now; the same object when nothing changed. */
export function stepOperation(
  doc: OperationDoc,
  view: OperationsView,
  nowMs: number,
): OperationDoc {
  if (doc.state !== "running") return doc;
  if (doc.kind === "drain") return stepDrain(doc, view, nowMs);
  return doc.kind === "rebalance" ? stepRebalance(doc, view, nowMs) : doc;
}

/**
 * Stops what has not happened yet. The same object when it was cancelled
 * already.
 *
 * @throws {AppError} `refused` for one that has ended.
 */
export function cancelled(
  doc: OperationDoc,
  { by, nowMs }: { by: Actor; nowMs: number },
): OperationDoc {
  if (doc.state === "cancelled") return doc;
  if (doc.state !== "running") {
    throw new AppError(
      "refused",
      `Cannot cancel ${doc.id}: it is ${doc.state} already`,
      { hint: "see: procurator operations" },
    );
  }
  const left = doc.kind === "drain"
    ? `; ${doc.target} takes no VMs until: procurator uncordon ${doc.target}`
    : "";
  return ended(doc, "cancelled", {
    message:
      `${by.name} cancelled it after ${doc.done} of ${doc.total} moves${left}`,
    nowMs,
  });
}

/**
 * A drain that is asked for again: with force or another deadline it goes on
 * with those; the same object when nothing is asked for that is not so.
 */
export function drainAgain(
  doc: OperationDoc,
  { deadlineAtMs, force }: { deadlineAtMs: number | null; force: boolean },
): OperationDoc {
  const isForced = doc.force || force;
  const deadline = deadlineAtMs ?? (force ? null : doc.deadlineAtMs);
  if (isForced === doc.force && deadline === doc.deadlineAtMs) return doc;
  return { ...doc, force: isForced, deadlineAtMs: deadline };
}
