/**
 * The largest of what goes, for people. Pure.
 *
 * @module
 */
import type { Graph } from "./graph.ts";
import type { CollectionPlan } from "./plan.ts";

/** A millisecond of steps. */
const SLICE_STEPS = 100_000;

/** At most `count` paths, the largest first. */
export function* largestOf(
  graph: Graph,
  { order }: Pick<CollectionPlan, "order">,
  count: number,
): Generator<void, { path: number; bytes: number }[]> {
  const found: { path: number; bytes: number }[] = [];
  for (let at = 0; at < order.length; at++) {
    if (at % SLICE_STEPS === 0) yield;
    const path = order[at] ?? 0;
    const bytes = graph.fileBytes[graph.file[path] ?? 0] ?? 0;
    if (found.length === count && bytes <= (found.at(-1)?.bytes ?? 0)) continue;
    const place = found.findIndex((other) => other.bytes < bytes);
    found.splice(place < 0 ? found.length : place, 0, { path, bytes });
    found.length = Math.min(found.length, count);
  }
  return found;
}
