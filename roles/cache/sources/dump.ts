/**
 * The NAR of a path on this disk, made by `nix-store --dump` while it is sent: a
 * process that 20 ms begin and that is faster than we hash (some 200 MB/s seen).
 *
 * The nar was promised by its hash and size, so the last bytes are held back
 * until what came has them: a path that was collected or changed meanwhile ends
 * the answer before its end.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import { killGroup } from "../../process/run.ts";
import { formatSha256 } from "../../nar/core/sha256.ts";

/** A client that takes nothing for so long is gone; its process would stay for ever. */
const STALL_MS = 5 * 60_000;

/** What is dumped. */
export interface Dumped {
  /** Where it lies. */
  path: string;
  /** For messages. */
  base: string;
  narHash: string;
  narSize: number;
}

function spawnDump(path: string): Deno.ChildProcess {
  try {
    return new Deno.Command("nix-store", {
      args: ["--dump", path],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        LC_ALL: "C.UTF-8",
        // Nobody's settings are wanted, and no directory of its own is made.
        HOME: "/nonexistent",
      },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new AppError(
      "missing_dependency",
      "Cannot run nix-store: it is not installed",
      { cause, hint: "sudo apt-get install nix-bin, or unset localStore" },
    );
  }
}

/** It begins its output before it looks, so that is done here; what goes in between is cut. */
async function assertThere({ path, base }: Dumped): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new AppError(
      "not_found",
      `${base} is not in the local store any more`,
      { cause },
    );
  }
}

/** Chunks of the process's output, ended with it. */
class Dump {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(private readonly dumped: Dumped) {
    this.#child = spawnDump(dumped.path);
    this.#reader = this.#child.stdout.getReader();
  }

  /** The next bytes; undefined when all came and were the promised ones. */
  async next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#reader.read();
    if (done) {
      await this.#judge();
      return undefined;
    }
    this.#hash.update(value);
    this.#bytes += value.length;
    if (this.#bytes > this.dumped.narSize) throw this.#changed();
    return value;
  }

  async end(): Promise<void> {
    killGroup(this.#child.pid, "SIGKILL");
    await this.#reader.cancel().catch(() => undefined);
    await this.#child.status;
  }

  async #judge(): Promise<void> {
    const { success } = await this.#child.status;
    const narHash = formatSha256(new Uint8Array(this.#hash.digest()));
    const whole = success && this.#bytes === this.dumped.narSize &&
      narHash === this.dumped.narHash;
    if (!whole) throw this.#changed();
  }

  #changed(): AppError {
    return new AppError(
      "unavailable",
      `Cannot send ${this.dumped.base}: it is not in the local store as nix's database describes it`,
      { hint: "repair it: nix-store --verify --check-contents --repair" },
    );
  }
}

/**
 * The bytes from `start` to `end` (excluded) of the path's NAR.
 *
 * @param ended called once, when its process is gone.
 * @throws {AppError} `not_found` when the path is gone, `missing_dependency` without nix.
 */
export async function dumpStream(
  dumped: Dumped,
  { start, end }: { start: number; end: number },
  ended: () => void,
): Promise<ReadableStream<Uint8Array>> {
  await assertThere(dumped);
  const dump = new Dump(dumped);
  let at = 0;
  let stall: ReturnType<typeof setTimeout> | undefined;
  let finished: Promise<void> | undefined;
  const finish = () => {
    clearTimeout(stall);
    return finished ??= dump.end().finally(ended);
  };
  /** The next bytes of the range, possibly none; undefined after the last. */
  const next = async () => {
    const chunk = await dump.next();
    if (chunk === undefined) return undefined;
    const from = Math.max(start - at, 0);
    const part = chunk.subarray(from, Math.max(end - at, from));
    at += chunk.length;
    return part;
  };
  let held: Uint8Array;
  try {
    held = await next() ?? new Uint8Array();
  } catch (error) {
    await finish();
    throw error;
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(stall);
      try {
        for (;;) {
          const ready = held;
          const part = await next();
          held = part ?? new Uint8Array();
          if (ready.length > 0) controller.enqueue(ready);
          if (part === undefined) {
            await finish();
            return controller.close();
          }
          if (ready.length > 0) break;
        }
      } catch (error) {
        await finish();
        throw error;
      }
      stall = setTimeout(() => {
        void finish();
        controller.error(
          new AppError("timeout", `Nobody takes the nar of ${dumped.base}`),
        );
      }, STALL_MS);
    },
    cancel: finish,
  }, { highWaterMark: 0 });
}
