/**
 * What is known of workers now and lost with the process: leases, last
 * reports, open polls, the way back to ask for logs. Nothing here is stored,
 * and nothing is decided beyond which report is too late to count.
 *
 * @module
 */
import { compareFence, type OrderFence } from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { WorkerClient } from "../../rpc/generated/worker.ts";
import type { Clock } from "../model/ports.ts";
import { MAX_WORKERS } from "./core/documents.ts";
import type { Acknowledgement } from "./core/stages.ts";

/** Processes whose late reports are recognised: each restart of a worker uses one. */
const MAX_RETIRED = 8;

/** Names that polls and reports may use: all workers, and as many that were renamed. */
const MAX_NAMES = 2 * MAX_WORKERS;

/** What a worker offers back, over its own session. */
export interface WorkerCapability {
  /** All of it, as it is on the wire: what is asked of one VM is passed on as it came. */
  readonly worker: WorkerClient;
  logs(
    request: { vm: string; maxBytes: number },
    signal: AbortSignal,
  ): Promise<{ text: string; truncated: boolean }>;
}

interface Presence {
  /** Boot-time milliseconds of the last renewal. */
  renewedMs: number;
  report: WorkerReport | null;
  /** Boot-time milliseconds at which `report` came. */
  reportedMs: number;
  retired: string[];
  acknowledged: Acknowledgement | null;
  capability: WorkerCapability | null;
  /** The open poll; a worker has one. */
  poll: { end(): void; process: string } | null;
}

/**
 * Whether a report is of a process that began before another's: its report may
 * arrive after that of its successor. Each counts its reports from the boot-time
 * milliseconds at which it began. Of two boots nobody can tell: the last heard
 * of is taken for the newer.
 */
function beganBefore(report: WorkerReport, other: WorkerReport): boolean {
  return report.bootId === other.bootId && report.sequence < other.sequence;
}

export class Presences {
  readonly #byName = new Map<string, Presence>();

  /** A lease counts as renewed at `bootMs`; a known one is renewed. */
  renew(name: string, bootMs: number): void {
    this.#of(name, bootMs).renewedMs = bootMs;
  }

  /** Every known lease counts as renewed at `bootMs`: after a start, or when we were not there to see. */
  renewAll(bootMs: number): void {
    for (const presence of this.#byName.values()) presence.renewedMs = bootMs;
  }

  #of(name: string, bootMs: number): Presence {
    let presence = this.#byName.get(name);
    if (presence === undefined) {
      if (this.#byName.size >= MAX_NAMES) {
        throw new AppError(
          "overloaded",
          `Cannot take worker "${name}": ${MAX_NAMES} names were used already`,
          { hint: "restart the master when workers were renamed" },
        );
      }
      presence = {
        renewedMs: bootMs,
        report: null,
        reportedMs: bootMs,
        retired: [],
        acknowledged: null,
        capability: null,
        poll: null,
      };
      this.#byName.set(name, presence);
    }
    return presence;
  }

  renewedMs(name: string): number | undefined {
    return this.#byName.get(name)?.renewedMs;
  }

  report(name: string): WorkerReport | null {
    return this.#byName.get(name)?.report ?? null;
  }

  /** The last report came within `ageMs`. */
  isRecent(name: string, bootMs: number, ageMs: number): boolean {
    const presence = this.#byName.get(name);
    return presence !== undefined && bootMs - presence.reportedMs < ageMs;
  }

  /** When the last report came; 0: none did. */
  reportedMs(name: string): number {
    return this.#byName.get(name)?.reportedMs ?? 0;
  }

  capability(name: string): WorkerCapability | null {
    return this.#byName.get(name)?.capability ?? null;
  }

