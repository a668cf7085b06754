/**
 * What a plan works on: the instances that should be there, and what follows
 * for a placement from the spec it carries. No decisions about when.
 *
 * @module
 */
import type { Placement } from "../../model/blueprint.ts";
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
  /** The copy there is meant; one that is elsewhere already stays. */
  from: string;
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
  /** Over as many workers as possible, or on as few. */
  policy: Placement;
  /** How much of a spec's closure each worker has, from 0 to 1; undefined: not known. */
  closureShareOf?(spec: VmSpec): ((worker: string) => number) | undefined;
  /** It succeeded once: what it started was healthy for its time. */
  isProven(generation: number): boolean;
  /** What the last plan said of VMs: words to be kept, never a reason for a step. */
  lastReport?: ReadonlyMap<string, string>;
  nowMs: number;
}

/** One instance that should be there. */
export interface Wanted {
  id: string;
  view: SpecView;
  generation: number;
}

/**
 * What a copy is for: a main one that is new, a main one whose content
 * changes in place, or one beside the main one.
 */
export type CopyKind = "new" | "changed" | "surge";

/** What a spec takes. */
export function sizeOf(spec: VmSpec): Size {
  return { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib };
}

/** The VM's name in its id. */
export function nameOf(input: ClusterInput, id: string): string {
  return id.slice(input.cluster.length + 1, id.lastIndexOf("-"));
}

/** What runs is what should be there: each copy on the spec it carries. */
function frozenGroups(input: ClusterInput, current: Iterable<PlacementDoc>) {
  const groups = new Map<string, Wanted[]>();
  for (const { vm: id, generation } of current) {
    const name = nameOf(input, id);
    const view = input.specOf(generation, name);
    if (view === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [{ id, view, generation }]);
    else group.push({ id, view, generation });
  }
  return [...groups.values()];
}

/** What should be there, group by group, in the order of the specs. */
export function wantedGroups(
  input: ClusterInput,
  current: Iterable<PlacementDoc>,
): (readonly Wanted[])[] {
  if (input.mode === "frozen") return frozenGroups(input, current);
  const { target } = input;
  if (target === null) return [];
  return [...target.specs.values()].map((view) =>
    instancesOf(input.cluster, view, target.generation)
  );
}

/** By view, which is of one cluster: joining and hashing the ids again would be a third of a look. */
const instances = new WeakMap<
  SpecView,
  { cluster: string; generation: number; all: readonly Wanted[] }
>();

function instancesOf(
  cluster: string,
  view: SpecView,
  generation: number,
): readonly Wanted[] {
  const known = instances.get(view);
  if (known?.cluster === cluster && known.generation === generation) {
    return known.all;
  }
  const all = Array.from({ length: view.spec.replicas }, (_, ordinal) => ({
    id: vmId(cluster, view.spec.name, ordinal),
    view,
    generation,
  }));
  instances.set(view, { cluster, generation, all });
  return all;
}

/** What the active generation has for this instance; undefined: it does not have it. */
export function fallbackWanted(
  input: ClusterInput,
  id: string,
): Wanted | undefined {
  const { fallback } = input;
  const view = fallback?.specs.get(nameOf(input, id));
  if (fallback === null || view === undefined) return undefined;
  const ordinal = Number(id.slice(id.lastIndexOf("-") + 1));
  if (ordinal >= view.spec.replicas) return undefined;
  return { id, view, generation: fallback.generation };
}

/** The spec a worker goes back to by itself; undefined: it stops the VM. */
export function fallbackOf(
  input: ClusterInput,
  wanted: Wanted,
  kind: CopyKind,
): SpecView | undefined {
  // The old copy beside it is what there is to go back to.
  if (kind === "surge") return undefined;
  // A new copy of what is active has nothing better to go back to.
  if (kind === "new" && input.mode === "settled") return undefined;
  const view = fallbackWanted(input, wanted.id)?.view;
  // A worker that went back by itself to other fencing would run what its placement does not say.
  if (view?.spec.fencing !== wanted.view.spec.fencing) return undefined;
  return view.runtimeHash === wanted.view.runtimeHash ? undefined : view;
}

/** What is held on the worker for it: room for the fallback as well. */
export function sizeHeld(
  input: ClusterInput,
  wanted: Wanted,
  kind: CopyKind,
): Size {
  const own = sizeOf(wanted.view.spec);
  const fallback = fallbackOf(input, wanted, kind);
  return fallback === undefined ? own : largerOf(own, sizeOf(fallback.spec));
}

/**
 * The fields of a placement that follow from the spec it carries. A surge copy
 * holds the host ports that it will publish: they are its VM's, and nobody
 * else is to take them before it is promoted.
 */
export function contentOf(
  input: ClusterInput,
  wanted: Wanted,
  kind: CopyKind,
) {
  const fallback = fallbackOf(input, wanted, kind);
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
    reserved: sizeHeld(input, wanted, kind),
    ports: [...new Set([...own, ...theirs])],
  };
}
