/**
 * What this host offers, and who it is in this boot.
 *
 * @module
 */
import type { WorkerConfig } from "./config.ts";

const MIB = 1024 * 1024;

/** All processors and all memory but the reserve, unless the configuration says otherwise. */
export function hostCapacity(
  config: Pick<WorkerConfig, "capacity" | "reserveMemoryMib">,
): { cpuMilli: number; memoryMib: number } {
  const totalMib = Math.floor(Deno.systemMemoryInfo().total / MIB);
  return {
    cpuMilli: config.capacity.cpuMilli ?? navigator.hardwareConcurrency * 1000,
    memoryMib: config.capacity.memoryMib ??
      Math.max(0, totalMib - config.reserveMemoryMib),
  };
}

/** What constraints can speak of without anybody configuring it. */
export function hostAttributes(config: WorkerConfig): Record<string, string> {
  return {
    arch: Deno.build.arch,
    driver: config.driver,
    ...config.attributes,
  };
}
