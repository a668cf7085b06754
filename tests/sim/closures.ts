/**
 * Closures of a simulated host: a fetch takes time, may hang and may fail;
 * what was fetched stays.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Closures } from "../../roles/worker/closures/closures.ts";
import { HostTime, type Kernel, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

export class SimulatedClosures {
  readonly #there = new Set<string>();
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  readonly #trace: Trace;
  readonly #worker: string;
  faults = { slow: false, failing: false };

  constructor(
    worker: string,
    parts: { kernel: Kernel; random: RandomStream; trace: Trace },
  ) {
    this.#worker = worker;
    this.#kernel = parts.kernel;
    this.#random = parts.random;
    this.#trace = parts.trace;
  }

  of(process: Process): Closures {
    const clock = new HostTime(this.#kernel).clockOf(process);
    return {
      ensure: async (paths, signal) => {
        const missing = paths.filter((path) => !this.#there.has(path));
        if (missing.length === 0) return;
        await clock.sleep(this.#fetchMs(), signal);
        signal.throwIfAborted();
        if (this.faults.failing && this.#random.chance(0.15)) {
          this.#trace.fault("fetch-failed", this.#worker);
          throw new AppError("unavailable", "The simulated cache is away");
        }
        for (const path of missing) this.#there.add(path);
      },
      adopt: () => Promise.resolve(),
      pin: () => Promise.resolve(),
      prune: () => Promise.resolve(),
      roots: () => [],
      closureBytes: () => Promise.resolve(null),
      physical: (path) => path,
      versions: () => Promise.resolve({}),
    };
  }

  #fetchMs(): number {
    if (this.faults.slow && this.#random.chance(0.15)) {
      const ms = this.#random.integer(5_000, 60_000);
      this.#trace.fault("fetch-slow", this.#worker, `${ms} ms`);
      return ms;
    }
    return this.#random.integer(50, 800);
  }
}
