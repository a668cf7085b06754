/**
 * QEMU's command line for a machine. Pure.
 *
 * q35, because microvm hangs on busy cores without KVM; a TAP where the config
 * has one, else user networking with one host port per guest port; QMP, console
 * and guest channel as sockets in the VM's run directory. The serial port's log
 * is written whether or not somebody is attached to its socket.
 *
 * @module
 */
import { serialOf, type VmConfig } from "../../core/vm_config.ts";

/** How QEMU executes guest code. */
export type QemuAccel = "tcg" | "kvm";

/** What the driver decided for one start. */
export interface QemuPlacement {
  accel: QemuAccel;
  /** Identifies this very start: found again in /proc/PID/cmdline after a crash of ours. */
  marker: string;
  /** The host address that ports are forwarded from. */
  hostAddress: string;
  /** Host port by port name. */
  hostPorts: ReadonlyMap<string, number>;
  pidPath: string;
  socketPath: string;
  consolePath: string;
  channelPath: string;
  /** The log of this boot; appended to. */
  serialPath: string;
  /** It waits for a snapshot and goes on from there. */
  isRestored: boolean;
  /** False under a guard, whose child it has to stay. */
  daemonize: boolean;
}

/** QEMU's options separate values by commas and write a comma inside one doubled. */
export function escapeValue(value: string): string {
  return value.replaceAll(",", ",,");
}

/** A locally administered MAC address from the VM's marker, so that no two guests on one wire share one. */
export function macAddress(marker: string): string {
  const digits = marker.replaceAll("-", "").slice(0, 10);
  return `02:${(digits.match(/../g) ?? []).join(":")}`;
}

/** What the guest knows its end of the guest channel by. */
export const CHANNEL_PORT = "org.procurator.channel";
/** What the guest finds its store by: a disk's serial, or a virtiofs tag. */
export const STORE_NAME = "nix-store";

function socketArgs(id: string, path: string, more = ""): string[] {
  return [
    "-chardev",
    `socket,id=${id},path=${escapeValue(path)},server=on,wait=off${more}`,
  ];
}

function machineArgs(config: VmConfig, { accel }: QemuPlacement): string[] {
  const isShared = config.store?.kind === "virtiofs";
  const machine = isShared ? "q35,memory-backend=memory" : "q35";
  return [
    ...(accel === "kvm"
      ? ["-machine", `${machine},accel=kvm`, "-cpu", "host,-arch-capabilities"]
      // 128 MiB of translated code is what a booting Linux uses; the default is a quarter of the host's memory.
      : ["-machine", machine, "-accel", "tcg,tb-size=128"]),
    "-smp",
    String(config.cpus),
    "-m",
    String(config.memoryMib),
    // Another process reads and writes the guest's memory then.
    ...(isShared
      ? [
        "-object",
        `memory-backend-memfd,id=memory,size=${config.memoryMib}M,share=on`,
      ]
      : []),
  ];
}

function networkArgs(config: VmConfig, placement: QemuPlacement): string[] {
  if (config.nic !== undefined) {
    const { tap, mac } = config.nic;
    return [
      "-netdev",
      `tap,id=net0,ifname=${escapeValue(tap)},script=no,downscript=no`,
      "-device",
      `virtio-net-pci,netdev=net0,mac=${mac}`,
    ];
  }
  const forwards = config.ports.map((port) => {
    const host = placement.hostPorts.get(port.name);
    if (host === undefined) {
      throw new Error(`port ${port.name} of ${config.id} has no host port`);
    }
    return `,hostfwd=tcp:${placement.hostAddress}:${host}-:${port.guest}`;
  });
  return [
    "-netdev",
    `user,id=net0${forwards.join("")}`,
    "-device",
    `virtio-net-pci,netdev=net0,mac=${macAddress(placement.marker)}`,
  ];
}

function driveArgs(config: VmConfig): string[] {
  const args: string[] = [];
  if (config.diskImagePath !== undefined) {
    args.push(
      "-drive",
      `file=${
        escapeValue(config.diskImagePath)
      },if=none,id=disk,format=raw,snapshot=on`,
      "-device",
      "virtio-blk-pci,drive=disk,serial=disk",
    );
  }
  config.volumes.forEach((volume, index) => {
    args.push(
      "-drive",
      `file=${
        escapeValue(volume.path)
      },if=none,id=volume${index},format=raw,discard=unmap`,
      "-device",
      `virtio-blk-pci,drive=volume${index},serial=${serialOf(volume)}`,
    );
  });
  return args;
}

function storeArgs({ store }: VmConfig): string[] {
  if (store === undefined) return [];
  if (store.kind === "virtiofs") {
    return [
      "-chardev",
      `socket,id=store,path=${escapeValue(store.socketPath)}`,
      "-device",
      `vhost-user-fs-pci,chardev=store,tag=${STORE_NAME}`,
    ];
  }
  return [
    "-drive",
    `file=${escapeValue(store.path)},if=none,id=store,format=raw,readonly=on`,
    "-device",
    `virtio-blk-pci,drive=store,serial=${STORE_NAME}`,
  ];
}

/** Every argument after the program's name. */
export function qemuArgs(config: VmConfig, placement: QemuPlacement): string[] {
  return [
    "-name",
    `guest=${escapeValue(config.id)}`,
    "-uuid",
    placement.marker,
    ...machineArgs(config, placement),
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-no-reboot",
    // What a VMM never asks the kernel for. Turning into a daemon needs what the stricter settings forbid.
    "-sandbox",
    "on,obsolete=deny,resourcecontrol=deny",
    ...(placement.daemonize ? ["-daemonize"] : []),
    "-pidfile",
    placement.pidPath,
    ...socketArgs("qmp", placement.socketPath),
    "-mon",
    "chardev=qmp,mode=control",
    ...socketArgs(
      "serial",
      placement.consolePath,
      `,logfile=${escapeValue(placement.serialPath)},logappend=on`,
    ),
    "-serial",
    "chardev:serial",
    ...socketArgs("channel", placement.channelPath),
    "-device",
    "virtio-serial-pci",
    "-device",
    `virtserialport,chardev=channel,name=${CHANNEL_PORT}`,
    "-device",
    "virtio-balloon-pci",
    "-object",
    "rng-random,filename=/dev/urandom,id=rng",
    "-device",
    "virtio-rng-pci,rng=rng",
    ...networkArgs(config, placement),
    ...driveArgs(config),
    ...storeArgs(config),
    ...(placement.isRestored ? ["-incoming", "defer"] : []),
    "-kernel",
    config.kernelPath,
    "-initrd",
    config.initrdPath,
    "-append",
    config.cmdline,
  ];
}
