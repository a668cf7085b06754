/**
 * What nix's standard error says about a failure: the part worth reading, and
 * which kind of failure it is.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../model/errors.ts";

/** A message is read by people and stored with the job: an evaluation trace fits, a build log does not. */
const MAX_MESSAGE_CHARS = 4000;

const ANSI = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*[A-Za-z]", "g");

/** A line of nix's output as plain text: colours and control characters removed. */
export function plainLine(line: string): string {
  return line.replace(ANSI, "").replace(/[^\P{Cc}\t]/gu, "");
}

/**
 * The part from the first line that begins with `error:`; all of it when there is none. Later versions put the trace
 * between a bare `error:` and the reason; there the reason comes first.
 */
export function errorPart(lines: readonly string[]): string {
  const first = lines.findIndex((line) => /^error:/.test(line));
  const part = lines.slice(first === -1 ? 0 : first);
  const reason = part.findIndex((line) => /^\s+error: /.test(line));
  const isTraced = part[0]?.trim() === "error:" && reason > 0;
  const ordered = isTraced
    ? [
      part[reason]?.trim(),
      ...part.slice(reason + 1),
      ...part.slice(1, reason),
    ]
    : part;
  const text = ordered.join("\n").trim();
  return text.length <= MAX_MESSAGE_CHARS
    ? text
    : text.slice(0, MAX_MESSAGE_CHARS) + " ... (cut)";
}

/** First match wins: what the caller can act on stands before what is general. */
const KINDS: readonly [RegExp, ErrorCode, string | undefined][] = [
  [
    /No space left on device|database or disk is full/,
    "storage",
    "free space where the store is, for example with: nix store gc",
  ],
  [
    /^error: out of memory$/m,
    "failed",
    "make the flake evaluate with less, or raise evalMemoryMib of ci",
  ],
  [/HTTP error 401/, "unauthenticated", "check the token for the cache"],
  [/HTTP error 403/, "denied", "use a token whose role allows it"],
  [
    /lacks? a (valid )?signature|signed by any of the keys/,
    "refused",
    "check that the cache's public key is among the trusted ones",
  ],
  [
    /HTTP error (404|410)|does not exist in binary cache|don't know how to build|is not valid$|no substituter that can build/m,
    "not_found",
    undefined,
  ],
  [
    /Couldn't connect|Could not connect|Couldn't resolve|Could not resolve|HTTP error 5\d\d|Connection refused|Timeout was reached|Failed to connect/,
    "unavailable",
    undefined,
  ],
];

/** The error for a nix command that failed: `Cannot WHAT: what nix said`. */
export function nixFailure(
  what: string,
  exit: string,
  lines: readonly string[],
): AppError {
  const said = errorPart(lines);
  const message = `Cannot ${what}: ${
    said === "" ? `nix ended with ${exit} and said nothing` : said
  }`;
  const kind = KINDS.find(([pattern]) => pattern.test(said));
  if (kind === undefined) return new AppError("failed", message);
  const [, code, hint] = kind;
  return new AppError(code, message, hint === undefined ? {} : { hint });
}
