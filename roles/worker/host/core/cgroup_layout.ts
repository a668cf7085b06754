/**
 * Which hierarchies of control groups a host has, what of them guests are put
 * into, and what is written there. Pure: reads no file system.
 *
 * Three kinds of hosts: version 2 alone; version 1 with a hierarchy for each
 * controller; and both, where version 2 holds no controller but systemd follows
 * processes by it. A guest's VMM is put into every one that limits it or that
 * its starter is followed by, so that ending a worker's group ends no guest.
 *
 * @module
 */

/** What guests are limited by. */
export const CONTROLLERS = ["cpu", "memory"] as const;
export type Controller = typeof CONTROLLERS[number];

/** A mounted hierarchy, and what guests are limited by in it: nothing where it only follows processes. */
export interface Hierarchy {
  mount: string;
  version: 1 | 2;
  controllers: readonly Controller[];
}

/** A cgroup file system in the text of /proc/self/mountinfo. */
export interface CgroupMount {
  mount: string;
  version: 1 | 2;
  /** Of version 1: `cpu`, `cpuacct`, `name=systemd`. */
  options: readonly string[];
}

/** The kernel hands the group out in tenths of a second; shorter periods cost more switches. */
const PERIOD_US = 100_000;
/** The kernel refuses less. */
const MIN_QUOTA_US = 1000;
const MIB = 1024 * 1024;

function unescapePath(path: string): string {
  return path.replace(
    /\\([0-7]{3})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 8)),
  );
}

/** The cgroup file systems of a mountinfo text; the last one on a place is the one that is seen. */
export function cgroupMounts(mountinfo: string): CgroupMount[] {
  const found = new Map<string, CgroupMount>();
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const mount = before?.split(" ")[4];
    const [type, , options] = after?.split(" ") ?? [];
    if (mount === undefined) continue;
    const path = unescapePath(mount);
    found.delete(path);
    if (type !== "cgroup" && type !== "cgroup2") continue;
    found.set(path, {
      mount: path,
      version: type === "cgroup2" ? 2 : 1,
      options: type === "cgroup2" ? [] : options?.split(",") ?? [],
    });
  }
  return [...found.values()];
}

/**
 * The hierarchies guests are put into.
 *
 * @param controllersOf2 what `cgroup.controllers` of the version 2 hierarchy names.
 * @returns a sentence when this host limits nothing.
 */
export function chooseHierarchies(
  mounts: readonly CgroupMount[],
  controllersOf2: readonly string[],
): Hierarchy[] | string {
  const chosen: Hierarchy[] = [];
  for (const { mount, version, options } of mounts) {
    const names = version === 2 ? controllersOf2 : options;
    const controllers = CONTROLLERS.filter((name) =>
      names.includes(name) &&
      !chosen.some((other) => other.controllers.includes(name))
    );
    const follows = version === 2 || options.includes("name=systemd");
    if (controllers.length > 0 || follows) {
      chosen.push({ mount, version, controllers });
    }
  }
  const missing = CONTROLLERS.filter((name) =>
    !chosen.some(({ controllers }) => controllers.includes(name))
  );
  if (mounts.length === 0) return "no cgroup file system is mounted";
  if (missing.length > 0) {
    return `this host has no cgroup controller for ${missing.join(" and ")}`;
  }
  return chosen;
}

/** What a guest may use, its VMM included. */
export interface GroupLimits {
  /** Its part when others want processors too. */
  shareMilli: number;
  /** What it gets at most. */
  ceilingMilli: number;
  memoryMib: number;
}

/** The kernel's bounds of a weight, in each version's unit: one processor is 100, or 1024. */
const WEIGHTS = { 1: [2, 262_144, 1024], 2: [1, 10_000, 100] } as const;

const WEIGHT_FILES = { 1: "cpu.shares", 2: "cpu.weight" } as const;

function weightOf(version: 1 | 2, shareMilli: number): string {
  const [least, most, processor] = WEIGHTS[version];
  const weight = Math.round(shareMilli * processor / 1000);
  return String(Math.min(most, Math.max(least, weight)));
}

/** The ceiling while a guest boots: the whole processors that it sees. */
export function boostedMilli(cpuMilli: number): number {
  return Math.max(1, Math.ceil(cpuMilli / 1000)) * 1000;
}

/** What is written into a group for its ceiling of processors: file name and text. */
export function ceilingFiles(
  { version, controllers }: Pick<Hierarchy, "version" | "controllers">,
  ceilingMilli: number,
): [file: string, text: string][] {
  if (!controllers.includes("cpu")) return [];
  const quota = Math.max(
    MIN_QUOTA_US,
    Math.round(ceilingMilli * PERIOD_US / 1000),
  );
  return version === 2 ? [["cpu.max", `${quota} ${PERIOD_US}`]] : [
    ["cpu.cfs_period_us", String(PERIOD_US)],
    ["cpu.cfs_quota_us", String(quota)],
  ];
}

/**
 * What is written into a group that holds guests' groups: the weight of all
 * processors. With the default, that of one, all guests together would get what
 * a single process outside gets when both want processors.
 */
export function holderFiles(
  { version, controllers }: Pick<Hierarchy, "version" | "controllers">,
  processors: number,
): [file: string, text: string][] {
  if (!controllers.includes("cpu")) return [];
  return [[WEIGHT_FILES[version], weightOf(version, processors * 1000)]];
}

/** What is written for all limits into a group of this hierarchy: file name and text. */
export function limitFiles(
  hierarchy: Pick<Hierarchy, "version" | "controllers">,
  { shareMilli, ceilingMilli, memoryMib }: GroupLimits,
): [file: string, text: string][] {
  const { version, controllers } = hierarchy;
  const files = ceilingFiles(hierarchy, ceilingMilli);
  if (controllers.includes("cpu")) {
    files.push([WEIGHT_FILES[version], weightOf(version, shareMilli)]);
  }
  if (controllers.includes("memory")) {
    const name = version === 2 ? "memory.max" : "memory.limit_in_bytes";
    files.push([name, String(memoryMib * MIB)]);
  }
  return files;
}

/**
 * What a VMM needs beside its guest's memory, MiB. QEMU without KVM keeps 128
 * MiB of translated code and was seen at 205 to 298 MiB with a guest of 128;
 * other VMMs take some ten. The rest is room for page tables, queues and images
 * being read: the limit is there for a VMM that runs away, not to count bytes.
 */
export function vmmOverheadMib(memoryMib: number, isTranslated: boolean) {
  return (isTranslated ? 512 : 256) + Math.ceil(memoryMib / 32);
}
