/**
 * The files a QEMU needs before it starts: image files that must be there,
 * volumes that are made when they are not.
 *
 * @module
 */
import { removeIfThere, storageError } from "../roles/files/mod.ts";
import { AppError } from "../roles/model/errors.ts";
import type { VmConfig } from "./core/vm_config.ts";

/**
 * Checks the image's files and makes the volumes.
 *
 * @throws {AppError} `not_found` for the image, `storage` for the disk.
 */
export async function prepareFiles(
  config: VmConfig,
  tempDir: string,
): Promise<void> {
  for (const path of [config.kernelPath, config.initrdPath]) {
    await Deno.stat(path).catch((cause) => {
      throw new AppError(
        "not_found",
        `Cannot start VM "${config.id}": ${path} is not on this host`,
        {
          cause,
          hint: "check that its closure is in the cache",
        },
      );
    });
  }
  try {
    await Deno.mkdir(tempDir, { recursive: true });
    for (const volume of config.volumes) await createVolume(volume);
  } catch (error) {
    throw storageError(`the volumes of ${config.id}`, error);
  }
}

/** A sparse file of the volume's size; one that exists is data and is never made smaller. */
async function createVolume(
  volume: { path: string; sizeMib: number },
): Promise<void> {
  const size = volume.sizeMib * 1024 * 1024;
  await Deno.mkdir(volume.path.slice(0, volume.path.lastIndexOf("/")), {
    recursive: true,
    mode: 0o700,
  });
  const present = await Deno.stat(volume.path).catch(() => null);
  if (present !== null && present.size >= size) return;
  try {
    using file = await Deno.open(volume.path, {
      write: true,
      create: true,
      mode: 0o600,
    });
    await file.truncate(size);
    await file.sync();
  } catch (error) {
    if (present === null) await removeIfThere(volume.path);
    throw error;
  }
}
