/**
 * Workers for tests: orders for the test image, a master that is a directory,
 * and workers in processes of their own that can be killed.
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import {
  AppError,
  type Assignment,
  compareFence,
  type Fallback,
  type ObservedVm,
  type Order,
  type OrderFence,
  policyHash,
  runtimeHash,
  VmSpec,
  type WorkerReport,
} from "../../roles/model/mod.ts";
import type { Closures } from "../../roles/worker/closures/closures.ts";
import { WorkerConfig } from "../../roles/worker/config.ts";
import type { MasterLink } from "../../roles/worker/link/master_link.ts";
import { readIfThere, writeFileAtomic } from "../../roles/files/mod.ts";
import type { TestImage } from "./vmm_image.ts";

export const STORE_PATH = `/nix/store/${"a".repeat(32)}-test-vm`;
export const MISSING_PATH = `/nix/store/${"b".repeat(32)}-missing`;
/** How often the directory is looked at. */
const LOOK_MS = 25;

/** What a test says of a VM. */
export interface TestVm {
  /** Words for the kernel's command line: `MODE=silent`, or a simulated script. */
  cmdline?: string;
  storePath?: string;
  spec?: Record<string, unknown>;
}

/** A spec of the test image with short times and an http check. */
export function testVmSpec(vm: TestVm = {}): VmSpec {
  const path = vm.storePath ?? STORE_PATH;
  return VmSpec.parse({
    name: "web",
    cpuMilli: 100,
    memoryMib: 128,
    image: {
      toplevel: path,
      kernelPath: `${path}/kernel`,
      initrdPath: `${path}/initrd`,
      cmdline: vm.cmdline ?? "quiet",
    },
    network: { ports: [{ name: "http", guest: 80 }] },
    healthChecks: [{
      name: "http",
      kind: "http",
      port: 80,
      path: "/healthz",
      match: "ok",
      intervalMs: 200,
    }],
    update: { minHealthyTimeMs: 500, healthyDeadlineMs: 60_000 },
    restart: { delayMs: 100 },
    ...vm.spec,
  });
}

/** The fallback to a spec. */
export function fallbackTo(spec: VmSpec, generation: number): Fallback {
  const hash = runtimeHash(spec);
  return { kind: "spec", spec, runtimeHash: hash, generation };
}

/** An order for a spec. */
export function orderFor(
  vm: string,
  spec: VmSpec,
  options: { revision?: number; generation?: number; fallback?: Fallback } = {},
): Order {
  return {
    vm,
    incarnation: 1,
    orderRevision: options.revision ?? 1,
    generation: options.generation ?? 1,
    commit: "abcdef",
    spec,
    runtimeHash: runtimeHash(spec),
    policyHash: policyHash(spec),
    fallback: options.fallback ?? { kind: "stop" },
    surge: false,
  };
}

/** Closures that are the test image, except what is missing. */
export function imageClosures(image: TestImage): Closures {
  return {
    ensure(paths) {
      const missing = paths.find((path) => path.startsWith(MISSING_PATH));
      if (missing === undefined) return Promise.resolve();
      const message = `path '${missing}' is not in the cache`;
      return Promise.reject(new AppError("failed", message));
    },
    adopt: () => Promise.resolve(),
    pin: () => Promise.resolve(),
    prune: () => Promise.resolve(),
    roots: () => [],
    closureBytes: () => Promise.resolve(null),
    physical: (path) => path.endsWith("/kernel") ? image.kernel : image.initrd,
    versions: () => Promise.resolve({}),
  };
}

/** A master that is a directory: the test writes the assignment, the worker its reports. */
export class DirectoryMaster implements MasterLink {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  // The worker's side.

  async getAssignment(
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null> {
    const end = systemClock.bootMs() + waitMs;
    while (!signal.aborted && systemClock.bootMs() < end) {
      await this.#assertReachable();
      const text = await readIfThere(`${this.dir}/assignment.json`);
      const assignment = text === null ? null : JSON.parse(text) as Assignment;
      if (assignment !== null && compareFence(assignment, lastSeen) > 0) {
        return assignment;
      }
      await systemClock.sleep(LOOK_MS, signal);
    }
    return null;
  }

  async pushData(report: WorkerReport): Promise<OrderFence> {
    await this.#assertReachable();
    await writeFileAtomic(`${this.dir}/report.json`, JSON.stringify(report));
    return { leaseEpoch: report.leaseEpoch, revision: report.revision };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  // The test's side.

  async assign(
    revision: number,
    orders: Order[],
    more: Partial<Assignment> = {},
  ): Promise<void> {
    const assignment: Assignment = {
      worker: "w1",
      leaseEpoch: 1,
      revision,
      leaseMs: 3000,
      orders,
      ...more,
    };
    await writeFileAtomic(
      `${this.dir}/assignment.json`,
      JSON.stringify(assignment),
    );
  }

  async report(): Promise<WorkerReport | null> {
    const text = await readIfThere(`${this.dir}/report.json`);
    return text === null ? null : JSON.parse(text) as WorkerReport;
  }

  /** What the last report says of a VM. */
  async vm(id: string): Promise<ObservedVm | undefined> {
    return (await this.report())?.vms.find(({ vm }) => vm === id);
  }

  async setReachable(reachable: boolean): Promise<void> {
    const path = `${this.dir}/unreachable`;
    if (!reachable) return await Deno.writeTextFile(path, "");
    await Deno.remove(path);
  }

  async #assertReachable(): Promise<void> {
    if (await readIfThere(`${this.dir}/unreachable`) === null) return;
    throw new AppError("unavailable", "The master does not answer");
  }
}

/** The configuration of a test's worker below `dir`. */
export function workerConfig(
  dir: string,
  more: Record<string, unknown> = {},
): WorkerConfig {
  return WorkerConfig.parse({
    name: "w1",
    stateDir: `${dir}/state`,
    runDir: `${dir}/run`,
    listen: "127.0.0.1:0",
    closures: "none",
    // Named: trying drivers out is a matter of its own test.
    driver: "qemu",
    // A killed worker leaves its empty groups to the next one, which a test does not have.
    cgroups: { mode: "none" },
    stopGraceMs: 5000,
    pollWaitMs: 1000,
    ...more,
  });
}

/** A worker in a process of its own, whose master is `dir/master`. */
export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves with its signal when it ended by itself. */
  readonly ended: Promise<string | null>;
}

/** How a worker process is started. */
export interface WorkerProcessOptions {
  driver?: "qemu" | "simulated";
  /** It kills itself there. */
  failpoint?: string;
  /** Keys of its configuration. */
  config?: Record<string, unknown>;
  /** Control groups that it is put into, as a supervisor would. */
  cgroups?: readonly string[];
}

/** Starts a worker process. */
export function startWorkerProcess(
  dir: string,
  options: WorkerProcessOptions = {},
): WorkerProcess {
  const { driver = "qemu", cgroups = [], config = {} } = options;
  const moves = cgroups.map((path) => `echo 0 > '${path}/cgroup.procs' && `);
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `${moves.join("")}exec "$@"`,
      "worker",
      Deno.execPath(),
      "run",
      "-A",
      new URL("./worker_process.ts", import.meta.url).pathname,
      dir,
      driver,
      JSON.stringify(config),
    ],
    env: { PROCURATOR_FAILPOINT: options.failpoint ?? "" },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const ended = child.status.then(({ signal }) => signal);
  const kill = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await ended;
  };
  return { pid: child.pid, kill, ended, [Symbol.asyncDispose]: kill };
}
