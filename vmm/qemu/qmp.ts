/**
 * QEMU's machine protocol over its unix socket: JSON lines, replies matched by
 * id, events in between. One client per socket: QEMU answers the next one only
 * when this one is closed.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";

/** A reply is a few KiB; a line longer than this is not QMP. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Commands in flight: we send one or two. */
const MAX_PENDING = 16;

/** Something QEMU tells unasked. */
export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
}

/** A connection that has negotiated its capabilities. */
export interface Qmp {
  /** @throws {AppError} `failed` with QEMU's words, `unavailable` when the connection ended, `timeout`. */
  execute(
    command: string,
    args?: Record<string, unknown>,
    options?: { timeoutMs?: number },
  ): Promise<unknown>;
  /** Resolves when the connection ended, for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
}

/** QEMU's main loop answers in milliseconds; on a busy host in seconds. */
export const REQUEST_TIMEOUT_MS = 10_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class Connection implements Qmp {
  readonly closed: Promise<void>;
  #connection: Deno.UnixConn;
  #onEvent: (event: QmpEvent) => void;
  readonly #requestTimeoutMs: number;
  #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended = false;
  #greeting = Promise.withResolvers<void>();

  constructor(
    connection: Deno.UnixConn,
    { onEvent, requestTimeoutMs }: {
      onEvent: (event: QmpEvent) => void;
      requestTimeoutMs: number;
    },
  ) {
    this.#connection = connection;
    this.#onEvent = onEvent;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#greeting.promise.catch(() => undefined);
    this.closed = this.#read().catch(() => undefined).finally(() => {
      this.close();
    });
  }

  get greeted(): Promise<void> {
    return this.#greeting.promise;
  }

  async execute(
    command: string,
    args: Record<string, unknown> = {},
    options: { timeoutMs?: number } = {},
  ): Promise<unknown> {
    if (this.#ended) throw this.#endError();
    if (this.#pending.size >= MAX_PENDING) {
      throw new AppError(
        "overloaded",
        `Cannot send ${command}: ${MAX_PENDING} commands are unanswered`,
      );
    }
    const id = this.#nextId++;
    const reply = Promise.withResolvers<unknown>();
    this.#pending.set(id, reply);
    const { timeoutMs = this.#requestTimeoutMs } = options;
    const timer = setTimeout(() => {
      reply.reject(
        new AppError(
          "timeout",
          `QEMU did not answer ${command} within ${timeoutMs} ms`,
          { hint: "look whether the host swaps or its disks hang" },
        ),
      );
    }, timeoutMs);
    try {
      await this.#send({ execute: command, arguments: args, id });
      return await reply.promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#connection.close();
    } catch {
      // The reader has closed it.
    }
    const error = this.#endError();
    this.#greeting.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
  }

  #endError(): AppError {
    return new AppError("unavailable", "The connection to QEMU has ended");
  }

  async #send(message: Record<string, unknown>): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    try {
      for (let done = 0; done < bytes.byteLength;) {
        done += await this.#connection.write(bytes.subarray(done));
      }
    } catch {
      throw this.#endError();
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(16 * 1024);
    let rest = "";
    for (;;) {
      const count = await this.#connection.read(chunk);
      if (count === null) return;
      rest += decoder.decode(chunk.subarray(0, count), { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE_BYTES) return;
      for (const line of lines) {
        if (line.trim() !== "") this.#take(JSON.parse(line));
      }
    }
  }

  #take(message: unknown): void {
    if (!isObject(message)) return;
    if ("QMP" in message) return this.#greeting.resolve();
    if (typeof message.event === "string") {
      const data = isObject(message.data) ? message.data : {};
      return this.#onEvent({ event: message.event, data });
    }
    const pending = this.#pending.get(Number(message.id));
    if (pending === undefined) return;
    if (!("error" in message)) return pending.resolve(message.return);
    const why = isObject(message.error) ? String(message.error.desc) : "error";
    pending.reject(new AppError("failed", `QEMU refused: ${why}`));
  }
}

/**
 * Connects and negotiates.
 *
 * @throws {AppError} `unavailable` when nothing listens, `timeout` when another client holds the socket.
 */
export async function connectQmp(
  path: string,
  options: {
    onEvent?: (event: QmpEvent) => void;
    /** Until it has greeted. */
    timeoutMs?: number;
    /** For each command, unless it says otherwise. */
    requestTimeoutMs?: number;
  } = {},
): Promise<Qmp> {
  let raw: Deno.UnixConn;
  try {
    raw = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    throw new AppError("unavailable", `Cannot reach QEMU at ${path}`, {
      cause: error,
    });
  }
  const connection = new Connection(raw, {
    onEvent: options.onEvent ?? (() => undefined),
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const timer = setTimeout(() => connection.close(), timeoutMs);
  try {
    await connection.greeted;
    await connection.execute("qmp_capabilities", {}, { timeoutMs });
    return connection;
  } catch (error) {
    connection.close();
    throw new AppError(
      "timeout",
      `QEMU at ${path} did not greet within ${timeoutMs} ms`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** QEMU's word for what its guest does: `running`, `paused`, `io-error`, `inmigrate`...; "" when it does not say. */
export async function statusOf(qmp: Qmp): Promise<string> {
  const answer = await qmp.execute("query-status").catch(() => null);
  return isObject(answer) ? String(answer.status) : "";
}
