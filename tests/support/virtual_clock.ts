/**
 * The port Clock for tests: no timer runs.
 *
 * @module
 */
import type { Clock } from "../../roles/model/ports.ts";

/** Time that moves only when told to. */
export class VirtualClock implements Clock {
  #bootMs = 5_000;
  #sleepers: { atMs: number; wake: () => void }[] = [];

  now(): number {
    return 1_700_000_000_000 + this.#bootMs;
  }

  bootMs(): number {
    return this.#bootMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { atMs: this.#bootMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      }, { once: true });
    });
  }

  advance(ms: number): void {
    this.#bootMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#bootMs);
    this.#sleepers = this.#sleepers.filter((other) => !due.includes(other));
    for (const { wake } of due) wake();
  }
}
