/**
 * The workers as decisions see them: document, liveness and report joined,
 * kept in step instead of joined anew for each look. Says what about a worker
 * changed and decides nothing about it. Time changes views as well: `sweep`
 * must be called before they are read.
 *
 * @module
 */
import type { WorkerDoc } from "./core/documents.ts";
import { livenessOf, lostAfterMs } from "./core/liveness.ts";
import type { WorkerView } from "./core/snapshot.ts";
import type { Presences } from "./workers.ts";

/** What the fleet is built on. */
export interface FleetOptions {
  presences: Presences;
  leaseMs: number;
  /** The present document; undefined: there is no such worker any more. */
  docOf(name: string): WorkerDoc | undefined;
  epochOf(doc: WorkerDoc): number;
  /** After a view changed in more than what its report says of VMs; null: it was, or is not there. */
  changed(
    name: string,
    before: WorkerView | null,
    after: WorkerView | null,
  ): void;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #views = new Map<string, WorkerView>();
  /** Boot-time milliseconds before which time alone changes no view. */
  #quietUntilMs = 0;
  #version = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** As of the last sweep. */
  get views(): ReadonlyMap<string, WorkerView> {
    return this.#views;
  }

  /** Rises when a worker comes, goes, changes its state or what it offers. */
  get version(): number {
    return this.#version;
  }

  /** Joins one worker again: its document, lease or report changed. */
  refresh(name: string, bootMs: number): void {
    const { docOf, changed } = this.#options;
    const doc = docOf(name);
    const before = this.#views.get(name) ?? null;
    if (doc === undefined) {
      if (before === null) return;
      this.#views.delete(name);
      this.#version++;
      return changed(name, before, null);
    }
    const after = this.#join(doc, bootMs);
    this.#views.set(name, after);
    this.#quietUntilMs = Math.min(
      this.#quietUntilMs,
      this.#nextChangeMs(after),
    );
    if (before !== null && isSameView(before, after)) return;
    this.#version++;
    changed(name, before, after);
  }

  /** Looks whether time has changed a view. Costs nothing before the first lease or report can run out. */
  sweep(bootMs: number): void {
    if (bootMs < this.#quietUntilMs) return;
    this.refreshAll(bootMs);
  }

  /** Joins every worker again. */
  refreshAll(bootMs: number): void {
    this.#quietUntilMs = Infinity;
    for (const name of [...this.#views.keys()]) this.refresh(name, bootMs);
  }

  #join(doc: WorkerDoc, bootMs: number): WorkerView {
    const { presences, leaseMs, epochOf } = this.#options;
    const { name } = doc;
    const state = livenessOf(
      presences.renewedMs(name) ?? bootMs,
      bootMs,
      leaseMs,
    );
    // One that is back has polled: its last words were of before it went.
    const isStale = state === "alive" &&
      !presences.isRecent(name, bootMs, leaseMs);
    const report = isStale ? null : presences.report(name);
    return { doc, state, epoch: epochOf(doc), report };
  }

  /** When a view changes at the earliest if nothing more is heard. */
  #nextChangeMs({ doc, state, report }: WorkerView): number {
    const { presences, leaseMs } = this.#options;
    if (state === "lost") return Infinity;
    const renewedMs = presences.renewedMs(doc.name) ?? 0;
    if (state === "disconnected") return renewedMs + lostAfterMs(leaseMs);
    return leaseMs +
      (report === null
        ? renewedMs
        : Math.min(renewedMs, presences.reportedMs(doc.name)));
  }
}

/** Equal but for the revision of its orders and what its report says. */
function isSameView(a: WorkerView, b: WorkerView): boolean {
  return a.state === b.state && a.epoch === b.epoch &&
    (a.report === null) === (b.report === null) && isSamePlace(a.doc, b.doc);
}

function isSamePlace(a: WorkerDoc, b: WorkerDoc): boolean {
  if (a === b) return true;
  return a.capacity.cpuMilli === b.capacity.cpuMilli &&
    a.capacity.memoryMib === b.capacity.memoryMib &&
    isSame(a.attributes, b.attributes) && isSame(a.cordon, b.cordon) &&
    a.network?.subnet === b.network?.subnet &&
    a.network?.isOn === b.network?.isOn && a.network?.via === b.network?.via;
}

/** Small values of JSON, the order of keys counting: a needless look does no harm. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
