/**
 * What a worker reports of a copy that runs as it was told and is well. For
 * whoever thinks a report out: a plan's simulation, tests, benchmarks.
 *
 * @module
 */
import type { ObservedVm } from "../../model/observed.ts";

/** Healthy, settled, never restarted; nothing was measured of it. */
export function healthyVm(
  { vm, incarnation, runtimeHash, generation }: Pick<
    ObservedVm,
    "vm" | "incarnation" | "runtimeHash" | "generation"
  >,
): ObservedVm {
  return {
    vm,
    incarnation,
    state: "Running",
    runtimeHash,
    generation,
    health: "healthy",
    healthyForMs: 0,
    settled: true,
    restarts: 0,
    address: "",
    ports: [],
    rolledBack: null,
    hostFailure: null,
    message: "",
    seconds: { copy: null, boot: null, healthy: null },
    closureBytes: null,
  };
}
