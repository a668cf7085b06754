/**
 * The files a VMM needs before it starts: image files that must be there,
 * volumes that are made when they are not, and what its user must be able to
 * write. Directories above the worker's own have to let that user pass.
 *
 * @module
 */
import { dirname } from "node:path";
import { removeIfThere, storageError } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { VmConfig } from "../core/vm_config.ts";

/** What an overlay of a read-only disk may take: its content, and tables of less than a tenth of a percent. */
const OVERLAY_FACTOR = 1.001;
const OVERLAY_EXTRA_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;
/** A directory that a group makes files in, where nobody removes those of others. */
const SHARED_DIR = 0o1730;
/** A directory that another user passes through. */
const PASSED_DIR = 0o711;

/**
 * Checks the image's files and makes the volumes.
 *
 * @returns the size of the largest file that the VMM may write.
 * @throws {AppError} `not_found` for the image, `storage` for the disk.
 */
export async function prepareFiles(
  config: VmConfig,
  tempDir: string,
): Promise<number> {
  const { store } = config;
  for (
    const path of [
      config.kernelPath,
      config.initrdPath,
      ...(store?.kind === "image" ? [store.path] : []),
    ]
  ) await sizeOf(config, path);
  const disk = config.diskImagePath === undefined
    ? 0
    : await sizeOf(config, config.diskImagePath) * OVERLAY_FACTOR +
      OVERLAY_EXTRA_BYTES;
  // Shared memory is a file to the kernel.
  const shared = store?.kind === "virtiofs" ? config.memoryMib * MIB : 0;
  const sizes = [disk, shared];
  try {
    await Deno.mkdir(tempDir, { recursive: true });
    if (config.user !== undefined) {
      await Deno.chown(tempDir, null, config.user.gid);
      await Deno.chmod(tempDir, SHARED_DIR);
    }
    for (const volume of config.volumes) {
      sizes.push(await createVolume(volume, config.user));
    }
  } catch (error) {
    throw storageError(`the volumes of ${config.id}`, error);
  }
  return Math.max(...sizes);
}

async function sizeOf({ id }: VmConfig, path: string): Promise<number> {
  let isFile = false;
  try {
    const found = await Deno.stat(path);
    ({ isFile } = found);
    if (isFile && found.size > 0) return found.size;
  } catch (cause) {
    throw new AppError(
      "not_found",
      `Cannot start VM "${id}": ${path} is not on this host`,
      { cause, hint: "check that its closure is in the cache" },
    );
  }
  throw new AppError(
    "invalid",
    `Cannot start VM "${id}": ${path} is ${isFile ? "empty" : "no file"}`,
    {
      hint:
        "name files of the image in image.kernelPath, initrdPath and diskImagePath",
    },
  );
}

/**
 * Lets the VMM's user make its sockets in the VM's directory. The worker's own
 * files in there stay the worker's: the directory is sticky.
 *
 * @throws {AppError} `storage`.
 */
export async function shareRunDirectory(
  dir: string,
  { gid }: { gid: number },
): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await Deno.chmod(dirname(dir), PASSED_DIR);
    await Deno.chown(dir, null, gid);
    await Deno.chmod(dir, 0o1770);
  } catch (error) {
    throw storageError(dir, error);
  }
}

/** A sparse file of the volume's size; one that exists is data and is never made smaller. */
async function createVolume(
  volume: { path: string; sizeMib: number },
  user: VmConfig["user"],
): Promise<number> {
  const size = volume.sizeMib * MIB;
  const dir = dirname(volume.path);
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  const present = await Deno.stat(volume.path).catch(() => null);
  if (present === null || present.size < size) {
    await grow(volume.path, { size, isNew: present === null });
  }
  if (user !== undefined) {
    for (const above of [dir, dirname(dir)]) {
      await Deno.chmod(above, PASSED_DIR);
    }
    await Deno.chown(volume.path, user.uid, user.gid);
  }
  return Math.max(size, present?.size ?? 0);
}

async function grow(
  path: string,
  { size, isNew }: { size: number; isNew: boolean },
): Promise<void> {
  try {
    using file = await Deno.open(path, {
      write: true,
      create: true,
      mode: 0o600,
    });
    await file.truncate(size);
    await file.sync();
  } catch (error) {
    if (isNew) await removeIfThere(path);
    throw error;
  }
}
