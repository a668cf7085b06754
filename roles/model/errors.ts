/**
 * The one error type that crosses a role's edge, and what each code means to
 * HTTP clients, to RPC peers and to a shell.
 *
 * Owns the closed list of codes. Never prints: the edge (`main.ts`, an HTTP
 * handler, the RPC server) prints the cause chain once.
 *
 * @module
 */

/** What kind of failure this is. Adding a code makes every table below fail to compile. */
export type ErrorCode =
  /** The caller's input does not parse or breaks a rule that needs no state to check. */
  | "invalid"
  /** Wrong words on the command line. */
  | "usage"
  /** No token, an unknown, expired or revoked one. */
  | "unauthenticated"
  /** The token is known, its role does not allow this. */
  | "denied"
  /** Nothing by that name. */
  | "not_found"
  /** The state moved on: stale parent, known number, changed revision. */
  | "conflict"
  /** Understood and refused by a rule over the present state: known failed intent, foreign cluster. */
  | "refused"
  /** A bound was reached; trying later can help. */
  | "overloaded"
  /** The other side cannot be reached or went away. */
  | "unavailable"
  /** A wait ended before its condition held. */
  | "timeout"
  /** A program or device this needs is not there. */
  | "missing_dependency"
  /** The disk is full or broken. */
  | "storage"
  /** The other side does not know this method. */
  | "unimplemented"
  /** Everything else: a child process failed, a build failed. */
  | "failed";

/** HTTP status for each code. */
export const HTTP_STATUS = {
  invalid: 400,
  usage: 400,
  unauthenticated: 401,
  denied: 403,
  not_found: 404,
  conflict: 409,
  refused: 409,
  overloaded: 429,
  unavailable: 503,
  timeout: 504,
  missing_dependency: 503,
  storage: 507,
  unimplemented: 501,
  failed: 500,
} as const satisfies Record<ErrorCode, number>;

/** Process exit status for each code: 1 failed, 2 usage, 3 refused, 4 not converged in time. */
export const EXIT_STATUS = {
  invalid: 2,
  usage: 2,
  unauthenticated: 3,
  denied: 3,
  not_found: 1,
  conflict: 3,
  refused: 3,
  overloaded: 1,
  unavailable: 1,
  timeout: 4,
  missing_dependency: 1,
  storage: 1,
  unimplemented: 1,
  failed: 1,
} as const satisfies Record<ErrorCode, number>;

/** True for a string that is one of the codes. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(HTTP_STATUS, value);
}

/** Options of {@linkcode AppError}. */
export interface AppErrorOptions {
  /** What led to it; printed as `caused by: ...` at the edge. */
  cause?: unknown;
  /** What the user can do about it, as an imperative sentence without the leading "Try". */
  hint?: string;
}

/**
 * An expected failure: says what, where and, in `hint`, what to do. A broken
 * invariant is not an `AppError`; it throws a plain `Error` and crashes.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The error as an `AppError`: itself, or `failed` with the original as cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError("failed", message, { cause: error });
}

/** Longest cause chain that is printed: a cycle or a tower of wrappers must not flood a terminal. */
const MAX_CAUSES = 8;

/** The error and its causes, one line each, then `Try: ...` where there is a hint. */
export function formatError(error: unknown): string {
  const lines: string[] = [];
  let current: unknown = error;
  let hint: string | undefined;
  for (let depth = 0; current !== undefined && depth < MAX_CAUSES; depth++) {
    const message = current instanceof Error
      ? current.message
      : String(current);
    if (!lines.some((line) => line.endsWith(message))) {
      lines.push(depth === 0 ? `error: ${message}` : `  caused by: ${message}`);
    }
    if (current instanceof AppError) hint ??= current.hint;
    current = current instanceof Error ? current.cause : undefined;
  }
  if (hint !== undefined) lines.push(`Try: ${hint}`);
  return lines.join("\n");
}
