/**
 * What a million VMs on 10,000 workers take: a hundred clusters of 10,000 are
 * published to a real service with its store on disk, and every worker reports
 * at once what it was told to run. In a process of its own, which is given the
 * memory that this takes.
 *
 * @module
 */
import { healthyVm } from "../../roles/master/core/healthy_vm.ts";
import { Room } from "../../roles/master/core/placing.ts";
import { choosePlace } from "../../roles/master/core/scheduler.ts";
import { MasterService } from "../../roles/master/service.ts";
import { openStore } from "../../roles/master/store.ts";
import type { Assignment, OrderFence } from "../../roles/model/assignment.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { ObservedVm } from "../../roles/model/observed.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { vmSpec } from "../support/specs.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const WORKERS = 10_000;
const CLUSTERS = 100;
const PER_CLUSTER = 10_000;
const REPLICAS = 20;
/** 100 VMs of 500 mCPU and 128 MiB each, and a third more. */
const CAPACITY = { cpuMilli: 68_000, memoryMib: 20_480 };
/** No worker's lease ends while this runs. */
const LEASE_MS = 3_600_000;
/** What the process may use: V8's own bound is below it. */
const HEAP_MIB = 14_000;
/** Ticks until everything is at rest: far above any real plan. */
const MAX_TICKS = 10_000;

export interface MillionFigures {
  workers: number;
  vms: number;
  /** The scheduler alone: a room and its decisions. */
  scheduler: { seconds: number; rssMiB: number };
  /** Publishing, planning and committing all of it. */
  placed: { seconds: number; perSecond: number };
  /** Every worker fetching its orders and reporting them healthy, and the looks until all is at rest. */
  observed: { seconds: number };
  store: { fileMiB: number; loadSeconds: number };
  idleTickMs: number;
  rssMiB: number;
}

const MIB = 1024 * 1024;

function rssMiB(): number {
  return Math.round(Deno.memoryUsage().rss / MIB);
}

function secondsSince(startMs: number): number {
  return Math.round((performance.now() - startMs) / 10) / 100;
}

function nameOf(index: number): string {
  return `w${String(index).padStart(5, "0")}`;
}

/** Specs as the rest of the benchmark has them; hashes differ by cluster. */
function specsOf(cluster: string): VmSpec[] {
  return Array.from(
    { length: PER_CLUSTER / REPLICAS },
    (_, index) =>
      vmSpec({
        name: `web${index}`,
        replicas: REPLICAS,
        env: { CLUSTER: cluster },
      }),
  );
}

function measureRoom(): MillionFigures["scheduler"] {
  const startMs = performance.now();
  const room = new Room(
    Array.from({ length: WORKERS }, (_, index) => ({
      name: nameOf(index),
      state: "alive",
      capacity: CAPACITY,
      attributes: {},
    })),
    [],
  );
  for (let number = 0; number < CLUSTERS; number++) {
    for (const spec of specsOf(`c${number}`)) {
      const size = { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib };
      for (let ordinal = 0; ordinal < REPLICAS; ordinal++) {
        const vm = `c${number}/${spec.name}-${ordinal}`;
        const { worker, why } = choosePlace(
          { vm, spec, size, avoid: [], nowMs: 0 },
          room,
        );
        if (worker === null) throw new Error(`${vm} found no place: ${why}`);
        room.take({ vm, worker, reserved: size, ports: [] });
      }
    }
  }
  return { seconds: secondsSince(startMs), rssMiB: rssMiB() };
}

function observedOf(order: Assignment["orders"][number]): ObservedVm {
  return {
    ...healthyVm(order),
    healthyForMs: 60_000,
    address: "10.0.0.1:80",
    message: "healthy",
    seconds: { copy: 1, boot: 1, healthy: 1 },
  };
}

/** A worker that runs at once whatever it is told. */
class InstantWorker {
  readonly #name: string;
  readonly #process: string;
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #vms: ObservedVm[] = [];
  #sequence = 0;

  constructor(index: number) {
    this.#name = nameOf(index);
    this.#process = String(index).padStart(32, "0");
  }

