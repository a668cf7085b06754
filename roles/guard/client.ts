/**
 * A connection to a guard: typed calls, each with an end. One that is not
 * answered in time ends the connection: a guard that does not answer is as
 * good as none.
 *
 * @module
 */
import {
  AppError,
  type ErrorCode,
  HTTP_STATUS,
  toAppError,
} from "../model/errors.ts";
import { parseJsonWith, parseWith } from "../model/parse.ts";
import type { Clock } from "../model/ports.ts";
import {
  type Answer,
  ANSWERS,
  MAX_LINE_BYTES,
  type Method,
  Reply,
  type Request,
} from "./core/messages.ts";
import { lineConnection } from "./line_connection.ts";

/** Calls in flight: a host starts a handful of VMs at once. */
const MAX_PENDING = 1000;
/** A guard answers in milliseconds, ending a VMM takes it some more; a loaded host takes seconds. */
const CALL_TIMEOUT_MS = 10_000;

/** The part of a request that is a method's own. */
type Params<M extends Method> = Omit<
  Extract<Request, { method: M }>,
  "id" | "method"
>;

export interface GuardClient {
  /** @throws {AppError} what the guard says, `unavailable` or `timeout`. */
  call<M extends Method>(method: M, params: Params<M>): Promise<Answer<M>>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  close(): void;
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: AppError): void;
}

function remoteError(
  { code, message, hint }: { code: string; message: string; hint?: string },
): AppError {
  const known = Object.hasOwn(HTTP_STATUS, code) ? code as ErrorCode : "failed";
  return new AppError(known, message, hint === undefined ? {} : { hint });
}

/**
 * Connects to the guard that listens at `path`.
 *
 * @throws {AppError} `unavailable` when none does.
 */
export async function connectGuard(
  path: string,
  options: { clock: Clock },
): Promise<GuardClient> {
  let connection: Deno.UnixConn;
  try {
    connection = await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw new AppError("unavailable", `No guard answers at ${path}`, {
      cause,
      hint: "start one: procurator guard",
    });
  }
  const pending = new Map<number, Pending>();
  const onLine = (line: string) => {
    try {
      const reply = parseJsonWith(Reply, line, { what: "the guard's answer" });
      const waiting = pending.get(reply.id);
      pending.delete(reply.id);
      if ("answer" in reply) waiting?.resolve(reply.answer);
      else {
        const { hint, ...rest } = reply.error;
        waiting?.reject(
          remoteError(hint === undefined ? rest : { ...rest, hint }),
        );
      }
    } catch {
      lines.close();
    }
  };
  const lines = lineConnection(connection, {
    maxLineBytes: MAX_LINE_BYTES,
    onLine,
  });
  let ended = false;
  const closed = lines.closed.then(() => {
    ended = true;
    for (const { reject } of pending.values()) reject(goneError(path));
    pending.clear();
  });
  let nextId = 1;
  return {
    async call(method, params) {
      if (ended) throw goneError(path);
      if (pending.size >= MAX_PENDING) {
        throw new AppError("overloaded", "Too many calls wait for the guard");
      }
      const id = nextId++;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      pending.set(id, { resolve, reject });
      lines.send(JSON.stringify({ id, method, ...params }));
      const done = new AbortController();
      void options.clock.sleep(CALL_TIMEOUT_MS, done.signal).then(() => {
        if (done.signal.aborted) return;
        reject(
          new AppError(
            "timeout",
            `The guard at ${path} did not answer within ${CALL_TIMEOUT_MS} ms`,
          ),
        );
        lines.close();
      });
      try {
        const what = `the guard's answer to ${method}`;
        return parseWith(ANSWERS[method], await promise, { what }) as Answer<
          typeof method
        >;
      } catch (error) {
        throw toAppError(error);
      } finally {
        done.abort();
        pending.delete(id);
      }
    },
    closed,
    close: () => lines.close(),
  };
}

function goneError(path: string): AppError {
  return new AppError("unavailable", `The guard at ${path} is gone`);
}
