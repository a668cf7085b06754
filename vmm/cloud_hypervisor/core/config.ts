/**
 * From a machine to the body of cloud-hypervisor's `vm.create`. Pure: decides
 * what the VM looks like to its VMM, reads no file and sends nothing.
 *
 * - The serial port is a unix socket: it is what the kernel and init write to,
 *   and the only console of this VMM that takes input without a terminal. hvc0
 *   is off: one console, the same one as under QEMU.
 * - A guest can grow: four times its processors, twice its memory, by
 *   virtio-mem, which unlike ACPI gives memory back too; and shrink, by a
 *   balloon that it may burst when it has no memory left.
 * - Landlock lets the VMM's process reach its own files and nothing else.
 *
 * @module
 */
import { AppError } from "../../../roles/model/errors.ts";
import type { z } from "zod";
import { parseWith } from "../../../roles/model/parse.ts";
import {
  CreateBody,
  MAX_VCPUS,
  type ResizeBody,
  type SavedConfig,
} from "./schema.ts";
import type { VmConfig } from "../../core/vm_config.ts";

/** What the driver decided for one start. */
export interface CloudHypervisorPlacement {
  consolePath: string;
  channelPath: string;
  /** Where it may write: snapshots. */
  scratchDir: string;
  /** Where a root image's writes go; absent: there is none. */
  root?: RootDisk;
  hostCpus: number;
  landlock: boolean;
  /** The card's directory in /sys is there: rules that name what is not are refused. */
  seesTap: boolean;
}

/** A root image's writable disk: an overlay over it, or a copy of it. */
export interface RootDisk {
  path: string;
  kind: "overlay" | "copy";
}

/** A guest's own address on its vsock. Each VMM has a vsock of its own, so all guests may have the first one that is free. */
export const GUEST_CID = 3;
/** By which counters are found. */
export const NET_ID = "net0";
/** The serial that a guest finds its store image by. */
export const STORE_NAME = "nix-store";
/** virtio cuts a serial after so many characters; a guest finds the volume by it. */
const SERIAL_CHARS = 20;
/** Each possible processor costs a guest's kernel some 100 KiB, so not the whole host. */
const MAX_GROWTH = 4;
const MIB = 1024 * 1024;
/** virtio-mem's region is a multiple of this. */
const HOTPLUG_ALIGN_MIB = 128;
/** What virtiofsd serves by default. */
const FS_QUEUE_SIZE = 1024;

function cpusOf(config: VmConfig, hostCpus: number): CreateBody["cpus"] {
  const most = Math.min(hostCpus, config.cpus * MAX_GROWTH, MAX_VCPUS);
  return {
    boot_vcpus: config.cpus,
    max_vcpus: Math.max(config.cpus, most),
  };
}

/** The most memory a guest of this size can be given while it runs. */
export function maxMemoryMib(memoryMib: number): number {
  return memoryMib +
    Math.ceil(memoryMib / HOTPLUG_ALIGN_MIB) * HOTPLUG_ALIGN_MIB;
}

function memoryOf(config: VmConfig): CreateBody["memory"] {
  const { memoryMib, store } = config;
  return {
    size: memoryMib * MIB,
    hotplug_method: "VirtioMem",
    hotplug_size: (maxMemoryMib(memoryMib) - memoryMib) * MIB,
    ...(store?.kind === "virtiofs" ? { shared: true as const } : {}),
  };
}

/**
 * What is asked for so that a guest which was booted with `size` bytes, and has
 * been given `hotplugged_size` since, has `memoryMib`: less by its balloon, more
 * by virtio-mem, which refuses to be asked for what it was asked for last.
 */
export function resizeBody(
  to: { cpus?: number; memoryMib?: number },
  now: { size: number; hotplugged_size?: number | null | undefined },
): ResizeBody {
  const { cpus, memoryMib } = to;
  const body: ResizeBody = cpus === undefined ? {} : { desired_vcpus: cpus };
  if (memoryMib === undefined) return body;
  const wanted = memoryMib * MIB;
  const ram = Math.max(wanted, now.size);
  if (ram !== now.size + (now.hotplugged_size ?? 0)) body.desired_ram = ram;
  body.desired_balloon = Math.max(0, now.size - wanted);
  return body;
}

type Disk = NonNullable<CreateBody["disks"]>[number];

