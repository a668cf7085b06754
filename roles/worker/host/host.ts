/**
 * What this host offers, and who it is in this boot.
 *
 * @module
 */
import type { WorkerConfig } from "../config.ts";

const MIB = 1024 * 1024;

/**
 * All processors and all memory but the reserve, unless the configuration says
 * otherwise; times what is overcommitted, rounded down.
 */
export function hostCapacity(
  config: Pick<WorkerConfig, "capacity" | "reserveMemoryMib" | "overcommit">,
): { cpuMilli: number; memoryMib: number } {
  const { capacity, reserveMemoryMib, overcommit } = config;
  const totalMib = Math.floor(Deno.systemMemoryInfo().total / MIB);
  const cpuMilli = capacity.cpuMilli ?? navigator.hardwareConcurrency * 1000;
  const memoryMib = capacity.memoryMib ??
    Math.max(0, totalMib - reserveMemoryMib);
  return {
    cpuMilli: Math.floor(cpuMilli * overcommit.cpu),
    memoryMib: Math.floor(memoryMib * overcommit.memory),
  };
}

/**
 * What constraints can speak of without anybody configuring it; `ofDriver` is
 * what was found out of the host. Nobody may claim what that says, or hide that
 * capacity is shared: those come last.
 */
export function hostAttributes(
  config: Pick<WorkerConfig, "attributes" | "overcommit">,
  ofDriver: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { cpu, memory } = config.overcommit;
  return {
    arch: Deno.build.arch,
    ...config.attributes,
    ...ofDriver,
    ...(cpu === 1 && memory === 1
      ? {}
      : { overcommit: `cpu ${cpu}, memory ${memory}` }),
  };
}
