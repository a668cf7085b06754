/**
 * The guard on its socket: requests to answers. One worker at a time; the
 * newest has the word, since an older process of it is dead or frozen.
 *
 * @module
 */
import { AppError, toAppError } from "../model/errors.ts";
import { parseJsonWith } from "../model/parse.ts";
import type { Children } from "./children.ts";
import {
  type Answer,
  type GuardStatus,
  MAX_LINE_BYTES,
  type Method,
  type Reply,
  Request,
} from "./core/messages.ts";
import type { Guard } from "./guard.ts";
import { type LineConnection, lineConnection } from "./line_connection.ts";

/** A worker, its successor, and people who look. */
const MAX_CONNECTIONS = 16;

/** What is served. */
export interface GuardServerOptions {
  guard: Guard;
  children: Children;
  bootId: string;
  onWorker: (worker: string) => void;
}

interface Session {
  readonly lines: LineConnection;
  worker: string | null;
}

export class GuardServer {
  readonly #options: GuardServerOptions;
  readonly #sessions = new Set<Session>();
  #speaker: Session | null = null;

  constructor(options: GuardServerOptions) {
    this.#options = options;
  }

  get worker(): string | null {
    return this.#speaker?.worker ?? null;
  }

  /** Serves until the listener is closed. */
  async serve(listener: Deno.UnixListener): Promise<void> {
    for await (const connection of listener) this.#take(connection);
  }

  close(): void {
    for (const { lines } of this.#sessions) lines.close();
  }

  #take(connection: Deno.UnixConn): void {
    if (this.#sessions.size >= MAX_CONNECTIONS) return connection.close();
    const session: Session = {
      worker: null,
      lines: lineConnection(connection, {
        maxLineBytes: MAX_LINE_BYTES,
        onLine: (line) => void this.#onLine(session, line),
      }),
    };
    this.#sessions.add(session);
    void session.lines.closed.then(() => {
      this.#sessions.delete(session);
      if (this.#speaker === session) this.#speaker = null;
    });
  }

  async #onLine(session: Session, line: string): Promise<void> {
    let request: Request;
    try {
      request = parseJsonWith(Request, line, { what: "a request" });
    } catch {
      // Nothing to answer by: no id can be trusted.
      return session.lines.close();
    }
    const { id } = request;
    try {
      const answer = await this.#answer(session, request);
      send(session, { id, answer });
    } catch (error) {
      const { code, message, hint } = toAppError(error);
      send(session, {
        id,
        error: { code, message, ...(hint === undefined ? {} : { hint }) },
      });
    }
  }

  async #answer(
    session: Session,
    request: Request,
  ): Promise<Answer<Method>> {
    const { guard } = this.#options;
    if (request.method === "list") return this.#status();
    if (request.method === "hello") return this.#hello(session, request.worker);
    if (this.#speaker !== session) {
      throw new AppError(
        "refused",
        "Cannot do that: another worker process speaks for this host since",
      );
    }
    switch (request.method) {
      case "extend":
        return { held: guard.extend(request.deadlineMs) };
      case "spawn":
        return guard.spawn(request.start);
      case "kill":
        await guard.kill(request.marker);
        return {};
      case "endOf":
        return { end: guard.endOf(request.marker) };
    }
  }

  #hello(session: Session, worker: string): GuardStatus {
    const other = this.#speaker;
    if (other !== null && other !== session && other.worker !== worker) {
      throw new AppError(
        "refused",
        `Cannot guard worker "${worker}": this guard serves "${other.worker}"`,
        { hint: "start a guard of its own for each worker: --run-dir" },
      );
    }
    this.#speaker = session;
    session.worker = worker;
    if (other !== session) other?.lines.close();
    this.#options.onWorker(worker);
    return this.#status();
  }

  #status(): GuardStatus {
    const { guard, children, bootId } = this.#options;
    const held = guard.held;
    return {
      pid: Deno.pid,
      bootId,
      worker: this.worker,
      held,
      vmms: [...children.kept()],
    };
  }
}

function send({ lines }: Session, reply: Reply): void {
  lines.send(JSON.stringify(reply));
}
