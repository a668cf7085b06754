/**
 * What the worker is compared with: the fewest steps that bring the same
 * machine up with the same program. No record, no limits, no log, no rules.
 *
 * @module
 */

/** A machine that was brought up. */
export interface BareVm {
  /** From nothing to boot answered. */
  ms: number;
  end(): Promise<void>;
}

export interface BareOptions {
  program: string;
  /** A directory of its own. */
  dir: string;
  kernelPath: string;
  initrdPath: string;
  memoryMib: number;
  /** A TAP that is there already. */
  tap: string;
}

const POLL_MS = 1;
const TIMEOUT_MS = 60_000;

/** One request; throws what is no success. */
async function put(
  client: Deno.HttpClient,
  path: string,
  body?: unknown,
): Promise<void> {
  const response = await fetch(`http://localhost/api/v1/${path}`, {
    client,
    method: path === "vmm.ping" ? "GET" : "PUT",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
}

async function untilAnswers(client: Deno.HttpClient): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await put(client, "vmm.ping");
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Spawns the program, creates and boots a machine. */
export async function startBare(options: BareOptions): Promise<BareVm> {
  const { program, dir, kernelPath, initrdPath, memoryMib, tap } = options;
  const socket = `${dir}/api`;
  await Deno.mkdir(dir, { recursive: true });
  const begin = performance.now();
  const child = new Deno.Command(program, {
    args: ["--api-socket", `path=${socket}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const client = Deno.createHttpClient({
    proxy: { transport: "unix", path: socket },
  });
  await untilAnswers(client);
  await put(client, "vm.create", {
    cpus: { boot_vcpus: 1, max_vcpus: 1 },
    memory: { size: memoryMib * 1024 * 1024 },
    payload: { kernel: kernelPath, initramfs: initrdPath, cmdline: "quiet" },
    net: [{ tap }],
    serial: { mode: "File", file: `${dir}/serial` },
    console: { mode: "Off" },
  });
  await put(client, "vm.boot");
  const ms = performance.now() - begin;
  return {
    ms,
    async end() {
      client.close();
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(dir, { recursive: true });
    },
  };
}
