/**
 * The guard process as {@linkcode Fence} and {@linkcode Spawner}: one
 * connection, made again whenever it ends. Keeps the guard's last word.
 *
 * ```text
 *  absent ──connect, hello──▶ lapsed | held ──closed, or no answer in time──▶ absent
 * ```
 *
 * @module
 */
import { AppError, formatError, toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { connectGuard, type GuardClient } from "../../guard/client.ts";
import type { HeldLease } from "../../guard/core/messages.ts";
import type {
  GuardedEnd,
  GuardedProcess,
  GuardedStart,
  GuardedVmm,
  Spawner,
} from "../../../vmm/host/spawner.ts";
import type { Fence, FenceState } from "./fence.ts";

/** Between tries to reach a guard: a restart of it takes about a second. */
const RECONNECT_MS = 500;

/** How the guard is reached. */
export interface GuardFenceOptions {
  socketPath: string;
  /** The worker's name. */
  worker: string;
  clock: Clock;
  /** The guard came or went; null: it is there. */
  onNews: (problem: string | null) => void;
}

export class GuardFence implements Fence, Spawner {
  readonly #options: GuardFenceOptions;
  readonly #closing = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #tried = Promise.withResolvers<void>();
  #client: GuardClient | null = null;
  #state: FenceState;
  #problem: string | null | undefined;
  #loop: Promise<void> | null = null;

  constructor(options: GuardFenceOptions) {
    this.#options = options;
    this.#state = absent(`no guard answers at ${options.socketPath}`);
  }

  /** Begins; resolves when the guard has answered or could not be reached. */
  open(): Promise<void> {
    this.#loop ??= this.#run();
    return this.#tried.promise;
  }

  get state(): FenceState {
    return this.#state;
  }

  /** Why there is no guard; null while one answers. */
  get problem(): string | null {
    return this.#state.kind === "absent" ? this.#state.reason : null;
  }

  async extend(deadlineMs: number): Promise<void> {
    const client = this.#connected();
    const { held } = await client.call("extend", { deadlineMs });
    if (this.#client === client) this.#hold(held);
  }

  watch(onChange: () => void): Disposable {
    this.#watchers.add(onChange);
    return { [Symbol.dispose]: () => void this.#watchers.delete(onChange) };
  }

  async spawn(start: GuardedStart): Promise<GuardedProcess> {
    const { env, args, ...rest } = start;
    return await this.#connected().call("spawn", {
      start: { ...rest, env: { ...env }, args: [...args] },
    });
  }

  async list(): Promise<GuardedVmm[]> {
    try {
      const { held, vmms } = await this.#connected().call("list", {});
      return held === null ? [] : vmms;
    } catch {
      // What no guard answers for has no leave to go on running.
      return [];
    }
  }

  async kill(marker: string): Promise<void> {
    try {
      await this.#client?.call("kill", { marker });
    } catch (error) {
      // Dead with the guard. A guard that is frozen is `timeout`.
      if (toAppError(error).code !== "unavailable") throw error;
    }
  }

  async endOf(marker: string): Promise<GuardedEnd | null> {
    try {
      return (await this.#connected().call("endOf", { marker })).end;
    } catch {
      const reason = "it ended with the guard";
      return { marker, by: "fence", reason, stderrTail: "" };
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#client?.close();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        const why = error instanceof AppError
          ? error.message
          : formatError(error);
        this.#set(absent(why));
      }
      this.#tried.resolve();
      await clock.sleep(RECONNECT_MS, this.#closing.signal);
    }
  }

  /** From connecting to the end of the connection. */
  async #session(): Promise<void> {
    const { socketPath: path, worker, clock } = this.#options;
    const client = await connectGuard(path, { clock });
    try {
      if (this.#closing.signal.aborted) return;
      const { held } = await client.call("hello", { worker });
      this.#client = client;
      this.#hold(held);
      this.#tried.resolve();
      if (this.#closing.signal.aborted) return;
      await client.closed;
    } finally {
      this.#client = null;
      client.close();
      await client.closed;
    }
    throw new AppError("unavailable", `the guard at ${path} is gone`);
  }

  #connected(): GuardClient {
    if (this.#client !== null) return this.#client;
    throw new AppError("unavailable", this.problem ?? "the guard is gone", {
      hint: "start it again: procurator guard",
    });
  }

  #hold(held: HeldLease): void {
    this.#set(held === null ? { kind: "lapsed" } : { kind: "held", ...held });
  }

  #set(state: FenceState): void {
    const before = this.#state;
    this.#state = state;
    const problem = this.problem;
    if (problem !== this.#problem && !this.#closing.signal.aborted) {
      this.#problem = problem;
      this.#options.onNews(problem);
    }
    if (isSame(before, state) || this.#closing.signal.aborted) return;
    for (const tell of [...this.#watchers]) tell();
  }
}

function absent(why: string): FenceState {
  return {
    kind: "absent",
    reason: `an exclusive VM needs a live guard: ${why}`,
  };
}

/** A deadline that moves within its lease is no change: readers have a clock. */
function isSame(a: FenceState, b: FenceState): boolean {
  if (a.kind === "held") return b.kind === "held" && a.lease === b.lease;
  if (a.kind === "absent") return b.kind === "absent" && a.reason === b.reason;
  return a.kind === b.kind;
}
