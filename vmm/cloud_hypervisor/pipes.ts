/**
 * Makes the pipes of VMMs' events. Deno cannot, so a program does; those that
 * are asked for while it runs share the next one, so that twenty starts cost
 * two or three of them.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { runProcess } from "../../roles/process/run.ts";

/** One system call for each; a host that swaps may take long. */
const TIMEOUT_MS = 10_000;
/** At once: as many paths of a hundred bytes are far below what a command line holds. */
const MAX_AT_ONCE = 256;

/** What somebody waits for. */
interface Asked {
  readonly path: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

async function mkfifo(paths: readonly string[]): Promise<void> {
  const { code, stderrTail } = await runProcess(
    "mkfifo",
    ["-m", "600", "--", ...paths],
    {
      timeoutMs: TIMEOUT_MS,
      sharesGroup: true,
      missingHint: "install coreutils",
    },
  );
  if (code === 0) return;
  throw new AppError("storage", `Cannot make a pipe: ${stderrTail}`);
}

/** Named pipes that only we may open. */
export class Pipes {
  /** One for each start that is under way. */
  #asked: Asked[] = [];
  #isMaking = false;

  /** @throws {AppError} `storage`, also when something is there already; `missing_dependency`. */
  make(path: string): Promise<void> {
    const made = Promise.withResolvers<void>();
    this.#asked.push({ path, done: made.resolve, failed: made.reject });
    if (!this.#isMaking) void this.#work();
    return made.promise;
  }

  /** Answers whoever asks until nobody does; never rejects. */
  async #work(): Promise<void> {
    this.#isMaking = true;
    // What is asked for in this very turn of the event loop comes along.
    await Promise.resolve();
    while (this.#asked.length > 0) {
      await this.#makeAll(this.#asked.splice(0, MAX_AT_ONCE));
    }
    this.#isMaking = false;
  }

  async #makeAll(asked: readonly Asked[]): Promise<void> {
    try {
      await mkfifo(asked.map(({ path }) => path));
      for (const { done } of asked) done();
    } catch (error) {
      const [first, ...others] = asked;
      if (others.length === 0) return first?.failed(error);
      // It makes those it can and does not say which: each is told of its own.
      for (const each of asked) await this.#makeOne(each);
    }
  }

  async #makeOne(asked: Asked): Promise<void> {
    const isThere = await Deno.lstat(asked.path).then(
      ({ isFifo }) => isFifo === true,
      () => false,
    );
    return isThere ? asked.done() : await this.#makeAll([asked]);
  }
}
