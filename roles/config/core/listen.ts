/**
 * Where a server listens: the text of `--listen`, and whether listening there
 * is safe without TLS and tokens. Decides; never opens a socket.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** A TCP address or a unix socket. */
export type Listen = { hostname: string; port: number } | { path: string };

/** What the kernel's sockaddr_un holds, without its closing zero. */
export const MAX_SOCKET_PATH_BYTES = 107;

const HINT =
  'write it as "127.0.0.1:6440", "[::1]:6440" or "unix:/run/procurator/x.sock"';

function invalid(text: string, why: string): AppError {
  return new AppError("invalid", `Cannot listen on "${text}": ${why}`, {
    hint: HINT,
  });
}

function parseUnix(text: string): Listen {
  const path = text.slice("unix:".length);
  if (!path.startsWith("/")) {
    throw invalid(text, "a socket path must be absolute");
  }
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw invalid(
      text,
      `the socket path has ${bytes} bytes, at most ${MAX_SOCKET_PATH_BYTES} are possible`,
    );
  }
  return { path };
}

/**
 * Reads `HOST:PORT`, `[V6]:PORT` or `unix:/PATH`. Port 0 picks a free one.
 *
 * @throws {AppError} `invalid`
 */
export function parseListen(text: string): Listen {
  if (text.startsWith("unix:")) return parseUnix(text);
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(
    text,
  );
  if (match === null) throw invalid(text, "it is not HOST:PORT");
  const port = Number(match[3]);
  if (port > 65535) throw invalid(text, "a port is at most 65535");
  return { hostname: match[1] ?? match[2] ?? "", port };
}

/** The text that {@linkcode parseListen} reads. */
export function formatListen(listen: Listen): string {
  if ("path" in listen) return `unix:${listen.path}`;
  const host = listen.hostname.includes(":")
    ? `[${listen.hostname}]`
    : listen.hostname;
  return `${host}:${listen.port}`;
}

/** True when only this host's processes can connect. */
export function isLocalListen(listen: Listen): boolean {
  if ("path" in listen) return true;
  const host = listen.hostname.toLowerCase();
  return host === "localhost" || host === "::1" ||
    /^127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/.test(host);
}

/**
 * Refuses to serve other hosts without TLS and tokens.
 *
 * @throws {AppError} `refused`
 */
export function assertSafeListen(
  listen: Listen,
  has: { tls: boolean; tokens: boolean },
): void {
  if (isLocalListen(listen) || (has.tls && has.tokens)) return;
  const lacks = [has.tls ? [] : ["TLS"], has.tokens ? [] : ["tokens"]].flat();
  throw new AppError(
    "refused",
    `Cannot listen on ${formatListen(listen)} without ${
      lacks.join(" and without ")
    }: other hosts can reach it`,
    {
      hint: has.tls
        ? "make the first token with `procurator token create --state-dir DIR`, or listen on 127.0.0.1"
        : "make certificates with `procurator tls init DIR --host NAME`, then give --tls-cert and --tls-key, or listen on 127.0.0.1",
    },
  );
}
