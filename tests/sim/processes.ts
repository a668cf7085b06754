/**
 * The process table of a simulated host. Its pids are few, so that one that is
 * free is soon used again: whoever remembers a process by its pid alone finds
 * another. Knows nothing of VMs.
 *
 * @module
 */
import type { ProcessFacts } from "../../vmm/core/run_record.ts";

/** Far more than one host runs at once, and few enough to come round again. */
const MAX_PID = 400;
/** Below are the system's own. */
const FIRST_PID = 100;

export class ProcessTable {
  readonly #processes = new Map<number, ProcessFacts>();
  #last = FIRST_PID;
  #ticks = 0;

  /** Starts a process under the next pid that is free. */
  spawn(cmdline: string): ProcessFacts {
    do {
      this.#last = this.#last >= MAX_PID ? FIRST_PID : this.#last + 1;
    } while (this.#processes.has(this.#last));
    return this.#put(this.#last, cmdline);
  }

  /** Another process gets this pid, as after many others. */
  reuse(pid: number, cmdline: string): void {
    if (!this.#processes.has(pid)) this.#put(pid, cmdline);
  }

  #put(pid: number, cmdline: string): ProcessFacts {
    const facts = { pid, startTicks: ++this.#ticks, zombie: false, cmdline };
    this.#processes.set(pid, facts);
    return facts;
  }

  kill(pid: number): void {
    this.#processes.delete(pid);
  }

  /** What /proc says; null when there is no such process. */
  facts(pid: number): ProcessFacts | null {
    return this.#processes.get(pid) ?? null;
  }

  /** The host goes down. */
  clear(): void {
    this.#processes.clear();
  }
}
