/**
 * The guests' network of a simulated host: what the kernel of a real one would
 * keep while worker processes come and go. Changes take their time, and a
 * process that was killed changes nothing any more.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { WorkerNetwork } from "../../roles/worker/network/network.ts";
import { SimulatedNetwork } from "../../roles/worker/network/simulated_network.ts";
import { type Kernel, never, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

/** Rules of fifty VMs are loaded in less. */
const MAX_CONFIGURE_MS = 900;
/** Of the changes of a run with such failures. */
const FAILING = 0.2;

export class GuestNetworks {
  /** Some changes are refused, as by a busy kernel. */
  isFailing = false;
  readonly #worker: string;
  readonly #trace: Trace;
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  #table = new SimulatedNetwork();

  constructor(
    worker: string,
    parts: { kernel: Kernel; random: RandomStream; trace: Trace },
  ) {
    this.#worker = worker;
    this.#trace = parts.trace;
    this.#kernel = parts.kernel;
    this.#random = parts.random;
  }

  /** What is there: the truth, whatever anybody remembers. */
  get table(): SimulatedNetwork {
    return this.#table;
  }

  /** Power off: interfaces and rules are gone. */
  clear(): void {
    this.#table = new SimulatedNetwork();
  }

  /** The network as one process of this host reaches it. */
  of(process: Process): WorkerNetwork {
    const table = this.#table;
    const during = <T>(work: () => Promise<T>): Promise<T> =>
      process.isDead ? never() : process.alive(work());
    return {
      name: table.name,
      kind: table.kind,
      configure: async (plan) => {
        const ms = this.#random.integer(1, MAX_CONFIGURE_MS);
        await process.alive(this.#kernel.sleep(ms));
        if (this.isFailing && this.#random.chance(FAILING)) {
          this.#trace.fault("network-failed", this.#worker);
          throw new AppError("failed", "Cannot load the guests' rules: busy");
        }
        // As a transaction of the kernel: whole, or not at all.
        await during(() => table.configure(structuredClone(plan)));
      },
      cardOf: (copy, address) => table.cardOf(copy, address),
      provide: (copy) => during(() => table.provide(copy)),
      withdraw: (copy) => during(() => table.withdraw(copy)),
      adopt: (copies) => during(() => table.adopt(copies)),
      publish: (copy, ports) => during(() => table.publish(copy, ports)),
      published: (copy) => table.published(copy),
      counters: () => during(() => table.counters()),
      remove: () => during(() => table.remove()),
      close: () => Promise.resolve(),
    };
  }
}
