/**
 * What a plan works on: the instances that should be there, and what follows
 * for a placement from the spec it carries. No decisions about when.
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PlacementDoc } from "./documents.ts";
import { largerOf, publishedPorts, type Size } from "./placing.ts";
import type { IntentView, Observations, SpecView } from "./snapshot.ts";

/**
 * `rolling`: towards the target with its rollout undecided. `settled`: the
 * target is the active generation. `frozen`: a failed rollout that must not
 * revert; what runs stays.
 */
export type PlanMode = "rolling" | "settled" | "frozen";

/** A VM is to go elsewhere, as soon as availability allows it. */
export interface MoveRequest {
  /** null: wherever there is room. */
  to: string | null;
  reason: string;
  /**
   * Availability is given up for it: it ends at once, with or without a place
   * elsewhere. One with volumes then waits for the worker that has them.
   */
  isForced: boolean;
}

export interface ClusterInput {
  cluster: string;
  mode: PlanMode;
  /** A rollout that takes no further step: only what was there is kept up. */
  isPaused: boolean;
  /** Canaries and green copies become the main ones when all are ready. */
  isPromoted: boolean;
  /** null: nothing should run. */
  target: IntentView | null;
  /** The generation orders fall back to; null: stop. */
  fallback: IntentView | null;
  /** All of the cluster, leaving ones included. */
  placements: readonly PlacementDoc[];
  /** The last incarnation given out. */
  incarnations: number;
  observed: Observations;
  /** The spec a placement carries; undefined when its generation is not kept. */
  specOf(generation: number, vm: string): SpecView | undefined;
  /** Where operators want VMs to go, by VM id: drains and rebalances. */
  moves: ReadonlyMap<string, MoveRequest>;
  /** The worker that has this instance's volumes; undefined: none has. */
  volumeOf(vm: string): string | undefined;
  /** It succeeded once: what it started was healthy for its time. */
  isProven(generation: number): boolean;
  nowMs: number;
}

/** One instance that should be there. */
export interface Wanted {
  id: string;
  view: SpecView;
  generation: number;
}

/** What a spec takes. */
export function sizeOf(spec: VmSpec): Size {
  return { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib };
}

/** What should be there, group by group, in the order of the specs. */
export function wantedGroups(input: ClusterInput, current: PlacementDoc[]) {
  const groups: Wanted[][] = [];
  if (input.mode === "frozen") {
    for (const placement of current) {
      const name = placement.vm.slice(
        input.cluster.length + 1,
        placement.vm.lastIndexOf("-"),
      );
      const view = input.specOf(placement.generation, name);
      if (view === undefined) continue;
      const { vm: id, generation } = placement;
      groups.push([{ id, view, generation }]);
    }
    return groups;
  }
  const { target } = input;
  if (target === null) return groups;
  for (const [name, view] of target.specs) {
    groups.push(Array.from({ length: view.spec.replicas }, (_, ordinal) => ({
      id: vmId(input.cluster, name, ordinal),
      view,
      generation: target.generation,
    })));
  }
  return groups;
}

/** The spec a worker goes back to by itself; undefined: it stops the VM. */
export function fallbackOf(
  input: ClusterInput,
  wanted: Wanted,
  isNew: boolean,
): SpecView | undefined {
  const { fallback, cluster, mode } = input;
  // A new copy of what is active has nothing better to go back to.
  if (isNew && mode === "settled") return undefined;
  const name = wanted.view.spec.name;
  const view = fallback?.specs.get(name);
  if (view === undefined) return undefined;
  if (view.runtimeHash === wanted.view.runtimeHash) return undefined;
  const ordinal = Number(wanted.id.slice(cluster.length + name.length + 2));
  return ordinal < view.spec.replicas ? view : undefined;
}

/** What is held on the worker for it: room for the fallback as well. */
export function sizeHeld(
  input: ClusterInput,
  wanted: Wanted,
  isNew: boolean,
): Size {
  const own = sizeOf(wanted.view.spec);
  const fallback = fallbackOf(input, wanted, isNew);
  return fallback === undefined ? own : largerOf(own, sizeOf(fallback.spec));
}

/** The fields of a placement that follow from the spec it carries. */
export function contentOf(
  input: ClusterInput,
  wanted: Wanted,
  isNew: boolean,
) {
  const fallback = fallbackOf(input, wanted, isNew);
  const { view, generation } = wanted;
  const own = publishedPorts(view.spec);
  const theirs = fallback === undefined ? [] : publishedPorts(fallback.spec);
  return {
    generation,
    runtimeHash: view.runtimeHash,
    policyHash: view.policyHash,
    fallbackGeneration: fallback === undefined
      ? 0
      : input.fallback?.generation ?? 0,
    reserved: sizeHeld(input, wanted, isNew),
    ports: [...new Set([...own, ...theirs])],
  };
}
