/**
 * What a look costs on a large, calm cluster: a real service over a store that
 * was filled beforehand, workers that have reported, and a clock that stands
 * still, so that nothing happens but what is measured.
 *
 * @module
 */
import {
  type ClusterDoc,
  type GenerationDoc,
  generationKey,
  type PlacementDoc,
  placementKey,
  type WorkerDoc,
} from "../../roles/master/core/documents.ts";
import { leaseEpochOf } from "../../roles/master/core/epoch.ts";
import { healthyVm } from "../../roles/master/core/healthy_vm.ts";
import { MasterService } from "../../roles/master/service.ts";
import {
  openStore,
  type Store,
  type StoreOperation,
} from "../../roles/master/store.ts";
import {
  intentHash,
  intentText,
  policyHash,
  runtimeHash,
} from "../../roles/model/hashes.ts";
import { vmId } from "../../roles/model/ids.ts";
import type { ObservedVm, WorkerReport } from "../../roles/model/observed.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { vmSpec } from "../support/specs.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { median } from "./median.ts";

/** How large the cluster is. */
export interface Load {
  workers: number;
  vms: number;
  /** Each has at most 10,000 instances. */
  clusters: number;
}

const LEASE_MS = 600_000;
/** Replicas of each VM: a few kinds of service in many copies. */
const REPLICAS = 20;
const TERM = 0;
const REVISION = 1;

function workerName(index: number): string {
  return `w${String(index).padStart(5, "0")}`;
}

function workerDoc(name: string): WorkerDoc {
  return {
    name,
    term: TERM,
    revision: REVISION,
    capacity: { cpuMilli: 64_000, memoryMib: 131_072 },
    attributes: { zone: `z${name.at(-1)}` },
    versions: { procurator: "0.1.0" },
    cordon: null,
  };
}

function clusterDoc(name: string, incarnations: number): ClusterDoc {
  return {
    name,
    repository: name,
    highest: 1,
    active: 1,
    previous: 0,
    held: false,
    planRevision: 2,
    incarnations,
    rollout: null,
    failures: [],
  };
}

function generationDoc(
  cluster: string,
  specs: readonly VmSpec[],
): GenerationDoc {
  return {
    cluster,
    generation: 1,
    commit: "c0ffee0001",
    repository: cluster,
    intentHash: intentHash(specs),
    parent: 0,
    state: "active",
    reason: "",
    publishedAtMs: 1,
    endedAtMs: 2,
    vms: specs.length * REPLICAS,
    seconds: { copy: 1, place: 1, boot: 1, healthy: 1 },
    traceparent: null,
    wasActive: true,
    placement: "spread",
  };
}

function placementDoc(
  spec: VmSpec,
  hashes: { runtimeHash: string; policyHash: string },
  at: { vm: string; incarnation: number; worker: string },
): PlacementDoc {
  return {
    ...at,
    ...hashes,
    generation: 1,
    startedIn: 1,
    orderRevision: REVISION,
    fallbackGeneration: 0,
    reserved: { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib },
    ports: [],
    acknowledged: true,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
  };
}

function observedVm(placement: PlacementDoc): ObservedVm {
  return {
    ...healthyVm({ ...placement, generation: 1 }),
    healthyForMs: 60_000,
    address: "10.0.0.1:80",
    message: "healthy",
    seconds: { copy: 1, boot: 1, healthy: 1 },
  };
}

/** A master with a load on it. */
export class LoadedMaster {
  readonly clock: VirtualClock;
  readonly service: MasterService;
  readonly #vms: ReadonlyMap<string, ObservedVm[]>;
  #sequence = 0;

  private constructor(
    clock: VirtualClock,
    service: MasterService,
    vms: ReadonlyMap<string, ObservedVm[]>,
  ) {
    this.clock = clock;
    this.service = service;
    this.#vms = vms;
  }

  static async create(
    load: Load,
    store: Store = openStore(":memory:"),
  ): Promise<LoadedMaster> {
    const vms = await fillStore(store, load);
    const clock = new VirtualClock();
    const service = await MasterService.open({
      store,
      clock,
      leaseMs: LEASE_MS,
    });
    const loaded = new LoadedMaster(clock, service, vms);
    for (const name of vms.keys()) await loaded.report(name);
    await loaded.settle();
    return loaded;
  }

