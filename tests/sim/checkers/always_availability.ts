/**
 * The availability floor: while generations replace each other, at most
 * `maxParallel` instances of a VM are down. Claimed only where nothing else
 * takes instances down: no lost or rebooted workers, no guest that crashes
 * after it was committed, no failing hosts, no volumes' room to wait for.
 *
 * @module
 */
import { splitVmId } from "../../../roles/model/ids.ts";
import type { FaultGroup } from "../plan.ts";
import { CLUSTER } from "../workload.ts";
import type { MakeChecker, World } from "./checker.ts";

/** Faults that end instances by themselves, or move them. */
const DISTURBING: readonly FaultGroup[] = [
  "partition",
  "workerCrash",
  "reboot",
  "vmCrashes",
  "fetch",
  "probes",
  "workerDisk",
];

interface Floor {
  replicas: number;
  maxParallel: number;
  /** All instances have answered since the last change of `replicas`. */
  isArmed: boolean;
}

function answering(world: World, vm: string, replicas: number): number {
  let count = 0;
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const id = `${CLUSTER}/${vm}-${ordinal}`;
    const isUp = world.hosts.some((host) => {
      const found = host.running.get(id);
      return found !== undefined && host.answers(found);
    });
    if (isUp) count++;
  }
  return count;
}

export const alwaysAvailability: MakeChecker = (world) => {
  const { plan, trace, workload } = world;
  if (DISTURBING.some((group) => plan.faults.has(group))) return {};
  const floors = new Map<string, Floor>();
  const learn = () => {
    const last = [...workload.sent.values()].at(-1);
    const names = new Map(
      (last?.vmSpecs ?? []).map((spec) => [spec.name, spec]),
    );
    for (const name of floors.keys()) if (!names.has(name)) floors.delete(name);
    for (const [name, spec] of names) {
      const known = floors.get(name);
      const { maxParallel } = spec.update;
      if (known?.replicas === spec.replicas) {
        known.maxParallel = Math.max(known.maxParallel, maxParallel);
      } else {
        floors.set(name, {
          replicas: spec.replicas,
          maxParallel,
          isArmed: false,
        });
      }
    }
  };
  const arm = () => {
    for (const [name, floor] of floors) {
      floor.isArmed ||= answering(world, name, floor.replicas) ===
        floor.replicas;
    }
  };
  return {
    published: learn,
    vmStarted: arm,
    vmEnded(_host, vm) {
      arm();
      const { vm: name } = splitVmId(vm.id);
      const floor = floors.get(name);
      if (floor === undefined || !floor.isArmed) return;
      const up = answering(world, name, floor.replicas);
      if (up >= floor.replicas - floor.maxParallel) return;
      trace.broken(
        "always_availability",
        `${up} of ${floor.replicas} ${name} answer, ${floor.maxParallel} may be down`,
      );
    },
  };
};
