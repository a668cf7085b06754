/**
 * The worker's configuration. Parses; opens nothing.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { z } from "zod";
import { DEFAULT_PORTS, serverConfigShape } from "../config/mod.ts";
import { NetworkConfig } from "./network/config.ts";
import { guardSocketPath } from "../guard/config.ts";
import { Name } from "../model/ids.ts";
import { DRIVER_NAMES } from "../../vmm/mod.ts";
import { STORE_SHARES } from "./stores/core/store_share.ts";

/** Keys a worker may trust: own cache, a mirror, a key being replaced. */
const MAX_KEYS = 16;
/** As `nix key` prints it: what it is called, and 32 bytes in base64. */
const PublicKey = z.string().max(1024).regex(
  /^[^\s:]+:[A-Za-z0-9+/]{43}=$/,
  "must be NAME:KEY, as the cache shows it",
);
const Path = z.string().min(1).max(4096);

function hostName(): string {
  return Deno.hostname().toLowerCase().split(".")[0] ?? "";
}

export const WorkerConfig = z.strictObject({
  ...serverConfigShape("worker", DEFAULT_PORTS.worker),
  /** Its name in the cluster; default: the host's. */
  name: Name.default(hostName),
  /** The master's RPC address: tcp://, tls:// or unix:. */
  masterUrl: z.string().max(1024).regex(
    /^((tcp|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^:/\s[\]@]+):[0-9]{1,5}\/?|unix:\/\S+)$/,
    "must be tcp://HOST:PORT, tls://HOST:PORT or unix:/PATH",
  ).default(`tcp://127.0.0.1:${DEFAULT_PORTS.masterRpc}`),
  /** The binary cache; absent: closures must be in the store already. */
  cacheUrl: z.string().max(1024).regex(
    /^(https?:\/\/[^/\s]|file:\/\/\/)\S*$/,
    "must be http://HOST, https://HOST or file:///PATH",
  ).optional(),
  cachePublicKeys: z.array(PublicKey).max(MAX_KEYS).default([]),
  /**
   * How closures come from the cache. `auto`: in one request each where the
   * cache is Procurator's, by `nix copy` otherwise; `nix`: by `nix copy` always.
   */
  transfer: z.enum(["auto", "nix"]).default("auto"),
  /** What VMs may use here; default: all processors, all memory but the reserve. */
  capacity: z.strictObject({
    cpuMilli: z.number().int().min(0).max(1_024_000).optional(),
    memoryMib: z.number().int().min(0).max(67_108_864).optional(),
  }).default({}),
  /** Memory kept for the host itself when capacity.memoryMib is not given. */
  reserveMemoryMib: z.number().int().min(0).default(512),
  /**
   * How many times its capacity this worker offers. Above 1 VMs share what is
   * there: processors slow down, memory relies on the host's swap and on guests
   * that do not touch all of theirs; what the host cannot give fails the start
   * of a VM, or the kernel ends one.
   */
  overcommit: z.strictObject({
    /** At 16 VMs to a processor no guest answers its checks in time. */
    cpu: z.number().min(1).max(16).default(1),
    /** Beyond four times the memory a host does nothing but swap. */
    memory: z.number().min(1).max(4).default(1),
  }).prefault({}),
  /** What constraints and affinities of VMs speak of. */
  attributes: z.record(z.string().min(1).max(63), z.string().max(255)).default(
    {},
  ),
  /** `auto`: the first in which guests boot, found by trying (`procurator worker probe` shows what came of it). */
  driver: z.enum(["auto", ...DRIVER_NAMES]).default("auto"),
  /** `none` fetches and pins nothing: for the simulated driver. */
  closures: z.enum(["nix", "none"]).default("nix"),
  /** A directory that holds a Nix store of its own; default: the machine's. */
  nixStore: Path.optional(),
  /**
   * How guests with `image.root: "store"` are shown theirs. `virtiofs` shares
   * this host's; `image` makes a disk image of each closure; `auto`: virtiofs
   * where virtiofsd is installed and the worker is root, else images.
   */
  storeShare: z.enum(STORE_SHARES).default("auto"),
  /** Default: virtiofsd where distributions put it. */
  virtiofsdPath: Path.optional(),
  /** How long what no VM needs any more is kept for later, and how full disks may get. */
  gc: z.strictObject({
    /** Closures and store images that nothing needs are given up after so many days. */
    keepDays: z.number().min(0).max(36_500).default(14),
    /**
     * With less free, the oldest of them go at once, and nothing is fetched or
     * made; what runs goes on. Default: 1024, or a twentieth of a small disk.
     */
    minFreeMib: z.number().int().min(0).max(67_108_864).optional(),
    /** They go until so much is free. Default: twice minFreeMib. */
    maxFreeMib: z.number().int().min(0).max(67_108_864).optional(),
  }).prefault({}),
  qemuPath: Path.default("qemu-system-x86_64"),
  cloudHypervisorPath: Path.default("cloud-hypervisor"),
  /**
   * How QEMU runs guests. Default: what was found by trying; with driver `qemu`
   * tcg, since kvm aborts where there is no hardware virtualisation behind
   * /dev/kvm. With driver `auto` only what is named here is tried.
   */
  accel: z.enum(["tcg", "kvm"]).optional(),
  /** How drivers are tried. */
  probe: z.strictObject({
    /** A Linux to try KVM with; default: this host's own, of /run/booted-system or /boot. */
    kernelPath: Path.optional(),
    /** A Linux that has not reached its init by then does not boot here. On KVM it takes a second. */
    linuxDeadlineMs: z.number().int().min(100).max(600_000).default(20_000),
  }).prefault({}),
  /**
   * Whom VMMs run as: a name, ids, or `worker` for the worker itself. Default:
   * `procurator-vmm`, where the worker is root and there is such a user.
   */
  vmmUser: z.union([
    z.string().min(1).max(64),
    z.strictObject({
      uid: z.number().int().min(1).max(4_294_967_294),
      gid: z.number().int().min(1).max(4_294_967_294),
    }),
  ]).optional(),
  /** The limits that each VMM gets from its host. */
  cgroups: z.strictObject({
    /** `none`: no limits; guests take what their VMM can get. */
    mode: z.enum(["auto", "none"]).default("auto"),
    /** Where groups are made, below each hierarchy's mount; for a worker that is not root, the group it was delegated. */
    parent: z.string().max(1024).regex(
      /^[^/\0]+(\/[^/\0]+)*$/,
      "must be a relative path",
    ).refine(
      (path) => !path.split("/").includes(".."),
      "must not lead upwards",
    ).default("procurator"),
    /** For so long after its start a guest may use whole processors, whatever its share: a boot at a tenth of one takes ten times as long. */
    boostMs: z.number().int().min(0).max(3_600_000).default(30_000),
  }).prefault({}),
  /** How guests are connected: see network/config.ts. */
  network: NetworkConfig.prefault({}),
  /** The host address that the VMs' ports are reached at. */
  vmAddress: z.ipv4().default("127.0.0.1"),
  /**
   * Where the guard of exclusive VMs listens; default: `guard/guard.sock` beside
   * the run directory. When it is given, a guard that is gone makes the worker
   * not ready.
   */
  guardSocket: Path.optional(),
  /** A process that holds the directories is asked to end, and waited for: to replace the executable. Otherwise this one is refused. */
  takeOver: z.boolean().default(false),
  /** How long a guest may take to power off before it is ended. */
  stopGraceMs: z.number().int().min(0).max(600_000).default(10_000),
  /** How long the master may hold a poll. */
  pollWaitMs: z.number().int().min(100).max(60_000).default(30_000),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;

/** The socket of this worker's guard. */
export function guardSocketOf(
  { guardSocket, runDir }: Pick<WorkerConfig, "guardSocket" | "runDir">,
): string {
  return guardSocket ?? guardSocketPath(join(dirname(runDir), "guard"));
}

/** The schema under the name every role exports. */
export const config = WorkerConfig;
