/**
 * Capacity is respected: what runs on a host never takes more than it has.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

export const alwaysCapacity: MakeChecker = ({ trace, workload }) => ({
  vmStarted(host) {
    const { sizes } = workload.catalogue;
    let cpuMilli = 0;
    let memoryMib = 0;
    for (const { runtimeHash } of host.running.values()) {
      const size = sizes.get(runtimeHash);
      cpuMilli += size?.cpuMilli ?? 0;
      memoryMib += size?.memoryMib ?? 0;
    }
    const { capacity } = host;
    if (cpuMilli <= capacity.cpuMilli && memoryMib <= capacity.memoryMib) {
      return;
    }
    trace.broken(
      "always_capacity",
      `${host.name} runs ${memoryMib} MiB and ${cpuMilli} mCPU of ${capacity.memoryMib} and ${capacity.cpuMilli}`,
    );
  },
});
