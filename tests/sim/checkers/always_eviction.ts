/**
 * Who gives way has lower priority than the one it gives way to, nobody goes
 * without need, and nobody goes where lower priorities would do.
 *
 * Looked at when evictions are committed, by arithmetic of its own over all
 * placements of that worker. Where it cannot know what exactly was asked for
 * (room for a fallback as well, others without a place that were promised room
 * there) it takes the most there can be. Of several that come at once each is
 * judged by what it found: the best choice for all together is not promised.
 *
 * @module
 */
import {
  type PlacementDoc,
  placementKey,
} from "../../../roles/master/core/documents.ts";
import type { MasterService } from "../../../roles/master/service.ts";
import { splitVmId, vmId } from "../../../roles/model/ids.ts";
import type { VmSpec } from "../../../roles/model/vm_spec.ts";
import { CLUSTER } from "../catalogue.ts";
import type { MakeChecker } from "./checker.ts";

/** What one that has no place is told, with where its room is being made. */
const ROOM = /room (?:is free )?on (\S+)/;
/** It waits for something that no eviction gives it. */
const OTHER_WAIT = /Cannot place|is healthy|is paused/;
const PREEMPTED = /preempted by (\S+), which has priority (\d+)/;

interface Size {
  cpuMilli: number;
  memoryMib: number;
}

/** Of so many others every order is looked at: 1024 choices. */
const MAX_OTHERS = 10;

/** Evictions of one commit on one worker. */
interface Eviction {
  /** Those that get room, with their priorities. */
  by: Map<string, number>;
  evicted: PlacementDoc[];
  /** Of `evicted`, for whom each one went. */
  givesTo: Map<PlacementDoc, string>;
  /** Copies on that worker that stay. */
  staying: PlacementDoc[];
  /** Others that had no place. */
  missing: string[];
}

function sum(sizes: readonly Size[]): Size {
  return {
    cpuMilli: sizes.reduce((total, size) => total + size.cpuMilli, 0),
    memoryMib: sizes.reduce((total, size) => total + size.memoryMib, 0),
  };
}

function covers(size: Size, need: Size): boolean {
  return size.cpuMilli >= need.cpuMilli && size.memoryMib >= need.memoryMib;
}

/** All choices of some of these, none and all included. */
function subsets(of: readonly string[]): string[][] {
  return of.reduce<string[][]>(
    (known, one) => [...known, ...known.map((some) => [...some, one])],
    [[]],
  );
}

function minus(a: Size, b: Size): Size {
  return {
    cpuMilli: a.cpuMilli - b.cpuMilli,
    memoryMib: a.memoryMib - b.memoryMib,
  };
}

