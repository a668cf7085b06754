/**
 * Brings what copies are made of to this host: closures, and what is made of
 * them ahead. One fetch per copy; the next one ends it.
 *
 * @module
 */
import { storePathsOf } from "../../model/blueprint.ts";
import { toAppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import type { Closures } from "./closures.ts";
import { hostFailureOf } from "../vms/core/host_failure.ts";
import type { Target } from "../vms/core/ledger.ts";
import type { Action, VmEvent } from "../vms/core/vm_messages.ts";
import type { Preparing, Provisions } from "../vms/provisions.ts";

type FetchAction = Extract<Action, { kind: "fetch" }>;

/** What is fetched with. */
export interface FetchDeps {
  clock: Clock;
  closures: Closures;
  provisions: Provisions;
  onWarning: (message: string, error: unknown) => void;
}

export class Fetches {
  readonly #deps: FetchDeps;
  readonly #tell: (copy: CopyId, event: VmEvent) => void;
  /** By copy: those under way. */
  readonly #underWay = new Map<string, AbortController>();
  /** The runtimes last fetched for each copy. */
  readonly #fetched = new Map<string, readonly string[]>();

  constructor(
    deps: FetchDeps,
    tell: (copy: CopyId, event: VmEvent) => void,
  ) {
    this.#deps = deps;
    this.#tell = tell;
  }

  /** Brings the target, tells of it, then the fallback if it can. */
  async fetch(copy: CopyId, action: FetchAction): Promise<void> {
    this.cancel(copy);
    const { target, fallback } = action;
    const controller = new AbortController();
    const key = copyKey(copy);
    this.#underWay.set(key, controller);
    const wanted = fallback === null ? [target] : [target, fallback];
    this.#fetched.set(key, wanted.map(({ runtimeHash }) => runtimeHash));
    try {
      await this.#fetchBoth(copy, action, controller.signal);
    } finally {
      if (this.#underWay.get(key) === controller) this.#underWay.delete(key);
    }
  }

  cancel(copy: CopyId): void {
    this.#underWay.get(copyKey(copy))?.abort();
  }

  cancelAll(): void {
    for (const controller of this.#underWay.values()) controller.abort();
  }

  /** What an older change unpins must not be among these hashes. */
  fetched(copy: CopyId): readonly string[] {
    return this.#fetched.get(copyKey(copy)) ?? [];
  }

  forget(copy: CopyId): void {
    this.cancel(copy);
    this.#fetched.delete(copyKey(copy));
  }

  async #fetchBoth(
    copy: CopyId,
    { op, target, fallback }: FetchAction,
    signal: AbortSignal,
  ): Promise<void> {
    const now = () => this.#deps.clock.bootMs();
    const onProgress = (progress: string) =>
      this.#tell(copy, { kind: "fetchProgress", at: now(), op, progress });
    try {
      await this.#bring(copy, target, { signal, onProgress });
    } catch (error) {
      if (signal.aborted) return;
      const failure = hostFailureOf(toAppError(error), "cache") ??
        { kind: "cache", message: String(error) };
      return this.#tell(copy, { kind: "fetchFailed", at: now(), op, failure });
    }
    this.#tell(copy, { kind: "fetched", at: now(), op });
    if (fallback === null || signal.aborted) return;
    // The way back should not need the cache; that it may is no reason not to go.
    // Nobody waits for it: it is not shown.
    const quietly = { signal, onProgress: () => undefined };
    await this.#bring(copy, fallback, quietly).catch((error) => {
      if (signal.aborted) return;
      this.#deps.onWarning(
        `cannot fetch the fallback of ${copyKey(copy)}`,
        error,
      );
    });
  }

  async #bring(
    copy: CopyId,
    target: Target,
    work: Preparing,
  ): Promise<void> {
    const paths = storePathsOf([target.spec]);
    const { closures, provisions } = this.#deps;
    await closures.ensure(paths, work.signal, work.onProgress);
    await closures.pin(copy, target.runtimeHash, paths);
    await provisions.prepare(copy, target, work);
  }
}
