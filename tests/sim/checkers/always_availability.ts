/**
 * The availability floor: while generations replace each other, at most
 * `maxParallel` instances of a VM are down, and none of a blue-green VM. Claimed only where nothing else
 * takes instances down: no lost or rebooted workers, no guest that crashes
 * after it was committed, no failing hosts, no volumes' room to wait for.
 *
 * @module
 */
import type { VmSpec } from "../../../roles/model/vm_spec.ts";
import { splitVmId } from "../../../roles/model/ids.ts";
import { CLUSTER } from "../catalogue.ts";
import type { MakeChecker, World } from "./checker.ts";

interface Floor {
  /** Instances that every intent so far asks for. */
  replicas: number;
  /** The largest of all intents. */
  maxParallel: number;
  /** All of them have answered at some time. */
  isArmed: boolean;
  strategy: VmSpec["update"]["strategy"];
  /** Until then the worker may be changing copies in place. */
  inPlaceUntilMs: number;
}

/** From the commit of such an order to the end of all that comes of it. */
const IN_PLACE_MS = 120_000;

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
  const { plan, trace, kernel, workload, transitions } = world;
  if (!plan.isGentle) return {};
  const floors = new Map<string, Floor>();
  /** In a full cluster, lower priorities give way to what is moved or comes back. */
  const givesWay = new Set<string>();
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
    const highest = Math.max(
      ...[...specs.values()].map(({ priority }) => priority),
    );
    for (const [name, { replicas, update, fencing, priority }] of specs) {
      if (plan.isTight && priority < highest) givesWay.add(name);
      if (givesWay.has(name)) {
        floors.delete(name);
        continue;
      }
      // A master that is away for a lease takes exclusive VMs down.
      if (fencing === "exclusive") continue;
      const { maxParallel, strategy } = update;
      const floor = floors.get(name) ??
        { replicas, maxParallel, strategy, isArmed: false, inPlaceUntilMs: 0 };
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
  /** Copies that come up beside the others take none of them down. */
  const mayBeDown = ({ strategy, maxParallel, inPlaceUntilMs }: Floor) =>
    strategy === "blue-green" && kernel.nowMs > inPlaceUntilMs &&
      workload.operator.drains === 0
      ? 0
      : maxParallel;
  return {
    // What goes back to the active generation does so in place, whatever its strategy.
    updated({ vm: id }) {
      if (transitions.cluster?.rollout?.state === "running") return;
      const floor = floors.get(splitVmId(id).vm);
      if (floor !== undefined) {
        floor.inPlaceUntilMs = kernel.nowMs + IN_PLACE_MS;
      }
    },
    vmStarted: arm,
    vmEnded(_host, vm) {
      arm();
      const { vm: name } = splitVmId(vm.id);
      const floor = floors.get(name);
      if (floor === undefined || !floor.isArmed) return;
      const up = answering(world, name, floor.replicas);
      const most = mayBeDown(floor);
      if (up >= floor.replicas - most) return;
      trace.broken(
        "always_availability",
        `${up} of ${floor.replicas} ${name} answer, ${most} may be down`,
      );
    },
  };
};
