/**
 * Virtual machine monitors: the port and the registry of drivers.
 *
 * A new driver is a folder with what implements `Vmm` and passes
 * contract/contract.ts, and a line in `DRIVERS`.
 *
 * @module
 */
import type { Clock } from "../roles/model/ports.ts";
import type { QemuAccel } from "./qemu/core/args.ts";
import { CloudHypervisorVmm } from "./cloud_hypervisor/driver.ts";
import { readBootId } from "./host/process_table.ts";
import { QemuVmm } from "./qemu/driver.ts";
import { SimulatedVmm } from "./simulated/driver.ts";
import { FileHost } from "./simulated/host.ts";
import type { Spawner } from "./host/spawner.ts";
import type { Vmm } from "./vmm.ts";

export * from "./core/vm_config.ts";
export { copyDirectoryName, directoryName } from "./core/run_record.ts";
export { CloudHypervisorVmm } from "./cloud_hypervisor/driver.ts";
export { readBootId } from "./host/process_table.ts";
export { QemuVmm } from "./qemu/driver.ts";
export { SimulatedVmm } from "./simulated/driver.ts";
export { FileHost, MemoryHost } from "./simulated/host.ts";
export type { SimulatedHost } from "./simulated/host.ts";
export * from "./host/spawner.ts";
export * from "./vmm.ts";

/** What a driver may be told; each takes what it understands. */
export interface DriverOptions {
  /** A directory per VM below it. */
  runDir: string;
  tempDir: string;
  clock: Clock;
  qemuPath?: string;
  cloudHypervisorPath?: string;
  accel?: QemuAccel;
  hostAddress?: string;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  onWarning?: (message: string, error: unknown) => void;
  /** Called when a VMM runs and no record says so yet: tests die here. */
  onSpawned?: () => void;
}

const DRIVERS = {
  "cloud-hypervisor": (options: DriverOptions): Promise<Vmm> =>
    Promise.resolve(new CloudHypervisorVmm(options)),
  qemu: (options: DriverOptions): Promise<Vmm> =>
    Promise.resolve(new QemuVmm(options)),
  simulated: async (options: DriverOptions): Promise<Vmm> => {
    const { runDir } = options;
    await Deno.mkdir(runDir, { recursive: true });
    const host = new FileHost(`${runDir}/simulated.json`, await readBootId());
    return new SimulatedVmm({ ...options, host });
  },
} as const;

export type DriverName = keyof typeof DRIVERS;
export const DRIVER_NAMES = Object.keys(DRIVERS) as [
  DriverName,
  ...DriverName[],
];

/** The driver by that name over `options.runDir`. */
export function openVmm(
  name: DriverName,
  options: DriverOptions,
): Promise<Vmm> {
  return DRIVERS[name](options);
}
