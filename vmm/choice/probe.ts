/**
 * Tries a host out: whether /dev/kvm opens, which VMMs are there, and whether
 * guests boot in them, each by the driver that will run the VMs. What is tried
 * next, and what it means, is core/driver_choice.ts.
 *
 * Probes run in directories of their own; what a killed worker left in them is
 * ended first.
 *
 * @module
 */
import { removeIfThere } from "../../roles/files/mod.ts";
import { toAppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { runProcess } from "../../roles/process/run.ts";
import type { Candidate, HostFacts, Step } from "./core/driver_choice.ts";
import {
  LINUX_CMDLINE,
  LINUX_MARKER,
  linuxProbeInitrd,
} from "./core/linux_probe.ts";
import { PVH_MARKER, pvhProbe } from "./core/pvh_probe.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { readBootId } from "../host/process_table.ts";
import type { Vmm } from "../vmm.ts";

/** Bump when a probe changes: what was remembered of the one before is then worth nothing. */
const PROBE_VERSION = "1";
/** It runs within 0.15 s of the VMM's start, and within 4 s on the slowest KVM seen; QEMU's firmware comes first. */
const PVH_DEADLINE_MS = 15_000;
/** Linux boots in 1 s on KVM; where ring 0 is interpreted it takes minutes, which is as good as never. */
const LINUX_DEADLINE_MS = 20_000;
const LOOK_MS = 20;
/** It looks at one file; on a host that swaps that may take long. */
const SETPRIV_TIMEOUT_MS = 10_000;
/** The marker is the last that is written, or nearly so. */
const TAIL_BYTES = 64 * 1024;
/** Of the serial log in a reason: its last line, if it is short. */
const MAX_QUOTED = 120;
/** Of a reason: a VMM's own words may be pages. */
const MAX_NOTE = 1000;
/** A Linux without an initrd of its own size needs little; less than this and some kernels do not unpack. */
const LINUX_MEMORY_MIB = 256;
const PVH_MEMORY_MIB = 64;

/** Where a NixOS and others keep the kernel that runs, or will after the next boot. */
const BOOTED_KERNEL = "/run/booted-system/kernel";
const BOOT = "/boot";

/** What a trial came to. */
export interface TrialResult {
  ok: boolean;
  note: string;
}

/** What {@linkcode chooseDriver} tries a host by. */
export interface Trials {
  /** What the results depend on. */
  facts(): Promise<HostFacts>;
  /** That it fails is a result; throws only the reason of an end that was asked for. */
  try(candidate: Candidate, step: Step): Promise<TrialResult>;
}

/** How a host is tried. */
export interface HostTrialOptions {
  /** The driver of a candidate over a run directory of its own. */
  open(candidate: Candidate, runDir: string): Promise<Vmm>;
  /** Short: sockets lie below it. */
  runDir: string;
  programs: Readonly<Record<Candidate["driver"], string>>;
  clock: Clock;
  /** A kernel to try with; default: the host's own. */
  kernelPath?: string;
  linuxDeadlineMs?: number;
  /** Whom VMMs run as: it is theirs to open /dev/kvm. */
  user?: { uid: number; gid: number };
  /** Ends what is being tried, and leaves nothing of it. */
  signal?: AbortSignal;
  /** For tests. */
  kvmPath?: string;
}

async function identityOf(path: string): Promise<string> {
  try {
    const real = await Deno.realPath(path);
    const { mtime, size } = await Deno.stat(real);
    return `${real} ${mtime?.toISOString() ?? ""} ${size}`;
  } catch {
    return "absent";
  }
}

/** The file that runs when this name is called; the name itself when there is none. */
async function programPath(name: string): Promise<string> {
  if (name.includes("/")) return name;
  for (const dir of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${dir}/${name}`;
    const isFile = await Deno.stat(path).then(
      (info) => info.isFile,
      () => false,
    );
    if (isFile) return path;
  }
  return name;
}

/** True when this user may read and write the file, by whatever the kernel goes by. */
async function mayUse(
  path: string,
  { uid, gid }: { uid: number; gid: number },
): Promise<boolean> {
  const { code } = await runProcess("setpriv", [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    "--",
    "sh",
    "-c",
    '[ -r "$0" ] && [ -w "$0" ]',
    path,
  ], { timeoutMs: SETPRIV_TIMEOUT_MS, missingHint: "install util-linux" });
  return code === 0;
}

/** Why /dev/kvm cannot be used, by VMMs that run as `user`; null when it can. */
export async function kvmProblem(
  path = "/dev/kvm",
  user?: { uid: number; gid: number },
): Promise<string | null> {
  try {
    using _device = await Deno.open(path, { read: true, write: true });
    if (user === undefined || await mayUse(path, user)) return null;
    return `no permission for ${path} as user ${user.uid}, whom VMMs run as: make kvm its primary group`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return `there is no ${path}: this host has no virtualisation, or its module is not loaded`;
    }
    if (
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable
    ) return `no permission for ${path}: add the worker's user to group kvm`;
    return `cannot open ${path}: ${
      error instanceof Error ? error.message : String(error)
    }`;
  }
}

/** The newest kernel of this host that can be read; null when there is none. */
export async function hostKernel(
  { booted, boot }: { booted: string; boot: string } = {
    booted: BOOTED_KERNEL,
    boot: BOOT,
  },
): Promise<string | null> {
  const isReadable = async (path: string) => {
    try {
      using _file = await Deno.open(path);
      return true;
    } catch {
      return false;
    }
  };
  if (await isReadable(booted)) return booted;
  const found: { path: string; time: number }[] = [];
  try {
    for await (const { name } of Deno.readDir(boot)) {
      if (!name.startsWith("vmlinuz")) continue;
      const path = `${boot}/${name}`;
      const time = (await Deno.stat(path)).mtime?.getTime() ?? 0;
      if (await isReadable(path)) found.push({ path, time });
    }
  } catch {
    // No such directory, or not for us.
  }
  found.sort((a, b) => b.time - a.time || (a.path < b.path ? 1 : -1));
  return found[0]?.path ?? null;
}

/** Model, and whether it says that it can virtualise: in the host's own words. */
async function processorFacts(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = /^model name\s*: (.*)$/m.exec(text)?.[1] ?? "unknown";
  const flag = /^flags\s*:.*\b(vmx|svm)\b/m.exec(text)?.[1] ?? "no vmx or svm";
  return `${model}, ${flag}`;
}

/** {@linkcode Trials} of this host. */
export class HostTrials implements Trials {
  readonly #options: HostTrialOptions;

  constructor(options: HostTrialOptions) {
    this.#options = options;
  }

  async facts(): Promise<HostFacts> {
    const { programs, kvmPath, user } = this.#options;
    const kernel = await this.#kernel();
    const facts: Record<string, string> = {
      "probe": PROBE_VERSION,
      "boot": await readBootId(),
      "host kernel": Deno.osRelease(),
      "processor": await processorFacts(),
      "/dev/kvm": await kvmProblem(kvmPath, user) ?? "opens",
      "probe kernel": kernel === null ? "none" : await identityOf(kernel),
      "VMM user": user === undefined ? "ours" : `${user.uid}:${user.gid}`,
    };
    for (const [driver, name] of Object.entries(programs)) {
      facts[driver] = await identityOf(await programPath(name));
    }
    return facts;
  }

  async try(candidate: Candidate, step: Step): Promise<TrialResult> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    try {
      return await this.#try(candidate, step);
    } catch (error) {
      signal?.throwIfAborted();
      const { message, hint } = toAppError(error);
      const note = hint === undefined ? message : `${message} (${hint})`;
      return { ok: false, note: note.slice(0, MAX_NOTE) };
    }
  }

  async #try(candidate: Candidate, step: Step): Promise<TrialResult> {
    switch (step) {
      case "kvm": {
        const { kvmPath, user } = this.#options;
        const problem = await kvmProblem(kvmPath, user);
        return { ok: problem === null, note: problem ?? "opens" };
      }
      case "program":
        return await this.#withVmm(
          candidate,
          async (vmm) => ({ ok: true, note: await vmm.version() }),
        );
      case "kernel": {
        const path = await this.#kernel();
        return path === null
          ? {
            ok: false,
            note:
              "not proved that Linux boots: there is no kernel to try with (set probe.kernelPath)",
          }
          : { ok: true, note: path };
      }
      case "pvh":
      case "linux":
        return await this.#withVmm(
          candidate,
          (vmm, dir) => this.#boot(vmm, { candidate, step, dir }),
        );
    }
  }

  async #kernel(): Promise<string | null> {
    const { kernelPath } = this.#options;
    if (kernelPath === undefined) return await hostKernel();
    return await Deno.stat(kernelPath).then(() => kernelPath, () => null);
  }

  async #withVmm(
    candidate: Candidate,
    use: (vmm: Vmm, dir: string) => Promise<TrialResult>,
  ): Promise<TrialResult> {
    const { driver, accel } = candidate;
    const dir = `${this.#options.runDir}/${driver}-${accel}`;
    await Deno.mkdir(dir, { recursive: true, mode: 0o711 });
    const vmm = await this.#options.open(candidate, dir);
    try {
      for (const left of await vmm.list()) {
        await vmm.stop(left, { graceMs: 0 });
        await vmm.forget(left);
      }
      return await use(vmm, dir);
    } finally {
      await vmm.close();
      await removeIfThere(dir);
    }
  }

  async #boot(
    vmm: Vmm,
    { candidate, step, dir }: {
      candidate: Candidate;
      step: "pvh" | "linux";
      dir: string;
    },
  ): Promise<TrialResult> {
    const kernel = step === "pvh" ? `${dir}/pvh` : await this.#kernel();
    if (kernel === null) return { ok: false, note: "the kernel has gone" };
    if (step === "pvh") await Deno.writeFile(kernel, pvhProbe());
    const initrdPath = `${dir}/initrd`;
    await Deno.writeFile(initrdPath, linuxProbeInitrd());
    const { user, clock, signal } = this.#options;
    const { linuxDeadlineMs = LINUX_DEADLINE_MS } = this.#options;
    const deadlineMs = step === "pvh" ? PVH_DEADLINE_MS : linuxDeadlineMs;
    const beganMs = clock.bootMs();
    const last = await bootGuest(vmm, {
      config: {
        ...PROBE_MACHINE,
        memoryMib: step === "pvh" ? PVH_MEMORY_MIB : LINUX_MEMORY_MIB,
        kernelPath: kernel,
        initrdPath,
        ...(user === undefined ? {} : { user }),
      },
      marker: step === "pvh" ? PVH_MARKER : LINUX_MARKER,
      deadlineMs,
      clock,
      signal,
    });
    const tookMs = Math.round(clock.bootMs() - beganMs);
    if (last === null) return { ok: true, note: `ran after ${tookMs} ms` };
    const guest = step === "pvh"
      ? "a guest of a few bytes"
      : `the Linux of ${kernel}`;
    const how = candidate.accel === "kvm" ? "on KVM" : "without KVM";
    return { ok: false, note: `${guest} did not run ${how}: ${last}` };
  }
}