  get workers(): string[] {
    return [...this.#vms.keys()];
  }

  /** A heartbeat of one worker; `change` makes news of it. */
  async report(
    worker: string,
    change: (vm: ObservedVm) => Partial<ObservedVm> = () => ({}),
  ): Promise<void> {
    const report: WorkerReport = {
      worker,
      bootId: "boot",
      sequence: ++this.#sequence,
      process: "0".repeat(32),
      leaseEpoch: leaseEpochOf(1, TERM),
      revision: REVISION,
      capacity: { cpuMilli: 64_000, memoryMib: 131_072 },
      attributes: { zone: `z${worker.at(-1)}` },
      versions: { procurator: "0.1.0" },
      vms: (this.#vms.get(worker) ?? []).map((vm) => ({
        ...vm,
        ...change(vm),
      })),
      metrics: {},
      roots: [],
    };
    await this.service.pushData(report);
  }

  async settle(): Promise<void> {
    for (let tick = 0; tick < 10; tick++) {
      await this.service.tick();
      if (!this.service.hasWork) return;
    }
    throw new Error("the loaded master does not come to rest");
  }
}

/** The specs of a cluster of so many instances. */
export function specsOf(instances: number): VmSpec[] {
  return Array.from(
    { length: instances / REPLICAS },
    (_, index) => vmSpec({ name: `web${index}`, replicas: REPLICAS }),
  );
}

/** Writes the load into the store; what each worker will report. */
export async function fillStore(
  store: Store,
  load: Load,
): Promise<Map<string, ObservedVm[]>> {
  const observed = new Map<string, ObservedVm[]>();
  const operations: StoreOperation[] = [];
  const put = (kind: string, id: string, doc: object | string) =>
    operations.push({
      kind,
      id,
      expectedRevision: 0,
      json: typeof doc === "string" ? doc : JSON.stringify(doc),
    });
  put("store", "master", { incarnation: 1 });
  for (let index = 0; index < load.workers; index++) {
    const name = workerName(index);
    observed.set(name, []);
    put("worker", name, workerDoc(name));
  }
  let placed = 0;
  const perCluster = load.vms / load.clusters;
  for (let number = 0; number < load.clusters; number++) {
    const cluster = `c${number}`;
    const specs = specsOf(perCluster);
    put("cluster", cluster, clusterDoc(cluster, perCluster));
    const generation = generationDoc(cluster, specs);
    put("generation", generationKey(cluster, 1), generation);
    put("intent", `${cluster}/${generation.intentHash}`, intentText(specs));
    let incarnation = 0;
    for (const spec of specs) {
      const hashes = {
        runtimeHash: runtimeHash(spec),
        policyHash: policyHash(spec),
      };
      for (let ordinal = 0; ordinal < REPLICAS; ordinal++) {
        const worker = workerName(placed++ % load.workers);
        const doc = placementDoc(spec, hashes, {
          vm: vmId(cluster, spec.name, ordinal),
          incarnation: ++incarnation,
          worker,
        });
        put("placement", placementKey(doc), doc);
        observed.get(worker)?.push(observedVm(doc));
      }
    }
  }
  await store.transact(operations);
  return observed;
}

async function medianMs(
  times: number,
  once: (round: number) => Promise<void>,
): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < times; round++) {
    const startMs = performance.now();
    await once(round);
    taken.push(performance.now() - startMs);
  }
  return Math.round(median(taken) * 1000) / 1000;
}

/** Times of single looks, in milliseconds. */
export interface TickFigures {
  idleTickMs: number;
  /** A heartbeat, and the tick after it. */
  heartbeatMs: number;
  /** A report that a VM became unhealthy, and the tick after it. */
  newsMs: number;
  /** A publish of ten VMs as a cluster of its own, and the tick that places them. */
  publishMs: number;
}

/** Measures looks at a loaded master. */
export async function measureTicks(
  load: Load,
  times = 15,
): Promise<TickFigures> {
  const master = await LoadedMaster.create(load);
  const { service, clock, workers } = master;
  const [first = ""] = workers;
  const idleTickMs = await medianMs(times, () => service.tick());
  const heartbeatMs = await medianMs(times, async () => {
    await master.report(first);
    await service.tick();
  });
  const newsMs = await medianMs(times, async (round) => {
    await master.report(first, () => ({
      health: round % 2 === 0 ? "unhealthy" : "healthy",
    }));
    await service.tick();
  });
  clock.advance(1000);
  const vmSpecs = Array.from(
    { length: 10 },
    (_, index) => vmSpec({ name: `small${index}` }),
  );
  const publishMs = await medianMs(times, async (round) => {
    await service.publishState({
      cluster: `p${round}`,
      repository: "p",
      commit: "c0ffee0002",
      generation: 1,
      parent: 0,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    });
    await service.tick();
  });
  return { idleTickMs, heartbeatMs, newsMs, publishMs };
}

if (import.meta.main) {
  const load = { workers: 5000, vms: 50_000, clusters: 5 };
  console.error(JSON.stringify(load));
  console.log(JSON.stringify(await measureTicks(load), null, 2));
}