  /**
   * Refuses a process in whose place another one reports.
   *
   * @throws {AppError} `conflict`.
   */
  assertNotDisplaced(name: string, process: string): void {
    if (this.#byName.get(name)?.retired.includes(process) !== true) return;
    throw new AppError(
      "conflict",
      `Cannot serve this process: another process reports as worker "${name}" since`,
      {
        hint:
          "give each worker a name of its own, then restart those that shared one",
      },
    );
  }

  /**
   * Keeps the newest report of the newest process; false for one that came
   * late. The process before it is displaced, and its poll ends.
   *
   * @throws {AppError} `conflict` when a newer process reports by that name.
   */
  take(report: WorkerReport, bootMs: number): boolean {
    this.assertNotDisplaced(report.worker, report.process);
    const presence = this.#of(report.worker, bootMs);
    const last = presence.report;
    if (last !== null && last.process !== report.process) {
      const isOlder = beganBefore(report, last);
      const displaced = isOlder ? report.process : last.process;
      presence.retired = [...presence.retired, displaced].slice(-MAX_RETIRED);
      if (presence.poll?.process === displaced) presence.poll.end();
      if (isOlder) this.assertNotDisplaced(report.worker, report.process);
    } else if (last !== null && report.sequence <= last.sequence) return false;
    presence.report = report;
    presence.reportedMs = bootMs;
    return true;
  }

  /** Remembers the highest pair this worker has shown; true when it rose. */
  acknowledge(
    name: string,
    { leaseEpoch, revision }: OrderFence,
    at: { nowMs: number; bootMs: number },
  ): boolean {
    const presence = this.#of(name, at.bootMs);
    const known = presence.acknowledged;
    const fence = { leaseEpoch, revision };
    if (known !== null && compareFence(fence, known.fence) <= 0) return false;
    presence.acknowledged = { fence, atMs: at.nowMs };
    return true;
  }

  acknowledged(name: string): Acknowledgement | undefined {
    return this.#byName.get(name)?.acknowledged ?? undefined;
  }

  /** Sets where logs are asked for; `dispose` forgets it unless a newer session has registered. */
  register(
    name: string,
    capability: WorkerCapability,
    bootMs: number,
  ): Disposable {
    const presence = this.#of(name, bootMs);
    presence.capability = capability;
    return {
      [Symbol.dispose]: () => {
        if (presence.capability === capability) presence.capability = null;
      },
    };
  }

  /** Opens a worker's poll, ending its older one; the process is empty while it has not reported. */
  openPoll(
    name: string,
    poll: { end(): void; process: string },
    bootMs: number,
  ): Disposable {
    const presence = this.#of(name, bootMs);
    presence.poll?.end();
    presence.poll = poll;
    return {
      [Symbol.dispose]: () => {
        if (presence.poll === poll) presence.poll = null;
      },
    };
  }
}

/** Wakes those that wait for something of one name to change. */
export class Bell {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the next ring of `name`; `cancel` forgets the wait. */
  wait(name: string): { rung: Promise<void>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const set = this.#waiting.get(name) ?? new Set();
    set.add(resolve);
    this.#waiting.set(name, set);
    const cancel = () => {
      set.delete(resolve);
      if (set.size === 0 && this.#waiting.get(name) === set) {
        this.#waiting.delete(name);
      }
    };
    return { rung: promise, cancel };
  }

  ring(name: string): void {
    const set = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const resolve of set ?? []) resolve();
  }

  ringAll(): void {
    for (const name of [...this.#waiting.keys()]) this.ring(name);
  }
}

/** Why a wait's sleep ends: made once, since an abort without a reason makes an error with a stack trace each time. */
const WAITED = "waited";

/** Waits until `name` rings, `waitMs` have passed or `signal` ends. */
export async function waitForBell(
  bell: Bell,
  name: string,
  options: { clock: Clock; waitMs: number; signal: AbortSignal },
): Promise<void> {
  const { clock, waitMs, signal } = options;
  const { rung, cancel } = bell.wait(name);
  const done = new AbortController();
  const stop = () => done.abort(WAITED);
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) return;
    await Promise.race([rung, clock.sleep(waitMs, done.signal)]);
  } finally {
    cancel();
    done.abort(WAITED);
    signal.removeEventListener("abort", stop);
  }
}
