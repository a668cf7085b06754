/**
 * What a guest needs on this host beside its VMM: a network card, a store
 * image, a cgroup. Each kind is one provision; a start asks them in their
 * order, an end takes them back in reverse. Knows nothing of what they are, and
 * of no state: each can say what it has made.
 *
 * @module
 */
import { AppError, toAppError } from "../../model/errors.ts";
import type { CopyId } from "../../model/ids.ts";
import type { VmConfig } from "../../../vmm/mod.ts";
import type { Target } from "./core/ledger.ts";

/** What goes with work that takes long. */
export interface Preparing {
  signal: AbortSignal;
  /** What is being done, for people: "making the store image, 40 of 210 MiB". Called at most once a second. */
  onProgress: (message: string) => void;
}

/** One kind of thing that guests need on their host. */
export interface Provision {
  /** For messages: `network`. */
  readonly name: string;
  /**
   * Makes ahead what takes long, while a former guest may run on. May be asked
   * of several copies at once, and again.
   *
   * @throws {AppError} as `provide`, and the signal's reason.
   */
  prepare?(copy: CopyId, target: Target, work: Preparing): Promise<void>;
  /**
   * What `provide` is going to add, where that is known before it is made, and
   * is a card that the VMM can be begun without: it is made beside the start
   * then. Null: not known yet.
   */
  foretell?(copy: CopyId): Pick<VmConfig, "nic"> | null;
  /**
   * Makes it for a copy that is about to start, or finds it made: idempotent.
   *
   * @param config the machine as it is so far: what provisions before this one have added is in it.
   * @returns what the driver is told of it.
   * @throws {AppError} with a code that tells whose fault it is, as a driver's `start` does.
   */
  provide(
    copy: CopyId,
    target: Target,
    config: VmConfig,
  ): Promise<Partial<VmConfig>>;
  /** The copy has ended and does not start again: nothing of it is left. Idempotent. */
  withdraw(copy: CopyId): Promise<void>;
  /** Once, before anything starts: these copies run and keep theirs, whatever else is found is removed. */
  adopt(copies: readonly CopyId[]): Promise<void>;
}

/** What a start goes on with. */
export interface Provided {
  /** With what all provisions add. */
  readonly config: VmConfig;
  /**
   * Resolves when the card in it is there, rejects with an {@linkcode AppError}
   * when it cannot be made. Need not be waited for.
   */
  readonly nicMade: Promise<void>;
}

/** All provisions of a worker. */
export class Provisions {
  readonly #all: readonly Provision[];

  constructor(all: readonly Provision[]) {
    this.#all = all;
  }

  /** What takes long, for all of them in their order. @throws {AppError} of the first that fails. */
  async prepare(
    copy: CopyId,
    target: Target,
    work: Preparing,
  ): Promise<void> {
    for (const provision of this.#all) {
      await provision.prepare?.(copy, target, work);
    }
  }

  /**
   * The config with what all of them add; what was foretold is still being made.
   *
   * @throws {AppError} of the first that fails; those before it are taken back.
   */
  async provide(
    copy: CopyId,
    target: Target,
    config: VmConfig,
  ): Promise<Provided> {
    const made: Provision[] = [];
    const late: Promise<unknown>[] = [];
    let whole = config;
    try {
      for (const provision of this.#all) {
        made.push(provision);
        const foretold = provision.foretell?.(copy) ?? null;
        const provided = provision.provide(copy, target, whole);
        if (foretold !== null) late.push(provided);
        // Whoever starts the VM may fail before it asks for what is late.
        provided.catch(() => undefined);
        whole = { ...whole, ...foretold ?? await provided };
      }
      const nicMade = Promise.all(late).then(() => undefined);
      nicMade.catch(() => undefined);
      return { config: whole, nicMade };
    } catch (error) {
      // What is late must not be made after it was taken back.
      await Promise.allSettled(late);
      await this.#takeBack(copy, made).catch(() => undefined);
      throw error;
    }
  }

  /** @throws {AppError} when something is left, after all were asked. */
  async withdraw(copy: CopyId): Promise<void> {
    await this.#takeBack(copy, this.#all);
  }

  /** @throws {AppError} when one cannot say what it has. */
  async adopt(copies: readonly CopyId[]): Promise<void> {
    for (const provision of this.#all) await provision.adopt(copies);
  }

  async #takeBack(copy: CopyId, from: readonly Provision[]): Promise<void> {
    let failure: AppError | null = null;
    for (const provision of from.toReversed()) {
      try {
        await provision.withdraw(copy);
      } catch (error) {
        const known = toAppError(error);
        failure ??= new AppError(
          known.code,
          `Cannot clear the ${provision.name} of "${copy.id}": ${known.message}`,
          { cause: error },
        );
      }
    }
    if (failure !== null) throw failure;
  }
}
