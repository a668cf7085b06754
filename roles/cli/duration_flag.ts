/**
 * A flag that takes a duration.
 *
 * @module
 */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { durationMsOf } from "./core/duration_text.ts";

/** `30s`, `5m`, `1h`, or seconds, within bounds, as milliseconds. */
export function durationBetween(minMs: number, maxMs: number) {
  return (text: string): number => {
    const value = durationMsOf(text);
    if (value === null || value < minMs || value > maxMs) {
      throw new InvalidArgumentError(
        `It must be a duration from ${minMs / 1000}s to ${
          maxMs / 1000
        }s, as in 30s, 5m or 1h.`,
      );
    }
    return value;
  };
}
