/**
 * Notices that a guest has lost the virtiofsd it reads its system from: it can
 * do nothing any more and will not recover, so its VMM is ended, and the VM's
 * restart policy says what comes next.
 *
 * @module
 */
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import type { VmInstance, Vmm } from "../../../vmm/mod.ts";
import { killNow } from "../../../vmm/host/process_table.ts";
import type { Virtiofsds } from "./virtiofsd.ts";

/** A guest without its store hangs; its checks fail within seconds too. */
const LOOK_MS = 5000;

/** What is watched. */
export interface ShareWatchOptions {
  vmm: Pick<Vmm, "list">;
  virtiofsds: Pick<Virtiofsds, "missing">;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
  /** In place of SIGKILL. */
  kill?: (pid: number) => void;
}

export class ShareWatch {
  readonly #options: ShareWatchOptions;
  readonly #stopping = new AbortController();
  /** Pids of VMMs that had lost theirs at the last look: one that is ending has lost it too. */
  #lost = new Map<string, number>();
  #loop: Promise<void> | null = null;

  constructor(options: ShareWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Ends what had lost its store at this look and at the one before. */
  async look(): Promise<void> {
    const { vmm, virtiofsds, kill = killNow } = this.#options;
    const running = await vmm.list();
    const missing = new Set(
      (await virtiofsds.missing(running)).map((copy: CopyId) => copyKey(copy)),
    );
    const lost = new Map<string, number>();
    for (const instance of running) {
      const key = copyKey(instance);
      if (!missing.has(key) || instance.pid === 0) continue;
      if (this.#lost.get(key) === instance.pid) this.#end(instance, kill);
      else lost.set(key, instance.pid);
    }
    this.#lost = lost;
  }

  #end(instance: VmInstance, kill: (pid: number) => void): void {
    this.#options.onWarning(
      `ending ${
        copyKey(instance)
      }: the virtiofsd that showed it its store is gone`,
      null,
    );
    kill(instance.pid);
  }

  async #run(): Promise<void> {
    const { clock, onWarning } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      if (signal.aborted) return;
      await this.look().catch((error) =>
        onWarning("cannot look at the stores of guests", error)
      );
    }
  }
}
