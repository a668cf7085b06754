/**
 * Whether a machine can be on this host at all, before a VMM is asked: its own
 * words for it differ, and come late.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { VmConfig } from "../core/vm_config.ts";

const MIB = 1024 * 1024;

/** The memory of this host, swap included, in bytes. */
function hostMemoryBytes(): number {
  const { total, swapTotal } = Deno.systemMemoryInfo();
  return total + swapTotal;
}

/**
 * @throws {AppError} `overloaded` for a guest too large for its host, `invalid`
 * for an image too large for its guest.
 */
export async function checkSizes(config: VmConfig): Promise<void> {
  const { id, memoryMib, kernelPath, initrdPath } = config;
  const host = hostMemoryBytes();
  if (memoryMib * MIB > host) {
    throw new AppError(
      "overloaded",
      `Cannot start VM "${id}" as it needs ${memoryMib} MiB: this host has ${
        Math.floor(host / MIB)
      } MiB with its swap`,
      { hint: "lower memoryMib, or give the VM to a larger worker" },
    );
  }
  const [kernel, initrd] = await Promise.all(
    [kernelPath, initrdPath].map(Deno.stat),
  );
  const image = (kernel?.size ?? 0) + (initrd?.size ?? 0);
  if (image < memoryMib * MIB) return;
  throw new AppError(
    "invalid",
    `Cannot start VM "${id}" with ${memoryMib} MiB: its kernel and initrd have ${
      Math.ceil(image / MIB)
    } MiB`,
    { hint: "raise memoryMib, or make the initrd smaller" },
  );
}
