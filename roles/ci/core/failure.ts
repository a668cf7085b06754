/**
 * Tells failures that pass from failures of the commit, by what git and nix print.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../model/errors.ts";

/** What the two programs print when the other side is away or overwhelmed; curl's words, mostly. */
const AWAY = [
  /could not resolve host/i,
  /couldn'?t (connect|resolve)/i,
  /failed to connect/i,
  /connection (refused|reset|timed out)/i,
  /could not connect/i,
  /operation timed out|timeout was reached|stalled/i,
  /HTTP error 5\d\d|returned error: 5\d\d/i,
  /HTTP error 429|returned error: 429/i,
  /server returned nothing|empty reply|recv failure|transfer closed|remote end hung up/i,
];
const NO_SPACE =
  /no space left on device|disk quota exceeded|database or disk is full/i;
const FORBIDDEN =
  /HTTP error (401|403)|returned error: (401|403)|authentication failed|could not read (username|password)/i;

/** The code that this text of git or nix stands for; `fallback` when it says nothing of the network or the disk. */
export function codeOfOutput(text: string, fallback: ErrorCode): ErrorCode {
  if (FORBIDDEN.test(text)) return "denied";
  if (NO_SPACE.test(text)) return "storage";
  if (AWAY.some((pattern) => pattern.test(text))) return "unavailable";
  return fallback;
}

/** Longest message a job keeps: nix prints traces of many pages, the log has them whole. */
const MAX_MESSAGE = 4000;

/** `error` for a job to keep, with a code that says whether it passes. Network words count only where `network` says that the step uses one. */
export function failureOf(error: AppError, options: { network: boolean }): {
  code: ErrorCode;
  message: string;
  hint: string | null;
} {
  const code = options.network && error.code === "failed"
    ? codeOfOutput(error.message, "failed")
    : NO_SPACE.test(error.message)
    ? "storage"
    : error.code;
  const message = error.message.length > MAX_MESSAGE
    ? `...${error.message.slice(-MAX_MESSAGE)}`
    : error.message;
  return { code, message, hint: error.hint ?? null };
}