function disksOf(config: VmConfig, root?: RootDisk): Disk[] {
  const disks: Disk[] = [];
  if (root !== undefined) {
    disks.push({
      id: "disk",
      path: root.path,
      readonly: false,
      serial: "disk",
      ...(root.kind === "overlay"
        ? { image_type: "Qcow2", backing_files: true }
        : { image_type: "Raw" }),
    });
  }
  config.volumes.forEach(({ name, path }, index) =>
    disks.push({
      id: `volume${index}`,
      path,
      readonly: false,
      serial: name.slice(0, SERIAL_CHARS),
      image_type: "Raw",
    })
  );
  if (config.store?.kind === "image") {
    disks.push({
      id: STORE_NAME,
      path: config.store.path,
      readonly: true,
      serial: STORE_NAME,
      image_type: "Raw",
    });
  }
  return disks;
}

function devicesOf(
  config: VmConfig,
  root?: RootDisk,
): Pick<CreateBody, "disks" | "net" | "fs"> {
  const { nic, store } = config;
  const disks = disksOf(config, root);
  return {
    ...(disks.length === 0 ? {} : { disks }),
    ...(nic === undefined
      ? {}
      : { net: [{ id: NET_ID, tap: nic.tap, mac: nic.mac.toLowerCase() }] }),
    ...(store?.kind !== "virtiofs" ? {} : {
      fs: [{
        id: "store",
        tag: STORE_NAME,
        socket: store.socketPath,
        num_queues: 1,
        queue_size: FS_QUEUE_SIZE,
      }],
    }),
  };
}

/** Where the kernel tells of a TAP. */
export function tapDirectory(tap: string): string {
  return `/sys/devices/virtual/net/${tap}`;
}

/** Its own rules cover what the config names; these are for what is made later, or read through another file. */
function landlockOf(
  config: VmConfig,
  placement: CloudHypervisorPlacement,
): Pick<CreateBody, "landlock_enable" | "landlock_rules"> {
  if (!placement.landlock) return { landlock_enable: false };
  const { diskImagePath: base, nic } = config;
  return {
    landlock_enable: true,
    landlock_rules: [
      { path: placement.scratchDir, access: "rw" },
      // It reads there what kind of TAP it was given.
      ...(nic === undefined || !placement.seesTap
        ? []
        : [{ path: tapDirectory(nic.tap), access: "r" as const }]),
      ...(base === undefined ? [] : [{ path: base, access: "r" as const }]),
    ],
  };
}

/**
 * The body of `vm.create` for a machine.
 *
 * @throws {AppError} `invalid` when it cannot be put into one: what is sent unchecked, the VMM would take and not boot.
 */
export function createBody(
  config: VmConfig,
  placement: CloudHypervisorPlacement,
): CreateBody {
  if (config.ports.length > 0 && config.nic === undefined) {
    throw new AppError(
      "missing_dependency",
      `Cannot start VM "${config.id}": its ports need a network card, and cloud-hypervisor has no network without one`,
      { hint: "run the worker as root with a network, or with driver qemu" },
    );
  }
  const body: CreateBody = {
    cpus: cpusOf(config, placement.hostCpus),
    memory: memoryOf(config),
    payload: {
      kernel: config.kernelPath,
      initramfs: config.initrdPath,
      cmdline: config.cmdline,
    },
    ...devicesOf(config, placement.root),
    rng: { src: "/dev/urandom" },
    balloon: { size: 0, deflate_on_oom: true },
    serial: { mode: "Socket", socket: placement.consolePath },
    console: { mode: "Off" },
    vsock: { id: "channel", cid: GUEST_CID, socket: placement.channelPath },
    pvpanic: true,
    ...landlockOf(config, placement),
  };
  return parseWith(CreateBody, body, {
    what: `the machine of VM "${config.id}"`,
    hint:
      "cloud-hypervisor has no such machine: change its cpuMilli, memoryMib, env or volumes",
  });
}

function replaced<T extends { id: string }>(
  saved: readonly T[],
  now: readonly { id: string }[] = [],
): T[] {
  return saved.map((one) => ({
    ...one,
    ...now.find(({ id }) => id === one.id),
  }));
}

/** A snapshot's machine with the paths and names of this start; its sizes are those that were saved. */
export function restoredConfig(
  saved: z.output<typeof SavedConfig>,
  now: CreateBody,
): Record<string, unknown> {
  const { disks, net } = saved;
  return {
    ...saved,
    ...(disks == null ? {} : { disks: replaced(disks, now.disks) }),
    ...(net == null ? {} : { net: replaced(net, now.net) }),
    serial: { ...saved.serial, ...now.serial },
    vsock: { ...saved.vsock, ...now.vsock },
    landlock_enable: now.landlock_enable,
    landlock_rules: now.landlock_rules ?? null,
  };
}
