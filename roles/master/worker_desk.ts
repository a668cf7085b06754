/**
 * What workers ask of the master: their orders, and taking their reports; and
 * the way back to them, for logs. Leases are renewed here and nowhere else.
 *
 * @module
 */
import {
  type Assignment,
  MAX_POLL_MS,
  type OrderFence,
} from "../model/assignment.ts";
import { within } from "../clock/within.ts";
import { AppError } from "../model/errors.ts";
import type { WorkerReport } from "../model/observed.ts";
import { MAX_WORKERS, type WorkerDoc } from "./core/documents.ts";
import { incarnationAbove } from "./core/epoch.ts";
import type { Draft } from "./documents.ts";
import { assignmentAbove } from "./orders.ts";
import { FIRST_STORE, type MasterState, STORE_ID } from "./state.ts";
import { type Bell, waitForBell, type WorkerCapability } from "./workers.ts";

/** A worker reads the end of a file: longer means that it hangs. */
const MAX_LOGS_WAIT_MS = 10_000;
/** Largest piece of a log in one answer. */
const MAX_LOG_BYTES = 1024 * 1024;

/** A worker and the way to it. */
export interface VmHost extends WorkerCapability {
  name: string;
}

/** What the desk needs of the service that owns it. */
export interface WorkerDeskOptions {
  bell: Bell;
  change<T>(name: string, change: (draft: Draft) => T): Promise<T>;
  /** Something new was reported: the next tick should come soon. */
  wake(): void;
  failpoint(name: "master.report.received"): void;
}

export class WorkerDesk {
  readonly #state: MasterState;
  readonly #options: WorkerDeskOptions;

  constructor(state: MasterState, options: WorkerDeskOptions) {
    this.#state = state;
    this.#options = options;
  }

  /**
   * The worker's assignment once its pair is above `lastSeen`, null when it
   * was not within `waitMs`, `signal` ended, or a newer poll took its place.
   * Renews the lease on arrival only.
   *
   * @param process of the reports that came the same way; empty: none did, and
   * then nobody knows whose poll it is.
   * @throws {AppError} `conflict` when another process reports by that name since.
   */
  async getAssignment(
    worker: string,
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
    process = "",
  ): Promise<Assignment | null> {
    this.#state.presences.assertNotDisplaced(worker, process);
    await this.#admit(worker, lastSeen);
    const bootMs = this.#state.clock.bootMs();
    const ended = new AbortController();
    const end = () => ended.abort();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const deadlineMs = bootMs + Math.min(waitMs, MAX_POLL_MS);
    using _poll = this.#state.presences.openPoll(
      worker,
      { end, process },
      bootMs,
    );
    try {
      for (;;) {
        const assignment = assignmentAbove(this.#state, worker, lastSeen);
        if (assignment !== null) return assignment;
        const leftMs = deadlineMs - this.#state.clock.bootMs();
        if (leftMs <= 0 || ended.signal.aborted) return null;
        await waitForBell(
          this.#options.bell,
          worker,
          { clock: this.#state.clock, waitMs: leftMs, signal: ended.signal },
        );
      }
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** Takes a worker's report and answers the newest pair of its orders. Renews the lease. */
  async pushData(report: WorkerReport): Promise<OrderFence> {
    this.#state.presences.assertNotDisplaced(report.worker, report.process);
    await this.#admit(report.worker, report);
    this.#options.failpoint("master.report.received");
    const before = this.#state.presences.report(report.worker);
    const isNews = this.#state.presences.take(
      report,
      this.#state.clock.bootMs(),
    );
    if (isNews) this.#state.following.heard(before, report);
    const known = this.#state.documents.get("worker", report.worker);
    if (isNews && (known === undefined || isChanged(known, report))) {
      await this.#options.change(
        "worker",
        (draft) => this.#keepWorker(draft, report),
      );
    }
    // The first report of a restored store's worker may be above what it was then given.
    await this.#admit(report.worker, report);
    if (this.#state.agenda.isTouched) this.#options.wake();
    const doc = this.#state.documents.get("worker", report.worker);
    return doc === undefined
      ? { leaseEpoch: 0, revision: 0 }
      : this.#state.fenceOf(doc);
  }

  #keepWorker(draft: Draft, report: WorkerReport): void {
    const { worker: name, capacity, attributes, versions } = report;
    const known = draft.get("worker", name);
    if (known === undefined) {
      const count = draft.count("worker");
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
      cordon: known?.cordon ?? null,
      ...(known?.network === undefined ? {} : { network: known.network }),
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
    this.#state.following.renewed(name);
    const ours = this.#state.fenceOf(doc);
    const incarnation = incarnationAbove(this.#state.incarnation, ours, shown);
    if (this.#state.presences.acknowledge(name, shown, at)) {
      this.#state.following.acknowledged(name);
    }
    const isOlder = incarnation !== this.#state.incarnation;
    if (!isOlder && !wasLost && shown.revision <= doc.revision) return;
    await this.#options.change("worker", (draft) => {
      if (isOlder) {
        const now = draft.get("store", STORE_ID) ?? FIRST_STORE;
        draft.put("store", STORE_ID, {
          ...now,
          incarnation: Math.max(now.incarnation, incarnation),
        });
      }
      const now = draft.get("worker", name);
      if (now === undefined) return;
      draft.put("worker", name, {
        ...now,
        term: wasLost && !isOlder ? now.term + 1 : now.term,
        // Workers compare refusals by revision alone: it never falls below what one has seen, whatever the epoch.
        revision: Math.max(now.revision, shown.revision),
      });
    });
  }

  /** Where a worker's logs are asked for; forgotten when disposed. */
  register(worker: string, capability: WorkerCapability): Disposable {
    return this.#state.presences.register(
      worker,
      capability,
      this.#state.clock.bootMs(),
    );
  }

