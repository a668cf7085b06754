/**
 * A stand-in's machine as it was told, and what of it is refused.
 *
 * @module
 */

const UNTOUCHED = "18446744073709551615";
const API = "Error from API";
/** virtio-mem's. */
const MEMORY_BLOCK = 2 * 1024 * 1024;

/** An answer that is no success: outermost words first. */
export class Refusal extends Error {
  readonly status: number;
  readonly words: readonly string[];

  constructor(status: number, ...words: string[]) {
    super(words.join(": "));
    this.status = status;
    this.words = words;
  }
}

/** What we look at of a machine. */
export interface Config {
  cpus?: { boot_vcpus: number; max_vcpus: number };
  memory?: { size: number; hotplug_size?: number; hotplugged_size?: number };
  payload?: { kernel?: string; cmdline?: string };
  disks?: { id: string; path: string; readonly?: boolean }[];
  net?: { id: string }[];
  balloon?: { size: number };
  serial?: { mode: string; socket?: string };
  vsock?: { socket: string };
  landlock_enable?: boolean;
}

/** @throws {Refusal} */
export function checkCpus(
  config: { max_vcpus: number },
  cpus: number,
  what: string,
): void {
  const refused = (why: string) =>
    new Refusal(500, API, what, "Error from CPU manager", why);
  if (cpus === 0) throw refused("Requested zero vCPUs");
  if (cpus > config.max_vcpus) throw refused("Requested vCPUs exceed maximum");
}

/** What virtio-mem was asked for last is refused too. @throws {Refusal} */
export function giveMemory(
  config: Config,
  bytes: number,
  what: string,
): void {
  const { size, hotplug_size = 0, hotplugged_size = 0 } = config.memory ??
    { size: 0 };
  const refused = (why: string) =>
    new Refusal(500, API, what, "Memory manager error", why);
  if (bytes < size) {
    throw refused(
      `Invalid resize request: desired_size = ${bytes} below boot size = ${size}`,
    );
  }
  if (
    bytes > size + hotplug_size || (bytes - size) % MEMORY_BLOCK !== 0 ||
    bytes === size + hotplugged_size
  ) {
    throw refused("Failed to virtio-mem resize");
  }
  if (config.memory !== undefined) {
    config.memory.hotplugged_size = bytes - size;
  }
}

/** Every device's counters, as text: their greatest number is beyond ours. */
export function countersText(config: Config): string {
  const disks = (config.disks ?? []).map(({ id }) =>
    `"${id}":{"read_bytes":0,"write_bytes":0,"read_ops":0,"write_ops":0,` +
    `"read_latency_min":${UNTOUCHED},"read_latency_max":${UNTOUCHED},` +
    `"write_latency_min":${UNTOUCHED},"write_latency_max":${UNTOUCHED},` +
    `"read_latency_avg":1844674407370955,"write_latency_avg":1844674407370955}`
  );
  const nets = (config.net ?? []).map(({ id }) =>
    `"${id}":{"rx_bytes":1500,"tx_bytes":900,"rx_frames":3,"tx_frames":2}`
  );
  return `{${[...disks, ...nets].join(",")}}`;
}

export async function checkDirectory(
  dir: string,
  ...words: string[]
): Promise<void> {
  const isThere = await Deno.stat(dir).then(
    (info) => info.isDirectory,
    () => false,
  );
  if (isThere) return;
  throw new Refusal(
    500,
    API,
    ...words,
    `Destination is not a directory: "${dir}"`,
  );
}

export async function checkFiles(config: Config, what: string): Promise<void> {
  const kernel = config.payload?.kernel;
  if (kernel === undefined) {
    throw new Refusal(
      400,
      API,
      what,
      "VM config is invalid",
      "No bootitem provided: neither firmware nor kernel",
    );
  }
  for (const { path } of [{ path: kernel }, ...config.disks ?? []]) {
    await Deno.stat(path).catch(() => {
      throw new Refusal(
        500,
        API,
        what,
        `Cannot open ${path}`,
        "No such file or directory (os error 2)",
      );
    });
  }
}
