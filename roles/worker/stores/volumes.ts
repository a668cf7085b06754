/**
 * Volumes: the disks of VMs that outlive them. Made sparse at their size, grown
 * when a spec says so, never made smaller, and never removed but by a person's
 * word. What lies on one is the guest's business.
 *
 * A spec may say less than there is, after a rollback to a version from before
 * it grew: the guest gets all there is.
 *
 * @module
 */
import { z } from "zod";
import {
  flushDirectory,
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, Name, VmId } from "../../model/ids.ts";
import { parseJsonWith } from "../../model/parse.ts";
import { directoryName, type VmConfig } from "../../../vmm/mod.ts";
import type { Target } from "../vms/core/ledger.ts";
import { mib } from "../closures/core/disk_room.ts";
import {
  type DiskRoom,
  type DiskSpace,
  diskSpace,
} from "../closures/disk_room.ts";
import type { Provision } from "../vms/provisions.ts";

const MIB = 1024 * 1024;
/** Whose volumes a directory holds: its name is a hash. */
const OWNER = "vm.json";
const SUFFIX = ".raw";

const Owner = z.strictObject({ version: z.literal(1), vm: VmId });

/** Where volumes are, and how room for them is looked for. */
export interface VolumesOptions {
  /** A directory per VM below it. */
  dir: string;
  room?: Pick<DiskRoom, "require">;
  space?: (dir: string) => Promise<DiskSpace>;
  onWarning: (message: string, error: unknown) => void;
}

/** {@linkcode Provision} of volumes. A copy's end takes nothing away. */
export class Volumes implements Provision {
  readonly name = "volumes";
  readonly #options: VolumesOptions;
  /** What was said once is not said with every start. */
  readonly #told = new Set<string>();

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** @throws {AppError} `storage` when the disk has no room for them. */
  async provide(
    copy: CopyId,
    _target: Target,
    { volumes }: VmConfig,
  ): Promise<Partial<VmConfig>> {
    if (volumes.length === 0) return {};
    const dir = `${this.#options.dir}/${directoryName(copy.id)}`;
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      await this.#own(dir, copy.id);
      for (const volume of volumes) await this.#make(copy, dir, volume);
    } catch (error) {
      throw storageError(`the volumes of ${copy.id}`, error);
    }
    return {};
  }

  withdraw(): Promise<void> {
    return Promise.resolve();
  }

  adopt(): Promise<void> {
    return Promise.resolve();
  }

  async #own(dir: string, vm: string): Promise<void> {
    const path = `${dir}/${OWNER}`;
    const text = JSON.stringify({ version: 1, vm });
    if (await readIfThere(path) !== text) await writeFileAtomic(path, text);
  }

  async #make(
    { id }: CopyId,
    dir: string,
    { name, path, sizeMib }: VmConfig["volumes"][number],
  ): Promise<void> {
    const size = sizeMib * MIB;
    const present = (await Deno.stat(path).catch(() => null))?.size ?? null;
    if (present !== null && present > size) this.#tell(id, name, present, size);
    if (present !== null && present >= size) return;
    await this.#assertRoom(dir, `${id}: ${name}`, size, present === null);
    try {
      using file = await Deno.open(path, {
        write: true,
        create: true,
        mode: 0o600,
      });
      await file.truncate(size);
      await file.sync();
    } catch (error) {
      if (present === null) await removeIfThere(path);
      throw error;
    }
    await flushDirectory(dir);
  }

  async #assertRoom(
    dir: string,
    what: string,
    size: number,
    isNew: boolean,
  ): Promise<void> {
    const { space = diskSpace, room } = this.#options;
    const { totalBytes } = await space(dir);
    if (size > totalBytes) {
      throw new AppError(
        "storage",
        `Cannot make volume ${what}: it has ${
          mib(size)
        } MiB, the whole disk of ${dir} has ${mib(totalBytes)}`,
        { hint: "make the volume smaller, or place the VM on a larger disk" },
      );
    }
    // It takes its space as it is written: what is asked for is a disk that is not full.
    if (isNew) await room?.require(dir, 0, `make volume ${what}`);
  }

  #tell(vm: string, name: string, present: number, size: number): void {
    const text = `volume ${name} of ${vm} stays at ${
      mib(present)
    } MiB: it is never made smaller, though its spec says ${mib(size)}`;
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#options.onWarning(text, null);
  }
}

/** A volume on this host. */
export interface VolumeFile {
  /** Null when nothing says whose it is: versions before this one kept no note. */
  vm: string | null;
  name: string;
  path: string;
  sizeBytes: number;
  /** What it takes on the disk. */
  usedBytes: number;
}

