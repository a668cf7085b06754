/**
 * Errors on the wire: an `AppError` crosses as the reason `code: message`,
 * its hint as a second line `Try: ...`, its code also as the exception's type
 * for peers that do not know our codes.
 *
 * @module
 */
import {
  AppError,
  type ErrorCode,
  isErrorCode,
  toAppError,
} from "../../roles/model/errors.ts";
import { MAX_REASON_CHARS } from "../limits.ts";
import { MalformedMessage } from "./reader.ts";

/** `Exception.type` of rpc.capnp, by number. */
export const EXCEPTION_TYPE = {
  failed: 0,
  overloaded: 1,
  disconnected: 2,
  unimplemented: 3,
} as const;

const TYPE_OF_CODE = {
  invalid: EXCEPTION_TYPE.failed,
  usage: EXCEPTION_TYPE.failed,
  unauthenticated: EXCEPTION_TYPE.failed,
  denied: EXCEPTION_TYPE.failed,
  not_found: EXCEPTION_TYPE.failed,
  conflict: EXCEPTION_TYPE.failed,
  refused: EXCEPTION_TYPE.failed,
  overloaded: EXCEPTION_TYPE.overloaded,
  unavailable: EXCEPTION_TYPE.disconnected,
  timeout: EXCEPTION_TYPE.failed,
  missing_dependency: EXCEPTION_TYPE.failed,
  storage: EXCEPTION_TYPE.failed,
  unimplemented: EXCEPTION_TYPE.unimplemented,
  failed: EXCEPTION_TYPE.failed,
} as const satisfies Record<ErrorCode, number>;

const CODE_OF_TYPE: readonly ErrorCode[] = [
  "failed",
  "overloaded",
  "unavailable",
  "unimplemented",
];

/** `Exception` of rpc.capnp. */
export interface WireException {
  reason: string;
  type: number;
}

/** What is sent for an error. Causes stay here: they may name what the peer should not see. */
export function toWireException(error: unknown): WireException {
  const { code, message, hint } = asAppError(error);
  const text = `${code}: ${message}`.slice(0, MAX_REASON_CHARS);
  return {
    reason: hint === undefined
      ? text
      : `${text}\nTry: ${hint.slice(0, MAX_REASON_CHARS)}`,
    type: TYPE_OF_CODE[code],
  };
}

/** The error that a received exception stands for. */
export function fromWireException(exception: WireException): AppError {
  const { type } = exception;
  // C++ puts these words before a reason that passes through it.
  const reason = exception.reason.replace(/^(remote exception: )+/, "");
  const split = reason.lastIndexOf("\nTry: ");
  const hint = split < 0 ? undefined : reason.slice(split + 6);
  const text = split < 0 ? reason : reason.slice(0, split);
  const colon = text.indexOf(": ");
  const prefix = colon < 0 ? "" : text.slice(0, colon);
  const options = hint === undefined ? {} : { hint };
  if (isErrorCode(prefix)) {
    return new AppError(prefix, text.slice(colon + 2), options);
  }
  const message = text === "" ? "The peer gave no reason" : text;
  return new AppError(CODE_OF_TYPE[type] ?? "failed", message, options);
}

/** Any thrown value as an `AppError`: values that do not fit the schema are the caller's mistake. */
export function asAppError(error: unknown): AppError {
  if (error instanceof RangeError) {
    return new AppError("invalid", error.message, { cause: error });
  }
  if (error instanceof MalformedMessage) {
    return new AppError("invalid", `Cannot read the message: ${error.message}`);
  }
  return toAppError(error);
}