  async step(service: MasterService): Promise<void> {
    const assignment = this.#sequence === 0
      ? null
      : await service.getAssignment(
        this.#name,
        this.#fence,
        0,
        new AbortController().signal,
      );
    if (assignment !== null) {
      const { leaseEpoch, revision, orders } = assignment;
      this.#fence = { leaseEpoch, revision };
      this.#vms = orders.map(observedOf);
    }
    await service.pushData({
      worker: this.#name,
      bootId: "boot",
      sequence: ++this.#sequence,
      process: this.#process,
      ...this.#fence,
      capacity: CAPACITY,
      attributes: {},
      versions: { procurator: "0.1.0" },
      vms: this.#vms,
      metrics: {},
      roots: [],
    });
  }
}

async function untilAtRest(service: MasterService): Promise<void> {
  for (let tick = 0; tick < MAX_TICKS; tick++) {
    await service.tick();
    if (!service.hasWork) return;
  }
  throw new Error("the master does not come to rest");
}

async function publishAll(service: MasterService): Promise<void> {
  for (let number = 0; number < CLUSTERS; number++) {
    const cluster = `c${number}`;
    const vmSpecs = specsOf(cluster);
    await service.publishState({
      cluster,
      repository: cluster,
      commit: "c0ffee0004",
      generation: 1,
      parent: 0,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    });
    await untilAtRest(service);
    if (number % 10 === 9) {
      console.error(`placed ${number + 1} clusters, ${rssMiB()} MiB`);
    }
  }
}

async function measureService(
  directory: string,
): Promise<Omit<MillionFigures, "scheduler" | "workers" | "vms">> {
  const path = `${directory}/master.db`;
  const clock = new VirtualClock();
  const open = async () => {
    const store = openStore(path);
    const service = await MasterService.open({
      store,
      clock,
      leaseMs: LEASE_MS,
    });
    return { store, service };
  };
  const first = await open();
  const { service } = first;
  const workers = Array.from(
    { length: WORKERS },
    (_, index) => new InstantWorker(index),
  );
  for (const worker of workers) await worker.step(service);
  await untilAtRest(service);
  const publishedMs = performance.now();
  await publishAll(service);
  const placedSeconds = secondsSince(publishedMs);
  const observedMs = performance.now();
  for (const worker of workers) await worker.step(service);
  await untilAtRest(service);
  const observed = { seconds: secondsSince(observedMs) };
  const idleMs = performance.now();
  await service.tick();
  const idleTickMs = Math.round((performance.now() - idleMs) * 1000) / 1000;
  const used = rssMiB();
  first.store.close();
  const fileMiB = Math.round((await Deno.stat(path)).size / MIB);
  const loadMs = performance.now();
  const second = await open();
  const loadSeconds = secondsSince(loadMs);
  second.store.close();
  return {
    placed: {
      seconds: placedSeconds,
      perSecond: Math.round(CLUSTERS * PER_CLUSTER / placedSeconds),
    },
    observed,
    store: { fileMiB, loadSeconds },
    idleTickMs,
    rssMiB: used,
  };
}

/** Starts the process that measures; its progress goes to standard error. */
export async function measureMillion(
  onProgress: (line: string) => void,
): Promise<MillionFigures> {
  onProgress("a million VMs: this takes minutes and several GiB of memory");
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      `--v8-flags=--max-old-space-size=${HEAP_MIB}`,
      new URL(import.meta.url).pathname,
    ],
    cwd: new URL("../../", import.meta.url).pathname,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("the process of the million VMs failed");
  return JSON.parse(new TextDecoder().decode(stdout)) as MillionFigures;
}

if (import.meta.main) {
  const scheduler = measureRoom();
  console.error(`scheduler alone: ${JSON.stringify(scheduler)}`);
  const directory = await Deno.makeTempDir({ prefix: "procurator-bench-" });
  try {
    const figures = await measureService(directory);
    console.log(JSON.stringify({
      workers: WORKERS,
      vms: CLUSTERS * PER_CLUSTER,
      scheduler,
      ...figures,
    }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
