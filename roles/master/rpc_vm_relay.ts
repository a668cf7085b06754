/**
 * Consoles and commands between a user's session and a worker's: each call is
 * passed on when the one before was answered, so nothing is held here. The
 * user's token is asked for with every piece, and either side's end is told to
 * the other.
 *
 * @module
 */
import {
  ByteSink,
  type ByteSinkClient,
  type ByteSinkServer,
  Console,
  type ConsoleClient,
  type ConsoleServer,
  ExecSink,
  type ExecSinkClient,
  type ExecSinkServer,
  Process,
  type ProcessClient,
  type ProcessServer,
} from "../../rpc/generated/worker.ts";
import { type Released, serverOf } from "../../rpc/mod.ts";
import { AppError, toAppError } from "../model/errors.ts";
import type { Check } from "./rpc_deps.ts";

/** Consoles and commands of all users at once: each is a pair of capabilities and at most one piece under way. */
const MAX_RELAYS = 512;

/** Who may, and which worker is at the other end. */
interface Ends {
  check: Check;
  worker: string;
}

/** What a worker is given in place of the user's sink. Ends with `over`, once. */
abstract class SinkEnd<C extends Disposable> implements Released {
  protected readonly client: C;
  readonly #ends: Ends;
  readonly #over: () => void;
  /** Why it ended, when it was not by its last call. */
  #why: string;
  #isOver = false;

  constructor(client: C, ends: Ends, over: () => void) {
    this.client = client;
    this.#ends = ends;
    this.#over = over;
    this.#why = `the worker ${ends.worker} is not connected any more`;
  }

  /** One piece; the worker lets go of its end when this throws. */
  protected async pass(call: () => PromiseLike<unknown>): Promise<void> {
    try {
      this.#ends.check();
      await call();
    } catch (error) {
      this.#why = toAppError(error).message;
      throw error;
    }
  }

  /** Nothing is passed on any more: the last piece was, or it was never given away. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.client[Symbol.dispose]();
    this.#over();
  }

  /** Tells the user that nothing follows. */
  protected abstract tell(why: string): PromiseLike<unknown>;

  released(): void {
    if (this.#isOver) return;
    // Nobody waits for it: a user who has gone hears nothing.
    Promise.resolve(this.tell(this.#why)).catch(() => undefined)
      .finally(() => this.finish());
  }
}

class ByteSinkEnd extends SinkEnd<ByteSinkClient> implements ByteSinkServer {
  write({ data }: { data: Uint8Array }, { signal }: { signal: AbortSignal }) {
    return this.pass(() => this.client.write({ data }, { signal }));
  }

  async done({ message }: { message: string }): Promise<void> {
    await this.pass(() => this.client.done({ message }));
    this.finish();
  }

  protected tell(message: string) {
    return this.client.done({ message });
  }
}

class ExecSinkEnd extends SinkEnd<ExecSinkClient> implements ExecSinkServer {
  output(
    piece: { isError: boolean; data: Uint8Array },
    { signal }: { signal: AbortSignal },
  ) {
    return this.pass(() => this.client.output(piece, { signal }));
  }

  async exited(end: { code: number; message: string }): Promise<void> {
    await this.pass(() => this.client.exited(end));
    this.finish();
  }

  protected tell(message: string) {
    return this.client.exited({ code: -1, message: `unavailable: ${message}` });
  }
}

/** What a user is given in place of the worker's object; letting go of it lets go of that. */
class UserEnd<C extends Disposable> implements Released {
  protected readonly remote: C;
  protected readonly check: Check;

  constructor(remote: C, check: Check) {
    this.remote = remote;
    this.check = check;
  }

  released(): void {
    this.remote[Symbol.dispose]();
  }
}

class ConsoleEnd extends UserEnd<ConsoleClient> implements ConsoleServer {
  async write(
    { data }: { data: Uint8Array },
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    this.check();
    await this.remote.write({ data }, { signal });
  }
}

class ProcessEnd extends UserEnd<ProcessClient> implements ProcessServer {
  async write(
    { data }: { data: Uint8Array },
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    this.check();
    await this.remote.write({ data }, { signal });
  }

  async closeInput(): Promise<void> {
    this.check();
    await this.remote.closeInput();
  }
}

/** One relay while it is being made; disposed without an object for the user, nothing is left of it. */
interface Relay<Sink, Remote, Given> extends Disposable {
  /** For the worker. */
  readonly sink: Sink;
  /** For the user, of what the worker gave. */
  given(remote: Remote, signal: AbortSignal): Given;
}

/** One who went away before the answer holds nothing that could be let go of. */
function endWith(signal: AbortSignal, object: Released): void {
  signal.addEventListener("abort", () => object.released?.(), { once: true });
  if (signal.aborted) object.released?.();
}

function relayOf<Sink extends Disposable, Remote, Given>(
  end: { finish(): void },
  sink: Sink,
  give: (remote: Remote, signal: AbortSignal) => Given,
): Relay<Sink, Remote, Given> {
  let isGiven = false;
  return {
    sink,
    given(remote, signal) {
      isGiven = true;
      return give(remote, signal);
    },
    [Symbol.dispose]() {
      sink[Symbol.dispose]();
      // The caller hears of it by what the method throws.
      if (!isGiven) end.finish();
    },
  };
}

/** All relays of a master. */
export class VmRelays {
  static readonly #byOwner = new WeakMap<object, VmRelays>();
  #count = 0;

  /** Those of a master's service: sessions come and go, the bound is on all of them. */
  static of(owner: object): VmRelays {
    const known = VmRelays.#byOwner.get(owner) ?? new VmRelays();
    VmRelays.#byOwner.set(owner, known);
    return known;
  }

  /** @throws {AppError} `overloaded`. */
  console(
    sink: ByteSinkClient,
    ends: Ends,
  ): Relay<ByteSinkClient, ConsoleClient, ConsoleClient> {
    const end = new ByteSinkEnd(sink.dup(), ends, this.#enter());
    return relayOf(
      end,
      serverOf(ByteSink, end),
      (remote, signal) => {
        const object = new ConsoleEnd(remote, ends.check);
        endWith(signal, object);
        return serverOf(Console, object);
      },
    );
  }

  /** @throws {AppError} `overloaded`. */
  exec(
    sink: ExecSinkClient,
    ends: Ends,
  ): Relay<ExecSinkClient, ProcessClient, ProcessClient> {
    const end = new ExecSinkEnd(sink.dup(), ends, this.#enter());
    return relayOf(
      end,
      serverOf(ExecSink, end),
      (remote, signal) => {
        const object = new ProcessEnd(remote, ends.check);
        endWith(signal, object);
        return serverOf(Process, object);
      },
    );
  }

  #enter(): () => void {
    if (this.#count >= MAX_RELAYS) {
      throw new AppError(
        "overloaded",
        `${this.#count} consoles and commands are under way already`,
        { hint: "end one of them, or try again later" },
      );
    }
    this.#count++;
    return () => this.#count--;
  }
}
