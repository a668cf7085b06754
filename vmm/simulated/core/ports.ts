/**
 * Host ports of simulated VMs: names only, nothing listens. Pure.
 *
 * @module
 */
import { AppError } from "../../../roles/model/errors.ts";
import type { PortMapping, PublishedPort } from "../../vmm.ts";
import type { VmConfig } from "../../core/vm_config.ts";

/** The first one handed out. */
const FIRST_PORT = 20_000;
const LAST_PORT = 65_000;

/** What holds ports; on a card of its own, those of its own address. */
export interface PortHolder {
  readonly ports: readonly PortMapping[];
  readonly address?: string | undefined;
}

/** The ports of this host that are taken. */
export function takenPorts(vms: Iterable<PortHolder>): Set<number> {
  const taken = new Set<number>();
  for (const { ports, address } of vms) {
    if (address === undefined) {
      for (const { host } of ports) taken.add(host);
    }
  }
  return taken;
}

/** Where a VM that starts is reached. @throws {AppError} `overloaded` when a port is taken. */
export function placePorts(
  config: Pick<VmConfig, "id" | "ports" | "nic">,
  taken: Set<number>,
): PortMapping[] {
  let next = FIRST_PORT;
  return config.ports.map(({ name, guest, publish }) => {
    if (config.nic !== undefined) return { name, guest, host: guest };
    while (publish === undefined && taken.has(next)) next++;
    const host = publish ?? next;
    if (taken.has(host) || host > LAST_PORT) {
      throw new AppError(
        "overloaded",
        `Cannot start VM "${config.id}": port ${host} is taken`,
      );
    }
    taken.add(host);
    return { name, guest, host };
  });
}

/** The ports of a VM when it takes the published ones that are free, and the first that is not. */
export function movePorts(
  vm: PortHolder,
  ports: readonly PublishedPort[],
  held: ReadonlySet<number>,
): { moved: PortMapping[]; taken: number | null } {
  if (vm.address !== undefined) return { moved: [...vm.ports], taken: null };
  let taken: number | null = null;
  const moved = vm.ports.map((port) => {
    const wanted = ports.find(({ name }) => name === port.name)?.publish;
    if (wanted === undefined || wanted === port.host) return port;
    if (held.has(wanted)) taken ??= wanted;
    return taken === null ? { ...port, host: wanted } : port;
  });
  return { moved, taken };
}
