/**
 * Failure is remembered: a generation that failed is not rolled out or active
 * again, and its content is not taken as a new one, until somebody asks for it
 * by `retry`.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

export const alwaysFailed: MakeChecker = ({ trace, transitions }) => {
  /** Generation to the hash of what failed. */
  const failed = new Map<number, string>();
  return {
    generationCommitted({ generation, intentHash, state }) {
      if (state === "failed") {
        failed.set(generation, intentHash);
        return;
      }
      if (!failed.has(generation)) return;
      if (state !== "active" && state !== "rolling") return;
      trace.broken(
        "always_failed",
        `generation ${generation} failed and is ${state}`,
      );
    },
    // From the moment it is asked for it may be.
    retrying(generation) {
      const hash = failed.get(generation);
      for (const [known, intentHash] of [...failed]) {
        if (intentHash === hash) failed.delete(known);
      }
    },
    published({ generation, intentHash }) {
      for (const [known, hash] of failed) {
        // It may have failed itself before its publisher had an answer.
        if (hash !== intentHash || known >= generation) continue;
        // Memory has a bound, and so does this promise.
        const isKept = transitions.cluster?.failures.some((failure) =>
          failure.intentHash === hash
        );
        if (isKept === false) continue;
        trace.broken(
          "always_failed",
          `generation ${generation} has the content that failed as ${known}, and was taken`,
        );
      }
    },
  };
};
