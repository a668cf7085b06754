/**
 * The end of a VM on request, by degrees: the guest is asked, then its VMM,
 * then the kernel.
 *
 * ```text
 *  power button -- grace over --> vm.shutdown, vmm.shutdown -- 2 s --> SIGTERM -- 1 s --> SIGKILL
 * ```
 *
 * @module
 */
import type { Clock } from "../../roles/model/ports.ts";
import type { Running } from "./fleet.ts";
import type { VmProcesses } from "../host/vm_process.ts";

/** For one request of an end: the VMM closes its disks in milliseconds. */
const REQUEST_TIMEOUT_MS = 2000;
/** A VMM that takes signals ends in 3 ms. */
const TERM_MS = 1000;

async function ended(
  { record }: Running,
  waitMs: number,
  on: { processes: VmProcesses; clock: Clock },
): Promise<boolean> {
  return await on.processes.untilEnded(record, on.clock.bootMs() + waitMs);
}

/** Its errors say nothing: the process tells whether it ended. */
async function ask(step: Promise<void>): Promise<void> {
  await step.catch(() => undefined);
}

/** A guest whose processors stand still hears no button. */
async function pressButton({ client, instance }: Running): Promise<void> {
  if (instance.paused) await ask(client.act("vm.resume", REQUEST_TIMEOUT_MS));
  await ask(client.act("vm.power-button", REQUEST_TIMEOUT_MS));
}

/** The VM's process has ended when it resolves. Without grace it is killed at once. */
export async function endVm(
  running: Running,
  graceMs: number,
  on: { processes: VmProcesses; clock: Clock },
): Promise<void> {
  const { client, record } = running;
  if (graceMs > 0) {
    const endMs = on.clock.bootMs() + graceMs;
    await pressButton(running);
    if (await on.processes.untilEnded(record, endMs)) return;
    await ask(client.act("vm.shutdown", REQUEST_TIMEOUT_MS));
    await ask(client.act("vmm.shutdown", REQUEST_TIMEOUT_MS));
    if (await ended(running, REQUEST_TIMEOUT_MS, on)) return;
    await terminate(running, on);
    if (await ended(running, TERM_MS, on)) return;
  }
  await on.processes.end(record);
}

async function terminate(
  { record }: Running,
  { processes }: { processes: VmProcesses },
): Promise<void> {
  const facts = await processes.find(record);
  try {
    if (facts !== null) Deno.kill(facts.pid, "SIGTERM");
  } catch {
    // It ended meanwhile.
  }
}
