/**
 * The availability floor: while generations replace each other, at most
 * `maxParallel` instances of a VM are down. Claimed only where nothing else
 * takes instances down: no lost or rebooted workers, no guest that crashes
 * after it was committed, no failing hosts, no volumes' room to wait for.
 *
 * @module
 */
import { splitVmId } from "../../../roles/model/ids.ts";
import { GENTLE_GROUPS } from "../plan.ts";
import { CLUSTER } from "../workload.ts";
import type { MakeChecker, World } from "./checker.ts";

interface Floor {
  /** Instances that every intent so far asks for. */
  replicas: number;
  /** The largest of all intents. */
  maxParallel: number;
  /** All of them have answered at some time. */
  isArmed: boolean;
}

function answering(world: World, vm: string, replicas: number): number {
  let count = 0;
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const id = `${CLUSTER}/${vm}-${ordinal}`;
    const isUp = world.hosts.some((host) =>
      host.copies(id).some((vm) => host.answers(vm))
    );
    if (isUp) count++;
  }
  return count;
}

export const alwaysAvailability: MakeChecker = (world) => {
  const { plan, trace, workload } = world;
  const isGentle = [...plan.faults].every((group) =>
    GENTLE_GROUPS.includes(group)
  );
  if (!isGentle) return {};
  const floors = new Map<string, Floor>();
  let learned = 0;
  // An intent may be in force before its publisher has an answer, and again after a rollback.
  const learn = () => {
    if (workload.sent.size === learned) return;
    learned = workload.sent.size;
    const last = [...workload.sent.values()].at(-1);
    const specs = new Map(last?.vmSpecs.map((spec) => [spec.name, spec]));
    for (const [name, floor] of floors) {
      const replicas = specs.get(name)?.replicas ?? 0;
      floor.replicas = Math.min(floor.replicas, replicas);
    }
    for (const [name, { replicas, update: { maxParallel } }] of specs) {
      const floor = floors.get(name) ??
        { replicas, maxParallel, isArmed: false };
      floor.maxParallel = Math.max(floor.maxParallel, maxParallel);
      floors.set(name, floor);
    }
  };
  const arm = () => {
    learn();
    for (const [name, floor] of floors) {
      floor.isArmed ||= answering(world, name, floor.replicas) ===
        floor.replicas;
    }
  };
  return {
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