  /**
   * The worker that runs a VM's main copy, or that very incarnation, and the
   * way to it.
   *
   * @throws {AppError} `not_found`, `unavailable`.
   */
  hostOf(vm: string, incarnation: number, what: string): VmHost {
    const placement = [...this.#state.documents.entries("placement", `${vm}#`)]
      .map(([, doc]) => doc)
      .filter((doc) => incarnation === 0 || doc.incarnation === incarnation)
      .sort((a, b) =>
        Number(a.leaving) - Number(b.leaving) ||
        Number(a.surge) - Number(b.surge) || b.incarnation - a.incarnation
      )[0];
    if (placement === undefined) {
      throw new AppError("not_found", `Cannot ${what}: it is on no worker`, {
        hint: "see: procurator status",
      });
    }
    const { worker } = placement;
    const capability = this.#state.presences.capability(worker);
    if (capability !== null) return { name: worker, ...capability };
    throw new AppError(
      "unavailable",
      `Cannot ${what}: its worker ${worker} is not connected`,
      { hint: "try again when the worker is back" },
    );
  }

  /** The end of a VM's log, asked of the worker that runs it. */
  async logs(
    vm: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ text: string; truncated: boolean }> {
    const host = this.hostOf(vm, 0, `read the log of ${vm}`);
    return await within(
      {
        clock: this.#state.clock,
        ms: MAX_LOGS_WAIT_MS,
        late: `${host.name} did not answer within ${MAX_LOGS_WAIT_MS} ms`,
        signal,
      },
      (limit) =>
        host.logs(
          { vm, maxBytes: Math.min(maxBytes, MAX_LOG_BYTES) },
          limit.signal,
        ),
    );
  }
}

/** What of a report is kept in the worker's document has changed. */
function isChanged(known: WorkerDoc, report: WorkerReport): boolean {
  return known.capacity.cpuMilli !== report.capacity.cpuMilli ||
    known.capacity.memoryMib !== report.capacity.memoryMib ||
    !isSameRecord(known.attributes, report.attributes) ||
    !isSameRecord(known.versions, report.versions);
}

function isSameRecord(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => a[name] === b[name]);
}
