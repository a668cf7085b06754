/**
 * Guests that are to go on from a snapshot instead of starting: asked for
 * here, done by whoever starts the copy next. One that cannot goes the usual
 * way: a snapshot that does not load costs the guest its memory, not its life.
 *
 * @module
 */
import { AppError, toAppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { VmConfig, VmInstance, Vmm } from "../../../vmm/mod.ts";

interface Asked {
  dir: string;
  /** Of the snapshot: another content does not go on from it. */
  runtimeHash: string;
  outcome: PromiseWithResolvers<void>;
}

export class Restores {
  /** By copy: one each, so as many as there are VMs. */
  readonly #asked = new Map<string, Asked>();

  /**
   * The copy's next start is from `dir`; `restored` resolves when it runs, and
   * rejects when it could not and was started instead. Disposed: not any more.
   *
   * @throws {AppError} `conflict` when it is asked for already.
   */
  ask(
    copy: CopyId,
    snapshot: { dir: string; runtimeHash: string },
  ): Disposable & { restored: Promise<void> } {
    const key = copyKey(copy);
    if (this.#asked.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot restore "${copy.id}": another restore is under way`,
      );
    }
    const outcome = Promise.withResolvers<void>();
    outcome.promise.catch(() => undefined);
    const asked: Asked = { ...snapshot, outcome };
    this.#asked.set(key, asked);
    return {
      restored: outcome.promise,
      [Symbol.dispose]: () => {
        if (this.#asked.get(key) === asked) this.#asked.delete(key);
      },
    };
  }

  /** From the snapshot that was asked for; null when none was, or it did not load. */
  async begin(
    vmm: Pick<Vmm, "restore">,
    config: VmConfig,
    nicMade: Promise<void>,
  ): Promise<VmInstance | null> {
    const key = copyKey(config);
    const asked = this.#asked.get(key);
    if (asked === undefined) return null;
    this.#asked.delete(key);
    try {
      if (asked.runtimeHash !== config.runtimeHash) {
        throw new AppError(
          "refused",
          `Cannot restore "${config.id}": what it is to run is not what the snapshot was made of`,
        );
      }
      await nicMade;
      const instance = await vmm.restore(config, asked.dir);
      asked.outcome.resolve();
      return instance;
    } catch (error) {
      const { code, message, hint } = toAppError(error);
      // Whoever asked must not believe that the guest still stands as it was.
      asked.outcome.reject(
        new AppError(
          code,
          `${message}; it is started from its image instead`,
          { cause: error, ...(hint === undefined ? {} : { hint }) },
        ),
      );
      return null;
    }
  }
}
