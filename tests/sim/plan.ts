/**
 * What one seed simulates: how large the cluster is, which faults it has,
 * how often they come. Drawn before anything runs.
 *
 * @module
 */
import type { RandomStream } from "./random.ts";

/** Faults that are drawn on or off; each covers the kinds of trace.ts that it makes. */
export const FAULT_GROUPS = [
  "delay",
  "loss",
  "partition",
  "repeats",
  "late",
  "replyLost",
  "workerCrash",
  "reboot",
  "guardCrash",
  "masterCrash",
  "masterCrashInCommit",
  "skew",
  "neverBoots",
  "vmCrashes",
  "fetch",
  "probes",
  "workerDisk",
  "masterDisk",
] as const;
export type FaultGroup = typeof FAULT_GROUPS[number];

/** Faults that take no instance down and move none: runs with these alone show the availability floor. */
export const GENTLE_GROUPS: readonly FaultGroup[] = [
  "delay",
  "loss",
  "repeats",
  "late",
  "replyLost",
  "masterCrash",
  "masterCrashInCommit",
  "skew",
  "neverBoots",
  "masterDisk",
];

/** A run in which nothing goes wrong proves little. */
const MIN_FAULTS = 4;

export interface SimulationPlan {
  seed: number;
  workers: number;
  /** Memory of each worker. */
  workerMib: number;
  /** Hardly any room that is not used; otherwise enough for two generations beside each other. */
  isTight: boolean;
  /** Instances at most. */
  maxInstances: number;
  publishes: number;
  /** How publishers want instances to lie. */
  placement: "spread" | "pack";
  /** Most workers bridge their guests, which name each other as peers. */
  hasNetworks: boolean;
  /** Some guests read their store from the host, and are switched while they run. */
  hasStores: boolean;
  faults: ReadonlySet<FaultGroup>;
  /** None of the faults takes an instance down or moves one. */
  isGentle: boolean;
  /** Hundreds of instances one at a time would take longer than the run. */
  parallelFactor: number;
  leaseMs: number;
  tickMs: number;
  /** A run is this long at least. */
  minRunMs: number;
  /** Faults and publishes until here. */
  stormMs: number;
  /** From the end of the storm until everything must be as desired. */
  calmMs: number;
}

const MINUTE_MS = 60_000;

/** Longest avoidance of a worker and longest back-offs together, and a rollout after them. */
const CALM_MS = 30 * MINUTE_MS;

export function drawPlan(
  seed: number,
  random: RandomStream,
  isLarge: boolean,
): SimulationPlan {
  const faults = new Set<FaultGroup>();
  const groups = random.chance(0.35) ? GENTLE_GROUPS : FAULT_GROUPS;
  for (const group of groups) {
    if (random.chance(0.45)) faults.add(group);
  }
  while (faults.size < MIN_FAULTS) faults.add(random.pick(groups));
  // Half a minute makes a run three times cheaper than the default of ten seconds.
  const lease = random.pick([10_000, 30_000, 30_000, 30_000]);
  const leaseMs = isLarge ? 30_000 : lease;
  const most = random.integer(3, 7);
  // Small workers are full even of few instances.
  const isTight = !isLarge && random.chance(0.4);
  const workers = isLarge ? 50 : isTight ? Math.min(4, most) : most;
  const workerMib = isTight
    ? random.pick([600, 800, 1000])
    : random.pick([4096, 8192]);
  return {
    seed,
    workers,
    workerMib,
    isTight,
    maxInstances: isLarge
      ? 500
      : isTight
      ? 40
      : random.pick([6, 8, 10, 12, 16, 24, 40]),
    placement: random.chance(0.3) ? "pack" : "spread",
    hasNetworks: random.child("networks").chance(0.4),
    hasStores: random.child("stores").chance(0.5),
    publishes: isLarge ? 8 : random.integer(3, 5),
    faults,
    isGentle: [...faults].every((group) => GENTLE_GROUPS.includes(group)),
    leaseMs,
    // At most a quarter of the lease, as the master's configuration demands.
    tickMs: isLarge ? leaseMs / 4 : random.pick([1000, 2000, leaseMs / 4]),
    parallelFactor: isLarge ? 10 : 1,
    minRunMs: (isLarge ? 60 : 10) * MINUTE_MS,
    stormMs: isLarge ? 55 * MINUTE_MS : 9 * MINUTE_MS,
    calmMs: CALM_MS,
  };
}
