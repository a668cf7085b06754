/**
 * Talks to the master: long polls for assignments, reports on every change and
 * every third of a lease. Runs on whatever the master does; without it the VMs
 * go on by what was accepted last.
 *
 * @module
 */
import { compareFence, DEFAULT_LEASE_MS } from "../model/assignment.ts";
import { AppError, formatError } from "../model/errors.ts";
import type { WorkerReport } from "../model/observed.ts";
import type { Clock, Random } from "../model/ports.ts";
import type { Logger } from "../log/mod.ts";
import { backOffMs } from "./core/back_off.ts";
import type { MasterLink } from "./master_link.ts";
import type { Vms } from "./vms.ts";

/** Changes within this are told in one report: a start is a handful of them. */
const COALESCE_MS = 100;
/** An assignment that was not accepted would come back at once. */
const REFUSED_WAIT_MS = 1000;

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
  clock: Clock;
  random: Random;
  log: Logger;
  pollWaitMs: number;
}

export class Reporter {
  #options: ReporterOptions;
  #stopping = new AbortController();
  #changed = new AbortController();
  #poll = new AbortController();
  #loops: Promise<unknown> | null = null;
  #sequence = 0;
  #problem: string | null = "the master has not been reached yet";

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Why the master is not reached; null when it is. */
  get problem(): string | null {
    return this.#problem;
  }

  start(): void {
    this.#loops = Promise.all([this.#pollLoop(), this.#reportLoop()]);
  }

  /** Something that a report shows has changed. */
  changed(): void {
    this.#changed.abort();
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
    const { link, vms, pollWaitMs } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#poll = new AbortController();
      const signal = AbortSignal.any([
        this.#stopping.signal,
        this.#poll.signal,
      ]);
      try {
        const assignment = await link.getAssignment(
          vms.fence,
          pollWaitMs,
          signal,
        );
        this.#reached();
        failures = 0;
        if (assignment === null) continue;
        const { kind, reason } = await vms.accept(assignment);
        if (kind === "accepted") continue;
        if (kind === "denied") {
          this.#options.log.warn("not obeyed: {reason}", { reason });
        }
        await this.#sleep(REFUSED_WAIT_MS);
      } catch (error) {
        if (signal.aborted) continue;
        this.#missed(error);
        await this.#backOff(++failures);
      }
    }
  }

  async #reportLoop(): Promise<void> {
    const { link, vms, clock } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#changed = new AbortController();
      try {
        const newest = await link.pushData(
          this.#report(),
          this.#stopping.signal,
        );
        this.#reached();
        failures = 0;
        // A poll that the master lost would wait for nothing.
        if (compareFence(newest, vms.fence) > 0) this.#poll.abort();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#missed(error);
        await this.#backOff(++failures);
        continue;
      }
      const heartbeatMs = (vms.leaseMs ?? DEFAULT_LEASE_MS) / 3;
      await this.#sleep(COALESCE_MS);
      await clock.sleep(heartbeatMs - COALESCE_MS, this.#changed.signal);
    }
  }

  #report(): WorkerReport {
    const { vms, base } = this.#options;
    const observed = vms.observed();
    return {
      ...base,
      ...vms.fence,
      sequence: ++this.#sequence,
      vms: observed,
      metrics: {
        vms: observed.length,
        running: observed.filter(({ state }) => state === "Running").length,
        healthy: observed.filter(({ health }) => health === "healthy").length,
      },
    };
  }

  #reached(): void {
    if (this.#problem !== null) this.#options.log.info("the master is reached");
    this.#problem = null;
  }

  #missed(error: unknown): void {
    const problem = error instanceof AppError
      ? error.message
      : formatError(error);
    if (problem !== this.#problem) {
      this.#options.log.warn("the master is not reached: {problem}", {
        problem,
      });
    }
    this.#problem = problem;
  }

  async #backOff(failures: number): Promise<void> {
    const draw = Number.parseInt(this.#options.random.hex(4), 16) / 2 ** 32;
    await this.#sleep(backOffMs(failures, draw));
  }

  #sleep(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#stopping.signal);
  }
}
