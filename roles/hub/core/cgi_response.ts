/**
 * Reads the head of a CGI answer: where it ends, its status and headers.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** git http-backend writes under 300 bytes of headers. */
export const MAX_HEAD_BYTES = 16 * 1024;

export interface CgiHead {
  status: number;
  headers: [string, string][];
}

/** The index just behind the empty line that ends the head, or -1 when it is not there yet. */
export function headEnd(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 10) continue;
    if (bytes[i + 1] === 10) return i + 2;
    if (bytes[i + 1] === 13 && bytes[i + 2] === 10) return i + 3;
  }
  return -1;
}

/**
 * Parses the head of a CGI answer (RFC 3875, section 6): `Status:` gives the status.
 *
 * @throws {AppError} `failed` for a line that is no header.
 */
export function parseCgiHead(text: string): CgiHead {
  const head: CgiHead = { status: 200, headers: [] };
  for (const line of text.split(/\r?\n/)) {
    if (line === "") continue;
    const match = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (match === null) {
      throw new AppError(
        "failed",
        `git http-backend answered with a broken header: ${line.slice(0, 80)}`,
      );
    }
    const [, name = "", value = ""] = match;
    if (name.toLowerCase() === "status") {
      const status = Number.parseInt(value, 10);
      head.status = status >= 200 && status <= 599 ? status : 500;
    } else head.headers.push([name, value]);
  }
  return head;
}
