/**
 * What placing costs. `measureDecisions` times single decisions on a room of
 * the given size; `measurePlacing` the whole way of a publish through a real
 * service with its store on disk, where every decision is committed
 * (`synchronous=FULL`, a commit per tick) before anybody is told.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { Room } from "../../roles/master/core/placing.ts";
import { choosePlace } from "../../roles/master/core/scheduler.ts";
import { openStore } from "../../roles/master/store.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { vmSpec } from "../support/specs.ts";
import { median } from "./median.ts";
import { type Load, LoadedMaster } from "./scheduler_tick.ts";

/** VMs that one publish brings, and publishes that are counted: the median of them is the figure, as for the other benchmarks. */
const PUBLISHED = 1000;
const ROUNDS = 10;
/** Publishes before that: the runtime's compiler warms up. */
const WARM_UP = 3;
/** Replicas of each VM. */
const REPLICAS = 10;
/** Decisions whose times are counted, and those before that. */
const DECISIONS = 10_000;
const WARM_UP_DECISIONS = 2000;

/** Kinds of VMs as a cluster has them: most ask for room alone, some for more. */
function specOf(index: number): VmSpec {
  const size = {
    cpuMilli: 250 * (1 + index % 8),
    memoryMib: 128 * (1 + index * 7 % 16),
  };
  const name = `vm${index}`;
  switch (index % 10) {
    case 7:
      return vmSpec({
        name,
        ...size,
        constraints: [{
          attribute: "zone",
          operator: "regexp",
          value: "^z[0-4]$",
        }],
      });
    case 8:
      return vmSpec({ name, ...size, spread: [{ attribute: "zone" }] });
    case 9:
      return vmSpec({
        name,
        ...size,
        affinities: [{ attribute: "zone", value: "z3", weight: 20 }],
      });
    default:
      return vmSpec({ name, ...size });
  }
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(
    sorted.length - 1,
    Math.ceil(sorted.length * percent / 100) - 1,
  );
  return sorted[at] ?? 0;
}

export interface DecisionFigures {
  meanMs: number;
  p99Ms: number;
}

/** Places and removes VMs on a room that holds `vms` of them. */
export function measureDecisions(
  { workers, vms }: Pick<Load, "workers" | "vms">,
): DecisionFigures {
  const names = Array.from(
    { length: workers },
    (_, index) => `w${String(index).padStart(5, "0")}`,
  );
  const room = new Room(
    names.map((name) => ({
      name,
      state: "alive",
      capacity: { cpuMilli: 64_000, memoryMib: 131_072 },
      attributes: { zone: `z${name.at(-1)}` },
    })),
    [],
  );
  const specs = Array.from(
    { length: Math.ceil(vms / REPLICAS) },
    (_, index) => specOf(index),
  );
  let count = 0;
  const placeOne = () => {
    const spec = specs[count % specs.length]!;
    const vm = `bench/${spec.name}-${Math.floor(count / specs.length)}`;
    count++;
    const size = { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib };
    const { worker, why } = choosePlace(
      { vm, spec, size, avoid: [], nowMs: count },
      room,
    );
    if (worker === null) throw new Error(`${vm} found no place: ${why}`);
    const taken = { vm, worker, reserved: size, ports: [] };
    room.take(taken);
    return taken;
  };
  while (count < vms) placeOne();
  const times: number[] = [];
  for (let round = 0; round < WARM_UP_DECISIONS + DECISIONS; round++) {
    const startMs = performance.now();
    const taken = placeOne();
    if (round >= WARM_UP_DECISIONS) times.push(performance.now() - startMs);
    room.release(taken);
  }
  return {
    meanMs: times.reduce((sum, time) => sum + time, 0) / times.length,
    p99Ms: percentile(times, 99),
  };
}

/** What a publish brings: as many specs as make `PUBLISHED` instances. */
function publishedSpecs(round: number): VmSpec[] {
  return Array.from({ length: PUBLISHED / REPLICAS }, (_, index) => ({
    ...specOf(index),
    env: { ROUND: String(round) },
    replicas: REPLICAS,
  }));
}

export interface PlacingFigures {
  perSecond: number;
  /** From a publish to all of it placed and committed. */
  msPerPublish: number;
  /** What of it this process was computing: on a machine with other load the rest is waiting. */
  cpuMsPerPublish: number;
}

/** Publishes clusters of 1000 VMs to a master that has this load, one after the other. */
export async function measurePlacing(load: Load): Promise<PlacingFigures> {
  const directory = await Deno.makeTempDir({ prefix: "procurator-bench-" });
  try {
    const store = openStore(`${directory}/master.db`);
    using _closed = { [Symbol.dispose]: () => store.close() };
    const { service, clock } = await LoadedMaster.create(load, store);
    const spentMs: number[] = [];
    const cpuMs: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const vmSpecs = publishedSpecs(round);
      const cluster = `n${round}`;
      const request = {
        cluster,
        repository: cluster,
        commit: "c0ffee0003",
        generation: 1,
        parent: 0,
        intentHash: intentHash(vmSpecs),
        vmSpecs,
      };
      clock.advance(100);
      const startMs = performance.now();
      const begun = cpuUsage();
      await service.publishState(request);
      await service.tick();
      const tookMs = performance.now() - startMs;
      const { user, system } = cpuUsage(begun);
      const placed = service.views.getClusterStatus(cluster).vms
        .filter(({ worker }) => worker !== "").length;
      if (placed !== PUBLISHED) {
        throw new Error(
          `${placed} of ${PUBLISHED} VMs were placed by one tick`,
        );
      }
      if (round < WARM_UP) continue;
      spentMs.push(tookMs);
      cpuMs.push((user + system) / 1000);
    }
    const msPerPublish = median(spentMs);
    return {
      perSecond: 1000 * PUBLISHED / msPerPublish,
      msPerPublish,
      cpuMsPerPublish: median(cpuMs),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
