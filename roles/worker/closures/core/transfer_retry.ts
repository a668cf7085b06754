/**
 * What is done after a closure did not come in one answer: asked again, left to
 * stock nix, or given up. Pure.
 *
 * @module
 */
import type { ErrorCode } from "../../../model/errors.ts";

/** Streams that may break before stock nix, with its own retries, has its turn. */
export const MAX_STREAMS = 2;

/** By the code of what failed. */
const AFTER = {
  // It broke on its way, or the cache took something to be here: what has arrived is here now.
  unavailable: "again",
  timeout: "again",
  failed: "again",
  conflict: "again",
  // The disk is full or broken for any copy.
  storage: "end",
  // No procurator, or a cache that cannot send all of it, or sends what is not to be
  // taken: nix looks for itself, and says what it thinks of it.
  not_found: "nix",
  refused: "nix",
  invalid: "nix",
  usage: "nix",
  unauthenticated: "nix",
  denied: "nix",
  overloaded: "nix",
  missing_dependency: "nix",
  unimplemented: "nix",
} as const satisfies Record<ErrorCode, "again" | "nix" | "end">;

/** @param streams how many have failed, this one included. */
export function afterFailure(
  code: ErrorCode,
  streams: number,
): "again" | "nix" | "end" {
  const next = AFTER[code];
  return next === "again" && streams >= MAX_STREAMS ? "nix" : next;
}
