/**
 * What git's output says about a failed fetch: whether it passes by itself.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../model/errors.ts";
import type { Failure, Stage } from "./job.ts";

const KINDS: readonly [RegExp, ErrorCode, string | undefined][] = [
  [
    /no space left on device|disk quota exceeded/i,
    "storage",
    "free space in ci's state directory",
  ],
  [
    /returned error: 401|authentication failed|could not read (username|password)/i,
    "unauthenticated",
    "give ci a token of the hub in its token file",
  ],
  [
    /returned error: 403/i,
    "denied",
    "give ci a token of the hub whose role may read",
  ],
  [/returned error: (429|5\d\d)/i, "unavailable", undefined],
  [
    /could not resolve host|couldn'?t connect|failed to connect|could not connect|connection (refused|reset|timed out)|timed out|empty reply|recv failure|remote end hung up|early eof|transfer closed/i,
    "unavailable",
    undefined,
  ],
  [/repository .*not found|returned error: 404/i, "not_found", undefined],
];

/** Longest message of git that is kept. */
const MAX_MESSAGE_CHARS = 2000;

/** The error for a git command that failed: `Cannot WHAT: what git said`. */
export function gitFailure(what: string, said: string): AppError {
  const text = said.trim().slice(-MAX_MESSAGE_CHARS);
  const [, code, hint] = KINDS.find(([pattern]) => pattern.test(text)) ??
    [null, "failed" as const, undefined];
  return new AppError(
    code,
    `Cannot ${what}: ${text}`,
    hint === undefined ? {} : { hint },
  );
}

/** What to do about a failure that says nothing of it itself, by the stage that failed. */
const HINTS = {
  fetch: null,
  eval:
    "see it in the work tree with `nix eval --raw .#blueprintJSON`, mend it, commit and push",
  build: "read the job's log, mend what does not build, commit and push",
  copy: null,
  publish: null,
} as const satisfies Record<Stage, string | null>;

/** The error as a job keeps it. Only a commit that is at fault itself is to be mended. */
export function failureOf(error: AppError, stage: Stage): Failure {
  const { code, message } = error;
  const own = code === "failed" || code === "invalid" ? HINTS[stage] : null;
  return { code, message, hint: error.hint ?? own };
}
