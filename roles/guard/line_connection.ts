/**
 * Lines of bounded length over a unix socket, both ways. Writing never waits:
 * a peer that does not read loses its connection, it does not hold us up.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";

/** Lines that wait to be read by the peer; a worker that is frozen reads nothing. */
const MAX_UNSENT = 1000;

export interface LineConnection {
  send(line: string): void;
  /** Resolves when it has ended, for whatever reason. Never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Cuts what `connection` reads into lines, until it ends. */
export function lineConnection(
  connection: Deno.UnixConn,
  options: { maxLineBytes: number; onLine: (line: string) => void },
): LineConnection {
  let ended = false;
  let unsent = 0;
  let sending = Promise.resolve();
  const close = () => {
    if (ended) return;
    ended = true;
    connection.close();
  };
  const write = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length && !ended;) {
      at += await connection.write(bytes.subarray(at));
    }
  };
  return {
    send(line) {
      if (ended) return;
      if (++unsent > MAX_UNSENT) return close();
      const bytes = new TextEncoder().encode(`${line}\n`);
      sending = sending.then(() => write(bytes)).catch(close).finally(() => {
        unsent--;
      });
    },
    closed: readLines(connection, options).catch(() => undefined).finally(
      close,
    ),
    close,
  };
}

async function readLines(
  connection: Deno.UnixConn,
  { maxLineBytes, onLine }: {
    maxLineBytes: number;
    onLine: (line: string) => void;
  },
): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const chunk = new Uint8Array(64 * 1024);
  let parts: string[] = [];
  let waiting = 0;
  for (;;) {
    const count = await connection.read(chunk);
    if (count === null) return;
    const text = decoder.decode(chunk.subarray(0, count), { stream: true });
    const pieces = text.split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      onLine([...parts, piece].join(""));
      parts = [];
      waiting = 0;
    }
    waiting += rest.length;
    if (waiting > maxLineBytes) {
      throw new AppError("invalid", "A line is too long");
    }
    parts.push(rest);
  }
}
