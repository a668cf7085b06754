/**
 * What may change of a VM while its kernel runs on: its user space, and nothing
 * else. Pure; the master shows it before, the worker decides it.
 *
 * @module
 */
import { canonicalJson } from "./canonical.ts";
import type { VmSpec } from "./vm_spec.ts";

/** What stands in the way of a switch, by what differs. */
const HINDRANCES = {
  root: "its system is in its initrd",
  kernel: "the kernel changed",
  initrd: "the initrd changed",
  disk: "the disk image changed",
  cmdline: "the kernel's command line changed",
  cpu: "its processors changed",
  memory: "its memory changed",
  env: "its environment changed",
  network: "its network changed",
  volumes: "its volumes changed",
  fencing: "its fencing changed",
  backend: "its backend changed",
} as const;

/** Why a change needs a restart, for people: `the kernel changed`. */
export type SwitchHindrance = typeof HINDRANCES[keyof typeof HINDRANCES];

/** The kernel's command line without the words that name the system it boots. */
function machineWords(cmdline: string): string {
  return cmdline.split(/\s+/).filter((word) => !word.startsWith("init="))
    .join(" ").trim();
}

/**
 * Why a guest of `from` cannot become one of `to` while it runs; null when only
 * its user space differs and it sees the closures of its host.
 */
export function switchHindrance(
  from: VmSpec,
  to: VmSpec,
): SwitchHindrance | null {
  const [before, after] = [from.image, to.image];
  const same = (key: keyof VmSpec) =>
    canonicalJson(from[key] ?? null) === canonicalJson(to[key] ?? null);
  if (before.root !== "store" || after.root !== "store") return HINDRANCES.root;
  if (before.kernelPath !== after.kernelPath) return HINDRANCES.kernel;
  if (before.initrdPath !== after.initrdPath) return HINDRANCES.initrd;
  if (before.diskImagePath !== after.diskImagePath) return HINDRANCES.disk;
  if (machineWords(before.cmdline) !== machineWords(after.cmdline)) {
    return HINDRANCES.cmdline;
  }
  if (!same("cpuMilli")) return HINDRANCES.cpu;
  if (!same("memoryMib")) return HINDRANCES.memory;
  if (!same("env")) return HINDRANCES.env;
  if (!same("network")) return HINDRANCES.network;
  if (!same("volumes")) return HINDRANCES.volumes;
  if (!same("fencing")) return HINDRANCES.fencing;
  return same("backend") ? null : HINDRANCES.backend;
}
