/**
 * The record that announces a start before anything of it is there, so that
 * what a killed worker leaves behind can be found.
 *
 * @module
 */
import type { RunRecord } from "../core/run_record.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { freePort } from "./host_ports.ts";

/** The record of a start that is about to happen, on ports that are free now. */
export function startRecord(
  config: VmConfig,
  on: {
    /** Ports that VMs of ours hold. */
    reserved: Set<number>;
    bootId: string;
    host: string;
    startedAtMs: number;
  },
): RunRecord {
  const { bootId, host, startedAtMs } = on;
  const reserved = new Set(on.reserved);
  const ports = config.ports.map(({ name, guest, publish }) => {
    // On a card of its own it is reached at its own ports: publishing them is the network's matter.
    if (config.nic !== undefined) return { name, guest, host: guest };
    const port = publish ?? freePort(host, reserved);
    reserved.add(port);
    return { name, guest, host: port };
  });
  const { id, incarnation, runtimeHash } = config;
  return {
    version: 1,
    id,
    incarnation,
    runtimeHash,
    bootId,
    marker: crypto.randomUUID(),
    host: config.nic?.address ?? host,
    ports,
    startedAtMs,
    ...(config.nic === undefined ? {} : { tap: config.nic.tap }),
    ...(config.lease === undefined ? {} : { guarded: true as const }),
    state: { kind: "starting" },
  };
}
