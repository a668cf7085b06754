/**
 * How a driver is put under the contract: what guests it boots, how its time
 * passes, how its guests are spoken to.
 *
 * @module
 */
import type { CopyId } from "../../roles/model/ids.ts";
import type { VmConfig } from "../core/vm_config.ts";
import type { GuestConnection, Vmm } from "../vmm.ts";

/** What a guest of the contract does. */
export type GuestKind = "serves" | "silent" | "powers-off" | "panics";

/** How one driver is put under the contract. */
export interface ContractHost {
  /** A driver over the same run directory each time: a second one stands for a restarted worker. */
  open(): Promise<Vmm>;
  config(copy: CopyId, guest: GuestKind): VmConfig;
  /** Whether the guest's port answers now, where the driver says it is reached. */
  answers(vmm: Vmm, copy: CopyId): Promise<boolean>;
  /** Waits for a condition, letting the driver's time pass. */
  until(what: string, look: () => Promise<boolean>): Promise<void>;
  /** Ends the VMM as a crash would; absent where there is no process. */
  kill?(vmm: Vmm, copy: CopyId): Promise<void>;
  /** Says something on the guest channel; whether the guest has answered is `heard`'s to tell. */
  speak(channel: GuestConnection): Promise<void>;
  heard(text: string): boolean;
  /** A path for a snapshot; nothing is there yet. */
  snapshotDir(): string;
}

/** One case of the contract. */
export interface ContractCase {
  name: string;
  run(host: ContractHost): Promise<void>;
}

/** The VM of most cases. */
export const COPY: CopyId = { id: "contract/vm-0", incarnation: 1 };
/** A driver for the time of `use`; everything it runs is ended afterwards. */
export async function opened(
  host: ContractHost,
  use: (vmm: Vmm) => Promise<void>,
): Promise<void> {
  const vmm = await host.open();
  try {
    await use(vmm);
  } finally {
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    await vmm.close();
  }
}

/** A driver that leaves what it runs to the next one; when `use` fails nothing is left. */
export async function leaving<T>(
  host: ContractHost,
  use: (vmm: Vmm) => Promise<T> | T,
): Promise<T> {
  const vmm = await host.open();
  try {
    return await use(vmm);
  } catch (error) {
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    throw error;
  } finally {
    await vmm.close();
  }
}
