/**
 * A store held open: one `nix-daemon --stdio` that tells what is there and
 * takes paths in while their bytes arrive.
 *
 * nix itself checks of each path its signature, NarHash, size and references
 * before it is valid; a path that fails is not, and neither is one whose
 * session ended in its middle. What was added is safe from garbage collection
 * until the session ends.
 *
 * Rejected: `nix-store --import`, which holds each archive in memory, checks no
 * signature and forgets them; spooled files and `nix copy`, which write twice.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import { killGroup } from "../process/run.ts";
import { eachLine } from "../process/lines.ts";
import { MISSING_HINT } from "./command.ts";
import {
  type AddedPath,
  CLIENT_MAGIC,
  DAEMON_MAGIC,
  encodeAdd,
  encodeOptions,
  MIN_MINOR,
  OPERATIONS,
  PROTOCOL,
  WireReader,
  WireWriter,
} from "./core/daemon_wire.ts";
import { nixFailure, plainLine } from "./core/failure.ts";

/** How a session is opened. */
export interface SessionOptions {
  publicKeys: readonly string[];
  signal: AbortSignal;
}

/** Lines of its standard error that an error quotes. */
const TAIL_LINES = 20;
/** The largest store we look at: paths of a busy builder. */
const MAX_VALID_PATHS = 5_000_000;
/** After the end of its input it has nothing left to do. */
const END_MS = 5000;

/** Gives the bytes of one archive, in order. */
export type WriteArchive = (
  write: (bytes: Uint8Array) => Promise<void>,
) => Promise<void>;