/** All volumes below a directory, by VM and name. */
export async function listVolumes(dir: string): Promise<VolumeFile[]> {
  const found: VolumeFile[] = [];
  for (const sub of await names(dir)) {
    const owner = await readIfThere(`${dir}/${sub}/${OWNER}`);
    const vm = owner === null
      ? null
      : parseJsonWith(Owner, owner, { what: `${dir}/${sub}/${OWNER}` }).vm;
    for (const file of await names(`${dir}/${sub}`)) {
      const name = file.slice(0, -SUFFIX.length);
      if (!file.endsWith(SUFFIX) || !Name.safeParse(name).success) continue;
      const path = `${dir}/${sub}/${file}`;
      const { size, blocks } = await Deno.stat(path);
      found.push({
        vm,
        name,
        path,
        sizeBytes: size,
        usedBytes: (blocks ?? 0) * 512,
      });
    }
  }
  const key = ({ vm, name, path }: VolumeFile) => `${vm ?? path}/${name}`;
  return found.sort((a, b) => key(a) < key(b) ? -1 : 1);
}

/**
 * Removes a volume and what is on it.
 *
 * @throws {AppError} `storage`.
 */
export async function removeVolume({ path }: VolumeFile): Promise<void> {
  await removeIfThere(path);
  const dir = path.slice(0, path.lastIndexOf("/"));
  const left = await names(dir);
  if (left.some((name) => name !== OWNER)) return await flushDirectory(dir);
  await removeIfThere(dir);
}

async function names(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw storageError(dir, error);
  }
}

/** A volume, and whether the VM it belongs to is ordered here. */
export interface HostVolume extends VolumeFile {
  isOrdered: boolean;
}

const Ordered = z.object({
  orders: z.array(z.object({ vm: VmId }).loose()),
}).loose();

/** The volumes of a worker's host, running or not, by its directory. */
export async function hostVolumes(
  { stateDir }: { stateDir: string },
): Promise<HostVolume[]> {
  const path = `${stateDir}/assignment.json`;
  const text = await readIfThere(path);
  const orders = text === null
    ? []
    : parseJsonWith(Ordered, text, { what: path }).orders;
  const ordered = new Set(orders.map(({ vm }) => vm));
  const hashes = new Set([...ordered].map(directoryName));
  return (await listVolumes(`${stateDir}/volumes`)).map((volume) => ({
    ...volume,
    isOrdered: volume.vm === null
      ? hashes.has(volume.path.split("/").at(-2) ?? "")
      : ordered.has(volume.vm),
  }));
}

/** A process that has the file open, as far as we may look; null when there is none. */
async function holderOf(path: string): Promise<number | null> {
  const real = await Deno.realPath(path).catch(() => path);
  for (const pid of await names("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // It ended, or is not ours to look at.
    for (const fd of await names(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await Deno.readLink(`/proc/${pid}/fd/${fd}`)
        .catch(() => "");
      if (target === real) return Number(pid);
    }
  }
  return null;
}

/**
 * Removes a volume that nothing ordered here uses. `name` is `VM/NAME`, as in
 * `shop/web-0/data`, or its path.
 *
 * @throws {AppError} `not_found`; `refused` while its VM is ordered here, or runs, or nobody knows what is ordered.
 */
export async function removeHostVolume(
  config: { stateDir: string },
  name: string,
): Promise<HostVolume> {
  const volumes = await hostVolumes(config);
  const volume = volumes.find((each) =>
    each.path === name ||
    (each.vm !== null && `${each.vm}/${each.name}` === name)
  );
  if (volume === undefined) {
    throw new AppError(
      "not_found",
      `There is no volume "${name}" on this host`,
      { hint: "procurator worker volumes" },
    );
  }
  if (volume.isOrdered) {
    throw new AppError(
      "refused",
      `Cannot remove volume "${name}": its VM is ordered on this worker`,
      { hint: "take the volume or the VM out of the blueprint first" },
    );
  }
  if (await readIfThere(`${config.stateDir}/assignment.json`) === null) {
    throw new AppError(
      "refused",
      `Cannot remove volume "${name}": nobody knows what is ordered on this worker`,
      { hint: "run the worker until it has heard from its master" },
    );
  }
  const pid = await holderOf(volume.path);
  if (pid !== null) {
    throw new AppError(
      "refused",
      `Cannot remove volume "${name}": process ${pid} has it open`,
      { hint: "wait until its VM has ended" },
    );
  }
  await removeVolume(volume);
  return volume;
}