export const alwaysEviction: MakeChecker = (
  { trace, transitions, workload, hosts, kernel },
) => {
  const specOf = ({ vm, generation }: PlacementDoc): VmSpec | undefined =>
    workload.sent.get(generation)?.vmSpecs.find(({ name }) =>
      name === splitVmId(vm).vm
    );
  const specsOf = (vm: string): VmSpec[] =>
    [...workload.sent.values()].flatMap(({ vmSpecs }) =>
      vmSpecs.filter(({ name }) => name === splitVmId(vm).vm)
    );
  const mostOf = (vm: string): Size => ({
    cpuMilli: Math.max(...specsOf(vm).map(({ cpuMilli }) => cpuMilli)),
    memoryMib: Math.max(...specsOf(vm).map(({ memoryMib }) => memoryMib)),
  });
  /** By the events: what they hold is wanted elsewhere. */
  const lost = new Set<string>();
  let service: MasterService | null = null;

  /** Instances without a place, or with one on a lost worker. */
  const missing = (): string[] => {
    const { cluster, placements } = transitions;
    const { rollout, active = 0 } = cluster ?? {};
    const isRolling = rollout?.state === "running" ||
      rollout?.state === "paused";
    const target = workload.sent.get(isRolling ? rollout.generation : active);
    const placed = new Set(
      [...placements.values()]
        .filter(({ leaving, worker }) => !leaving && !lost.has(worker))
        .map(({ vm }) => vm),
    );
    return (target?.vmSpecs ?? []).flatMap(({ name, replicas }) =>
      Array.from(
        { length: replicas },
        (_, ordinal) => vmId(CLUSTER, name, ordinal),
      )
    ).filter((vm) => !placed.has(vm));
  };
  /** By what is said of them after that look: those that were promised room on this worker, and those that were not. */
  const promises = (worker: string) => {
    const here = new Set<string>();
    const elsewhere = new Set<string>();
    for (
      const { id, message } of service?.views.getClusterStatus(CLUSTER).vms ??
        []
    ) {
      const room = ROOM.exec(message)?.[1];
      const isWaiting = room === undefined
        ? OTHER_WAIT.test(message)
        : room !== worker;
      if (isWaiting) elsewhere.add(id);
      // One that failed where it is waits as well, though it has a place.
      else if (room === worker) here.add(id);
    }
    return { here, elsewhere };
  };
  const publishes = (vm: string) =>
    specsOf(vm).some(({ network }) =>
      network.ports.some(({ publish }) => publish !== undefined)
    );

  const look = (worker: string, eviction: Eviction) => {
    const { by, evicted, staying } = eviction;
    const host = hosts.find(({ name }) => name === worker);
    if (host === undefined) return;
    const broken = (text: string) => trace.broken("always_eviction", text);
    const priorities = evicted.map((copy) => specOf(copy)?.priority ?? 0);
    const highest = Math.max(...priorities);
    if (highest >= Math.max(...by.values())) {
      return broken(`on ${worker} one of priority ${highest} gave way`);
    }
    // A host port is held whatever room there is.
    if ([...by.keys()].some(publishes)) return;
    const free = minus(host.capacity, sum(staying.map((p) => p.reserved)));
    const { here, elsewhere } = promises(worker);
    const waiting = eviction.missing.filter((vm) => !elsewhere.has(vm));
    const asking = new Set([...by.keys(), ...waiting, ...here]);
    const need = sum([...asking].map(mostOf));
    const victimsOf = (winner: string) =>
      evicted.filter((one) => eviction.givesTo.get(one) === winner);
    const winners = [...by.keys()];
    for (const copy of evicted) {
      const winner = eviction.givesTo.get(copy) ?? "";
      const others = winners.filter((one) => one !== winner);
      // Who asked before it is not known: one order that explains it is enough.
      const isNeeded = subsets(others.slice(0, MAX_OTHERS)).some((later) => {
        const held = later.flatMap(victimsOf).map((one) => one.reserved);
        const asked = [...asking].filter((vm) => !later.includes(vm));
        const room = minus(minus(free, sum(held)), copy.reserved);
        return !covers(room, sum(asked.map(mostOf)));
      });
      if (isNeeded) continue;
      return broken(
        `${copy.vm} gave way on ${worker} to ${winner} without need: ${free.memoryMib} MiB are free with it, ${need.memoryMib} are asked for`,
      );
    }
    const lower = staying.filter((copy) => {
      const spec = specOf(copy);
      return spec !== undefined && spec.priority < highest &&
        spec.fencing === "none" && spec.volumes.length === 0;
    });
    const kept = evicted.filter((_, index) => priorities[index] !== highest);
    const lowest = sum([...lower, ...kept].map((p) => p.reserved));
    const others = minus(free, sum(evicted.map((p) => p.reserved)));
    if (by.size > 1 || !covers(sum([lowest, others]), need)) return;
    broken(
      `on ${worker} one of priority ${highest} gave way where lower ones would do`,
    );
  };

  return {
    // A master that begins counts every lease as renewed.
    masterUp(master) {
      lost.clear();
      service = master;
    },
    eventsCommitted(events) {
      const evictions = new Map<string, Eviction>();
      for (const { topic, subject, message } of events) {
        if (topic === "worker") {
          if (message.startsWith("is lost")) lost.add(subject);
          else if (/^(is back|answers again)/.test(message)) {
            lost.delete(subject);
          }
        }
        const found = topic === "vm" ? PREEMPTED.exec(message) : null;
        if (found === null) continue;
        const copy = [...transitions.placements.values()].find((placement) =>
          placement.vm === subject && placement.leaving &&
          message.includes(placement.worker)
        );
        if (copy === undefined) continue;
        const [, by = "", priority = "0"] = found;
        trace.seen("preempt", copy.worker, `${subject} by ${by}`);
        const eviction: Eviction = evictions.get(copy.worker) ??
          {
            by: new Map(),
            evicted: [],
            givesTo: new Map(),
            staying: [],
            missing: [],
          };
        evictions.set(copy.worker, eviction);
        eviction.by.set(by, Number(priority));
        eviction.evicted.push(copy);
        eviction.givesTo.set(copy, by);
      }
      if (evictions.size === 0) return;
      const copies = [...transitions.placements.values()];
      const gone = new Set(
        [...evictions.values()].flatMap(({ evicted }) =>
          evicted.map(({ vm }) => vm)
        ),
      );
      for (const [worker, eviction] of evictions) {
        eviction.staying = copies.filter((copy) =>
          copy.worker === worker &&
          // What else ends by this commit may have been told to after the evictions.
          (!copy.leaving ||
            (transitions.left.has(placementKey(copy)) && !gone.has(copy.vm)))
        );
        eviction.missing = missing().filter((vm) => !gone.has(vm));
      }
      // What is said of a look is known when its commit is through.
      kernel.after(0, () => {
        for (const [worker, eviction] of evictions) look(worker, eviction);
      });
    },
  };
};