export class StoreSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reader = new WireReader();
  readonly #tail: string[] = [];
  readonly #errors: Promise<void>;
  readonly #signal: AbortSignal;
  readonly #kill = () => killGroup(this.#child.pid, "SIGKILL");
  /** Answers come in the order of the questions. */
  #answered: Promise<unknown> = Promise.resolve();

  private constructor(child: Deno.ChildProcess, signal: AbortSignal) {
    this.#child = child;
    this.#signal = signal;
    this.#writer = child.stdin.getWriter();
    this.#output = child.stdout.getReader();
    this.#errors = eachLine(child.stderr, (line) => {
      if (this.#tail.push(plainLine(line)) > TAIL_LINES) this.#tail.shift();
    });
    signal.addEventListener("abort", this.#kill, { once: true });
  }

  /**
   * @param command `nix-daemon --stdio`, or what waits for its turn first.
   * @throws {AppError} `missing_dependency`, `failed`; the signal's reason.
   */
  static async open(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    { publicKeys, signal }: SessionOptions,
  ): Promise<StoreSession> {
    signal.throwIfAborted();
    const session = new StoreSession(spawn(command, env), signal);
    try {
      await session.#greet();
      await session.#ask(
        encodeOptions({ "trusted-public-keys": publicKeys.join(" ") }),
      );
    } catch (error) {
      await session.#end("now");
      throw error;
    }
    return session;
  }

  /** Every valid path of the store. */
  async allValidPaths(): Promise<string[]> {
    const question = new WireWriter().number(OPERATIONS.queryAllValidPaths);
    return await this.#ask(question.bytes(), () => this.#texts());
  }

  /** Those of `paths` that are valid. */
  async validPaths(paths: readonly string[]): Promise<string[]> {
    const question = new WireWriter().number(OPERATIONS.queryValidPaths)
      .texts(paths).flag(false);
    return await this.#ask(question.bytes(), () => this.#texts());
  }

  /**
   * Adds a path whose references are there. Resolves when all of it was handed
   * over; `accepted` when nix took it for valid.
   *
   * @throws {AppError} when the process is gone, and what `archive` throws;
   * then nothing more can be added, and the path is not valid.
   */
  async add(
    added: AddedPath,
    archive: WriteArchive,
  ): Promise<{ accepted: Promise<void> }> {
    await this.#send(encodeAdd(added));
    const accepted = this.#answer(async () => undefined);
    // Who hands over an archive may fail first, and then waits for no answer.
    accepted.catch(() => undefined);
    try {
      await archive(async (bytes) => {
        if (bytes.length === 0) return;
        // In the order they are called, whoever waits for which.
        const header = this.#send(
          new WireWriter().number(bytes.length).bytes(),
        );
        header.catch(() => undefined);
        await this.#send(bytes);
      });
    } catch (error) {
      // Its end is never told: what came is no path.
      this.#kill();
      throw error;
    }
    await this.#send(new WireWriter().number(0).bytes());
    return { accepted };
  }

  /** Ends it; what was accepted stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("after its input");
  }

  async #end(when: "now" | "after its input"): Promise<void> {
    if (when === "now") this.#kill();
    await this.#writer.close().catch(() => undefined);
    const timer = setTimeout(this.#kill, END_MS);
    await this.#child.status;
    clearTimeout(timer);
    this.#signal.removeEventListener("abort", this.#kill);
    await this.#output.cancel().catch(() => undefined);
    await this.#errors.catch(() => undefined);
  }

  async #greet(): Promise<void> {
    await this.#send(new WireWriter().number(CLIENT_MAGIC).bytes());
    const magic = await this.#next(() => this.#reader.number());
    const version = await this.#next(() => this.#reader.number());
    const minor = version & 0xff;
    if (magic !== DAEMON_MAGIC || version >> 8 !== 1 || minor < MIN_MINOR) {
      throw new AppError(
        "failed",
        `Cannot speak with nix-daemon: it answers ${magic} and ${version}`,
        { hint: MISSING_HINT },
      );
    }
    // Two things that are long gone: processor affinity and reserved space.
    const hello = new WireWriter().number(PROTOCOL).number(0).number(0);
    await this.#send(hello.bytes());
    await this.#next(() => this.#reader.text());
    await this.#answer(async () => undefined);
  }

  async #ask(question: Uint8Array): Promise<void>;
  async #ask<T>(question: Uint8Array, read: () => Promise<T>): Promise<T>;
  async #ask<T>(
    question: Uint8Array,
    read?: () => Promise<T>,
  ): Promise<T | undefined> {
    await this.#send(question);
    return await this.#answer(async () => await read?.());
  }

  /** The next answer, after those that are waited for already. */
  #answer<T>(read: () => Promise<T>): Promise<T> {
    const answer = this.#answered.then(async () => {
      for (;;) {
        const message = await this.#next(() => this.#reader.message());
        if (message.kind === "last") return await read();
        if (message.kind === "error") {
          const lines = message.text.split("\n").map(plainLine);
          throw nixFailure("add to the store", "an error", lines);
        }
      }
    });
    // Who asked hears of it; those behind are not hindered by it.
    this.#answered = answer.catch(() => undefined);
    return answer;
  }

  async #texts(): Promise<string[]> {
    const count = await this.#next(() => this.#reader.number());
    if (count > MAX_VALID_PATHS) {
      throw new AppError("failed", `Cannot read a store of ${count} paths`);
    }
    const texts: string[] = [];
    for (let left = count; left > 0; left--) {
      // Most are here already: a wait for each would cost more than reading it.
      texts.push(
        this.#reader.text() ?? await this.#next(() => this.#reader.text()),
      );
    }
    return texts;
  }

  async #next<T>(read: () => T | undefined): Promise<T> {
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      const { done, value: chunk } = await this.#output.read();
      if (done) throw await this.#gone();
      this.#reader.push(chunk);
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch {
      throw await this.#gone();
    }
  }

  async #gone(): Promise<unknown> {
    if (this.#signal.aborted) return this.#signal.reason;
    this.#kill();
    const { code, signal } = await this.#child.status;
    await this.#errors.catch(() => undefined);
    if (/^flock: failed to execute/.test(this.#tail.at(-1) ?? "")) {
      return missing();
    }
    return nixFailure(
      "add to the store",
      signal ?? `exit code ${code}`,
      this.#tail,
    );
  }
}

function missing(cause?: unknown): AppError {
  return new AppError(
    "missing_dependency",
    "Cannot run nix-daemon: it is not installed",
    { hint: MISSING_HINT, cause },
  );
}

function spawn(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      env: { ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missing(error);
    throw error;
  }
}
