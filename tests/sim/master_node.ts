/**
 * The real master as a process of the simulation: service, tick loop and RPC
 * sessions over a store that outlives it.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { runTickLoop } from "../../roles/master/loop.ts";
import { gateOf } from "../../roles/master/rpc_server.ts";
import {
  type MasterFailpoint,
  MasterService,
} from "../../roles/master/service.ts";
import { openStore, type Store } from "../../roles/master/store.ts";
import { Session } from "../../rpc/mod.ts";
import { HostTime, type Kernel, Process } from "./kernel.ts";
import type { Network } from "./network.ts";
import type { RandomStream } from "./random.ts";
import { ProcessStore, type StoreFaults } from "./store.ts";
import { simulatedTokens } from "./tokens.ts";
import type { Trace } from "./trace.ts";
import type { Transitions } from "./transitions.ts";

export const MASTER = "master";

export interface MasterOptions {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
  transitions: Transitions;
  leaseMs: number;
  tickMs: number;
}

export class MasterNode {
  readonly time: HostTime;
  readonly storeFaults: StoreFaults = { isFull: false, isSlow: false };
  /** Null while it is down. */
  service: MasterService | null = null;
  /** Dies at the next pass of it. */
  armed: MasterFailpoint | null = null;
  onUp: (service: MasterService) => void = () => undefined;
  readonly #options: MasterOptions;
  readonly #disk: Store = openStore(":memory:");
  #process = Process.ended();
  readonly sessions = new Set<Session>();

  constructor(options: MasterOptions) {
    this.#options = options;
    this.time = new HostTime(options.kernel);
  }

  /** Running, or on its way to it. */
  get isUp(): boolean {
    return !this.#process.isDead;
  }

  /** Starts a process; it is up a moment later. */
  start(): void {
    const process = new Process();
    this.#process = process;
    this.#boot(process).catch((error) => {
      if (process.isDead) return;
      if (!(error instanceof AppError)) {
        this.#options.trace.broken("master", String(error?.stack ?? error));
      }
      // As a service manager does.
      process.kill();
      this.#options.kernel.after(1000, () => this.start());
    });
  }

  async #boot(process: Process): Promise<void> {
    const { kernel, network, trace, leaseMs, tickMs } = this.#options;
    const clock = this.time.clockOf(process);
    const store = new ProcessStore(this.#disk, {
      process,
      kernel,
      random: this.#options.random.child("store"),
      faults: this.storeFaults,
      trace,
      transitions: this.#options.transitions,
    });
    const service = await process.alive(MasterService.open({
      store,
      clock,
      leaseMs,
      failpoint: (name) => this.#pass(name),
    }));
    const sessions = this.sessions;
    network.listen(MASTER, process, (transport) => {
      const session = new Session(transport, {
        collectForgotten: false,
        bootstrap: () =>
          gateOf({
            service,
            tokens: simulatedTokens,
            anonymousRole: "none",
            version: "simulated",
            clock,
            random: this.#options.random.child("rpc"),
          }),
      });
      sessions.add(session);
      process.onKill(() => sessions.delete(session));
      session.closed.then(() => sessions.delete(session));
    });
    this.service = service;
    trace.line(MASTER, "is up");
    this.onUp(service);
    await runTickLoop(service, {
      clock,
      tickMs,
      signal: new AbortController().signal,
      onError: (error) => {
        if (process.isDead || error instanceof AppError) return;
        const text = error instanceof Error ? error.stack : String(error);
        trace.broken("master", `a tick failed: ${text}`);
      },
    });
  }

  #pass(name: MasterFailpoint): void {
    if (this.armed !== name) return;
    this.armed = null;
    this.#options.trace.fault("master-crash-in-commit", MASTER, name);
    this.kill();
    throw new Error("the simulated master was killed here");
  }

  /** kill -9. Whoever called decides when it starts again. */
  kill(): void {
    this.#process.kill();
    this.#options.network.disturb();
    this.service = null;
    this.onDown();
  }

  onDown: () => void = () => undefined;

  close(): void {
    this.#process.kill();
    this.#disk.close();
  }
}
