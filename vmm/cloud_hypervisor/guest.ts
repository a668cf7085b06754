/**
 * What cloud-hypervisor can be asked for while a guest runs: more or less of
 * its processors and memory, figures.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Running } from "./fleet.ts";
import { NET_ID, resizeBody } from "./core/config.ts";
import type { Counters } from "./core/schema.ts";
import { processFigures } from "../host/process_figures.ts";
import type { VmFigures } from "../vmm.ts";

/**
 * Asks for processors and memory within what the VM was started with room for.
 * The guest takes and gives them by its own drivers, a moment later or never.
 *
 * @throws {AppError} `refused` with the VMM's words, `overloaded` while a change
 * before it is not done.
 */
export async function resizeVm(
  { client, record }: Running,
  to: { cpus?: number; memoryMib?: number },
): Promise<void> {
  if (to.cpus === undefined && to.memoryMib === undefined) return;
  try {
    const { config: { memory } } = await client.info();
    await client.resize(resizeBody(to, memory));
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "failed") throw cause;
    throw new AppError(
      "refused",
      `Cannot resize "${record.id}": ${cause.message}`,
      { cause, hint: "start it anew with the size wanted" },
    );
  }
}

function sum(counters: Counters, name: string): number {
  let total = 0;
  for (const [device, values] of Object.entries(counters)) {
    if (device !== NET_ID) total += values[name] ?? 0;
  }
  return total;
}

/** What the VM has used since its boot. */
export async function vmFigures(
  { client, instance }: Running,
): Promise<VmFigures> {
  const counters = await client.counters().catch(() => null);
  const of = (name: string) => counters?.[NET_ID]?.[name] ?? null;
  return {
    ...await processFigures(instance.pid),
    diskReadBytes: counters === null ? null : sum(counters, "read_bytes"),
    diskWrittenBytes: counters === null ? null : sum(counters, "write_bytes"),
    networkReceivedBytes: of("rx_bytes"),
    networkSentBytes: of("tx_bytes"),
  };
}