/** No ports, no disk, and a name that no published VM has. */
const PROBE_MACHINE: Omit<VmConfig, "kernelPath" | "initrdPath"> = {
  id: "probe/probe-0",
  incarnation: 0,
  runtimeHash: "0".repeat(64),
  cpus: 1,
  memoryMib: PVH_MEMORY_MIB,
  cmdline: LINUX_CMDLINE,
  ports: [],
  volumes: [],
};

/** Null when the guest wrote its marker; else how it went. Nothing of it is left. */
async function bootGuest(
  vmm: Vmm,
  { config, marker, deadlineMs, clock, signal }: {
    config: VmConfig;
    marker: string;
    deadlineMs: number;
    clock: Clock;
    signal: AbortSignal | undefined;
  },
): Promise<string | null> {
  const end: { why: string | null } = { why: null };
  using _watch = vmm.watch(({ reason }) => {
    end.why = reason;
  });
  const endMs = clock.bootMs() + deadlineMs;
  await vmm.start(config);
  try {
    for (;;) {
      const { why } = end;
      const { text } = await vmm.serialTail(config, TAIL_BYTES);
      if (text.includes(marker)) return null;
      if (why !== null) return `it ended: ${why}${lastLine(text)}`;
      if (clock.bootMs() >= endMs) {
        return `nothing came of it within ${deadlineMs} ms${lastLine(text)}`;
      }
      await clock.sleep(LOOK_MS, signal);
      signal?.throwIfAborted();
    }
  } finally {
    await vmm.stop(config, { graceMs: 0 });
    await vmm.forget(config);
  }
}

function lastLine(log: string): string {
  const line = log.trim().split(/[\r\n]+/).at(-1)?.trim() ?? "";
  return line === "" ? "" : `, its last line: ${line.slice(0, MAX_QUOTED)}`;
}
