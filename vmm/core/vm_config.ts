/**
 * From a spec and resolved host paths to what a driver is given. Pure: says
 * what the machine looks like, never how a VMM spells it.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";

/** A machine, ready to be started on this host. All paths are physical. */
export interface VmConfig {
  id: string;
  incarnation: number;
  runtimeHash: string;
  cpus: number;
  memoryMib: number;
  kernelPath: string;
  initrdPath: string;
  /** Read-only base; the guest's writes are dropped with the VM. */
  diskImagePath?: string;
  cmdline: string;
  ports: { name: string; guest: number; publish?: number }[];
  volumes: { name: string; path: string; sizeMib: number }[];
  /** An exclusive VM: started by the guard under this lease, or not at all. */
  lease?: string;
  /** What it was ordered as: logs are asked for by it. */
  generation?: number;
  /** Its share of processors, 1000 is one; absent: all of `cpus`. */
  cpuMilli?: number;
  /** Its network card on this host; absent: user networking by the VMM. */
  nic?: Nic;
  /** The closure at the guest's /nix/store; absent: the initrd holds everything. */
  store?: StoreShare;
  /** Directories of cgroups that the VMM's process is put into before it runs a guest. */
  cgroups?: readonly string[];
  /** Whom the VMM runs as; absent: as the worker. */
  user?: { uid: number; gid: number };
}

/** A TAP that is there, and what the guest is known by on it. */
export interface Nic {
  tap: string;
  mac: string;
  /** Given to the guest by DHCP; its ports are reached at it. */
  address: string;
}

/** How a guest is shown a closure: a read-only disk with the serial `nix-store`, or a virtiofs tag of that name. */
export type StoreShare =
  | { kind: "image"; path: string; format: "erofs" | "squashfs" }
  | { kind: "virtiofs"; socketPath: string };

/** What differs from host to host. */
export interface HostPaths {
  /** The physical path of a store path. */
  physical(storePath: string): string;
  /** Where this VM's volumes live. */
  volumesDir: string;
}

/** Linux on x86-64 cuts a longer command line silently. */
const MAX_CMDLINE = 2047;
/** What the kernel takes as an environment variable of init; a dot would make it a module's parameter. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * The image's command line with a serial console, an end to panics (`-no-reboot`
 * turns the reset into an exit that restart policies see) and `env`: Linux hands
 * `KEY=VALUE` words it does not know to init as environment variables.
 */
export function kernelCmdline(spec: Pick<VmSpec, "image" | "env">): string {
  const words = [spec.image.cmdline.trim()];
  const has = (key: string) =>
    new RegExp(`(^|\\s)${key}=`).test(spec.image.cmdline);
  if (!has("console")) words.push("console=ttyS0");
  if (!has("panic")) words.push("panic=1");
  for (const [key, value] of Object.entries(spec.env).sort()) {
    if (!ENV_NAME.test(key) || /["\n\r]/.test(value)) {
      throw new AppError(
        "invalid",
        `Cannot pass env.${key} to the guest: names are letters, digits, _ and -, values hold no quotes or line ends`,
        { hint: "put the value into the image" },
      );
    }
    words.push(/\s/.test(value) ? `${key}="${value}"` : `${key}=${value}`);
  }
  const text = words.filter((word) => word !== "").join(" ");
  if (text.length > MAX_CMDLINE) {
    throw new AppError(
      "invalid",
      `Cannot start a guest with a command line of ${text.length} characters: Linux takes ${MAX_CMDLINE}, env included`,
      { hint: "put long values into the image" },
    );
  }
  return text;
}

/** virtio cuts the serial that a guest finds its disks by. */
const SERIAL_CHARS = 20;
/** What the guest finds a volume by. */
export function serialOf(volume: { name: string }): string {
  return volume.name.slice(0, SERIAL_CHARS);
}

/** @throws {AppError} `invalid` when a guest could take one disk for another. */
function checkSerials(
  { volumes, image }: Pick<VmSpec, "volumes" | "image">,
): void {
  const taken = new Set(["nix-store"]);
  if (image.diskImagePath !== undefined) taken.add("disk");
  for (const volume of volumes) {
    if (taken.has(serialOf(volume))) {
      throw new AppError(
        "invalid",
        `Cannot tell the disk of volume "${volume.name}" from another: guests know the first ${SERIAL_CHARS} characters`,
        { hint: `name it otherwise; taken: ${[...taken].join(", ")}` },
      );
    }
    taken.add(serialOf(volume));
  }
}

/**
 * The machine of a spec on this host. Without `publishes` it takes no published
 * port: a copy beside the one that has them is reached at ports of its own.
 *
 * @throws {AppError} `invalid` when the spec cannot be put into a machine.
 */
export function vmConfigOf(
  vm: CopyId & { runtimeHash: string; spec: VmSpec; publishes: boolean },
  paths: HostPaths,
): VmConfig {
  const { spec } = vm;
  checkSerials(spec);
  const disk = spec.image.diskImagePath;
  return {
    id: vm.id,
    incarnation: vm.incarnation,
    runtimeHash: vm.runtimeHash,
    // A VMM knows whole processors only; shares of one are the scheduler's and the cgroup's matter.
    cpus: Math.max(1, Math.ceil(spec.cpuMilli / 1000)),
    memoryMib: spec.memoryMib,
    kernelPath: paths.physical(spec.image.kernelPath),
    initrdPath: paths.physical(spec.image.initrdPath),
    ...(disk === undefined ? {} : { diskImagePath: paths.physical(disk) }),
    cmdline: kernelCmdline(spec),
    ports: spec.network.ports.map(({ name, guest, publish }) => ({
      name,
      guest,
      ...(publish === undefined || !vm.publishes ? {} : { publish }),
    })),
    volumes: spec.volumes.map(({ name, sizeMib }) => ({
      name,
      sizeMib,
      path: `${paths.volumesDir}/${name}.raw`,
    })),
  };
}
