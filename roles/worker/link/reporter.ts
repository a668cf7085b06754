/**
 * Talks to the master: long polls for assignments, reports on every change and
 * every third of a lease. Runs on whatever the master does; without it the VMs
 * go on by what was accepted last.
 *
 * @module
 */
import {
  compareFence,
  DEFAULT_LEASE_MS,
  type OrderFence,
} from "../../model/assignment.ts";
import { AppError, formatError } from "../../model/errors.ts";
import type { WorkerReport } from "../../model/observed.ts";
import type { Clock, Random } from "../../model/ports.ts";
import type { Logger } from "../../log/mod.ts";
import { backOffMs } from "../vms/core/back_off.ts";
import type { Lease } from "../fencing/lease.ts";
import type { MasterLink } from "./master_link.ts";
import type { Vms } from "../vms/vms.ts";

/** Changes within this are told in one report: a start is a handful of them. */
const COALESCE_MS = 100;
/**
 * An assignment that was not accepted would come back at once, and so does a
 * poll that another worker of the same name ends with its own.
 */
const REFUSED_WAIT_MS = 1000;

type Loop = "orders" | "reports";
const NOTHING_NEW = { kind: "ignored", reason: "" } as const;

/** The part of a report that does not change by itself. */
export type ReportBase = Pick<
  WorkerReport,
  "worker" | "bootId" | "process" | "capacity" | "attributes" | "versions"
>;

/** What the reporter is given. */
export interface ReporterOptions {
  link: MasterLink;
  vms: Vms;
  base: ReportBase;
  /** More metrics for each report; absent: none. */
  figures?: () => Readonly<Record<string, number>>;
  /** Told of every renewal that the master has answered; absent: nothing is exclusive. */
  lease?: Lease;
  clock: Clock;
  random: Random;
  log: Logger;
  pollWaitMs: number;
}

/** Why a wait ends early: made once, since an abort without a reason makes an error with a stack trace each time. */
const NEWS = "there is news";

export class Reporter {
  #options: ReporterOptions;
  #stopping = new AbortController();
  #changed = new AbortController();
  #poll = new AbortController();
  #loops: Promise<unknown> | null = null;
  /** From the start of this process on, so that the master can tell it from its predecessor: reports come further apart than milliseconds. */
  #sequence: number;
  /** By loop: a report that arrives says nothing of orders that cannot be kept. */
  #problems: Record<Loop, string | null> = {
    orders: null,
    // A poll may be held for long, a report is answered at once.
    reports: "the master has not been reached yet",
  };

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#sequence = Math.floor(options.clock.bootMs());
  }

  /** Why orders are not taken or reports not sent; null when both work. */
  get problem(): string | null {
    return this.#problems.orders ?? this.#problems.reports;
  }

  start(): void {
    this.#loops = Promise.all([this.#pollLoop(), this.#reportLoop()]);
  }

  /** Something that a report shows has changed. */
  changed(): void {
    this.#changed.abort(NEWS);
  }

  /** Sends a last report if it can do so at once, then ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#changed.abort();
    this.#poll.abort();
    await this.#loops;
    await this.#options.link.close();
  }

  async #pollLoop(): Promise<void> {
    const { link, vms, pollWaitMs, clock } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#poll = new AbortController();
      const signal = AbortSignal.any([
        this.#stopping.signal,
        this.#poll.signal,
      ]);
      const begunMs = clock.bootMs();
      try {
        const assignment = await link.getAssignment(
          vms.fence,
          pollWaitMs,
          signal,
        );
        if (assignment !== null) {
          const { leaseEpoch, revision, leaseMs } = assignment;
          // Before it is obeyed: until then what it may take back does not start.
          this.#renewed(begunMs, leaseMs, { leaseEpoch, revision });
        }
        const { kind, reason } = assignment === null
          ? NOTHING_NEW
          : await vms.accept(assignment);
        this.#worked("orders");
        failures = 0;
        const wasHeld = clock.bootMs() - begunMs >= pollWaitMs / 2;
        if (kind === "accepted") continue;
        if (assignment === null && (wasHeld || signal.aborted)) continue;
        if (kind === "denied") {
          this.#options.log.warn("not obeyed: {reason}", { reason });
        }
        await this.#sleep(REFUSED_WAIT_MS);
      } catch (error) {
        if (signal.aborted) continue;
        this.#failed("orders", error);
        await this.#backOff(++failures);
      }
    }
  }

  async #reportLoop(): Promise<void> {
    const { link, vms, clock } = this.#options;
    let failures = 0;
    let leaseMs = vms.leaseMs;
    while (!this.#stopping.signal.aborted) {
      this.#changed = new AbortController();
      const sentMs = clock.bootMs();
      try {
        const newest = await link.pushData(
          this.#report(),
          this.#stopping.signal,
        );
        this.#worked("reports");
        failures = 0;
        const { leaseEpoch, revision } = newest;
        leaseMs = newest.leaseMs ?? vms.leaseMs;
        this.#renewed(sentMs, leaseMs, { leaseEpoch, revision });
        // A poll that the master lost would wait for nothing.
        if (compareFence(newest, vms.fence) > 0) this.#poll.abort();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#failed("reports", error);
        await this.#backOff(++failures);
        continue;
      }
      const heartbeatMs = (leaseMs ?? DEFAULT_LEASE_MS) / 3;
      await this.#sleep(COALESCE_MS);
      await clock.sleep(heartbeatMs - COALESCE_MS, this.#changed.signal);
    }
  }

  #report(): WorkerReport {
    const { vms, base, lease } = this.#options;
    const observed = vms.observed();
    const attributes: Record<string, string> = { ...base.attributes };
    // What is guarded is ours to say, whatever is configured.
    delete attributes.guard;
    if (lease?.isGuarded === true) attributes.guard = "true";
    return {
      ...base,
      attributes,
      ...vms.fence,
      sequence: ++this.#sequence,
      vms: observed,
      roots: vms.roots(),
      metrics: {
        vms: observed.length,
        running: observed.filter(({ state }) => state === "Running").length,
        healthy: observed.filter(({ health }) => health === "healthy").length,
        ...this.#options.figures?.(),
      },
    };
  }

  /** Nobody waits for it: a guard that does not answer must not keep us from reporting. */
  #renewed(sentMs: number, leaseMs: number | null, newest: OrderFence): void {
    if (leaseMs === null) return;
    void this.#options.lease?.renewed({ sentMs, leaseMs, newest });
  }

  #worked(loop: Loop): void {
    if (this.#problems[loop] !== null) {
      this.#options.log.info("{loop} work", { loop });
    }
    this.#problems[loop] = null;
  }

  #failed(loop: Loop, error: unknown): void {
    const problem = error instanceof AppError
      ? error.message
      : formatError(error);
    if (problem !== this.#problems[loop]) {
      this.#options.log.warn("{loop} do not work: {problem}", {
        loop,
        problem,
      });
    }
    this.#problems[loop] = problem;
  }

  async #backOff(failures: number): Promise<void> {
    const draw = Number.parseInt(this.#options.random.hex(4), 16) / 2 ** 32;
    await this.#sleep(backOffMs(failures, draw));
  }

  #sleep(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#stopping.signal);
  }
}
