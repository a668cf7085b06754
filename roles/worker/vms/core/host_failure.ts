/**
 * Whose fault an error is: the host's, and of what kind, or the image's. Pure.
 *
 * @module
 */
import type { AppError } from "../../../model/errors.ts";
import type { HostFailure } from "../../../model/observed.ts";

/** Longest that a report has room for. */
const MAX_WORDS = 2000;

/** What went wrong and what to do about it, as a report's message. */
export function errorWords({ message, hint }: AppError): string {
  const words = hint === undefined ? message : `${message} (${hint})`;
  return words.slice(0, MAX_WORDS);
}

/** What an error says about the host; null when the image is to blame. */
export function hostFailureOf(
  error: AppError,
  otherwise: HostFailure["kind"],
): HostFailure | null {
  const message = errorWords(error);
  const failure = (kind: HostFailure["kind"]): HostFailure => ({
    kind,
    message,
  });
  if (/no space left|disk is full|quota exceeded/i.test(error.message)) {
    return failure("disk");
  }
  switch (error.code) {
    case "invalid":
      return otherwise === "driver" ? null : failure(otherwise);
    case "storage":
      return failure("disk");
    case "missing_dependency":
      return failure("driver");
    case "overloaded":
      return failure("capacity");
    case "not_found":
      return failure("cache");
    default:
      return failure(otherwise);
  }
}
