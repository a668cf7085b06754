/**
 * Which generations are no longer kept. Never those in use, and never the last
 * that were active: they are what a rollback goes to.
 *
 * @module
 */
import { MAX_GENERATIONS } from "./documents.ts";
import type { ClusterState } from "./generations.ts";

/** Rollback targets kept whatever failed since: a week of daily work, less the day it broke. */
const ROLLBACK_TARGETS = 6;

/** Generations beyond the bound that nothing refers to, oldest first. */
export function prunable(
  state: ClusterState,
  referred: ReadonlySet<number>,
): number[] {
  const { cluster } = state;
  const numbers = [...state.generations.keys()].sort((a, b) => a - b);
  const beyond = numbers.slice(
    0,
    Math.max(0, numbers.length - MAX_GENERATIONS),
  );
  if (beyond.length === 0) return [];
  const targets = numbers.filter((number) =>
    number !== cluster.active && state.generations.get(number)?.wasActive
  );
  const kept = new Set([
    ...targets.slice(-ROLLBACK_TARGETS),
    cluster.active,
    cluster.previous,
    cluster.highest,
    cluster.rollout?.generation ?? 0,
  ]);
  return beyond.filter((number) => !kept.has(number) && !referred.has(number));
}
