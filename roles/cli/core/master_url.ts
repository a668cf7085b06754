/**
 * URLs of a master's RPC: `tcp://HOST:PORT`, `tls://HOST:PORT`, `unix:/PATH`.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** design.md: the master's RPC port. */
const MASTER_RPC_PORT = 6440;

/**
 * The URL in its full form; the port may be left out.
 *
 * @throws {AppError} `usage`, with the URL that was probably meant.
 */
export function parseMasterUrl(text: string): string {
  if (/^unix:\/[^\s]+$/.test(text)) return text;
  const match =
    /^(tcp|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^:/\s[\]@]+)(?::([0-9]{1,5}))?\/?$/
      .exec(text);
  const [, scheme, host, port] = match ?? [];
  if (
    scheme !== undefined && host !== undefined && Number(port ?? 1) <= 65535
  ) {
    return `${scheme}://${host}:${port ?? MASTER_RPC_PORT}`;
  }
  const web = /^http(s?):\/\/([^:/\s]+)/.exec(text);
  throw new AppError(
    "usage",
    `Cannot use "${text}" as the master: it is not the URL of its RPC`,
    {
      hint: web === null
        ? `tls://HOST:${MASTER_RPC_PORT}, tcp://127.0.0.1:${MASTER_RPC_PORT} or unix:/PATH`
        : `${web[1] === "s" ? "tls" : "tcp"}://${web[2]}:${MASTER_RPC_PORT}`,
    },
  );
}
