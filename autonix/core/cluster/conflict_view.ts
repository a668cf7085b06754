/**
 * Conflicts as lines a person reads.
 *
 * @module
 */
import { type Conflict, placeText } from "./conflicts.ts";

/** A variable's value may be a page. */
const MAX_VALUE = 60;

function shortened(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}

/** Two lines or more for each: what it is, and each place. */
export function conflictLines(conflicts: readonly Conflict[]): string[] {
  return conflicts.flatMap(({ kind, what, places, outcome }) => [
    `${kind} ${what}: ${outcome}`,
    ...places.map((place) =>
      kind === "port"
        ? `  ${placeText(place)}`
        : `  ${shortened(place.value)}  ${placeText(place)}`
    ),
  ]);
}
