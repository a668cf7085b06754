/**
 * QEMU's command line for a machine. Pure.
 *
 * q35, because microvm hangs on busy cores without KVM; user networking, one
 * host port per guest port; QMP and the serial log as files in the VM's run
 * directory.
 *
 * @module
 */
import type { VmConfig } from "./vm_config.ts";

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
  serialPath: string;
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

function networkArgs(config: VmConfig, placement: QemuPlacement): string[] {
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
      // virtio cuts a serial after 20 bytes; the guest finds the volume by it.
      `virtio-blk-pci,drive=volume${index},serial=${volume.name.slice(0, 20)}`,
    );
  });
  return args;
}

/** Every argument after the program's name. */
export function qemuArgs(config: VmConfig, placement: QemuPlacement): string[] {
  return [
    "-name",
    `guest=${escapeValue(config.id)}`,
    "-uuid",
    placement.marker,
    ...(placement.accel === "kvm"
      ? ["-machine", "q35,accel=kvm", "-cpu", "host,-arch-capabilities"]
      // 128 MiB of translated code is what a booting Linux uses; the default is a quarter of the host's memory.
      : ["-machine", "q35", "-accel", "tcg,tb-size=128"]),
    "-smp",
    String(config.cpus),
    "-m",
    String(config.memoryMib),
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-no-reboot",
    ...(placement.daemonize ? ["-daemonize"] : []),
    "-pidfile",
    placement.pidPath,
    "-chardev",
    `socket,id=qmp,path=${
      escapeValue(placement.socketPath)
    },server=on,wait=off`,
    "-mon",
    "chardev=qmp,mode=control",
    "-chardev",
    `file,id=serial,path=${escapeValue(placement.serialPath)},append=on`,
    "-serial",
    "chardev:serial",
    "-object",
    "rng-random,filename=/dev/urandom,id=rng",
    "-device",
    "virtio-rng-pci,rng=rng",
    ...networkArgs(config, placement),
    ...driveArgs(config),
    "-kernel",
    config.kernelPath,
    "-initrd",
    config.initrdPath,
    "-append",
    config.cmdline,
  ];
}
