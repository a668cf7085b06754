/**
 * Whether a VM that changes where it is would be switched while it runs, or
 * restarted, as far as its worker has told. Pure; the worker decides it anew
 * when it comes to it.
 *
 * @module
 */
import { splitVmId } from "../../model/ids.ts";
import type { PlanChange } from "../../model/plan.ts";
import { switchHindrance } from "../../model/user_space.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PlacementDoc } from "./documents.ts";
import type { ClusterState } from "./generations.ts";
import type { SpecView, WorkerView } from "./snapshot.ts";

/** What is known of what runs, and where. */
export interface Standing {
  known: ClusterState | undefined;
  workers: ReadonlyMap<string, WorkerView>;
  specsOf(
    cluster: string,
    intentHash: string,
  ): ReadonlyMap<string, SpecView> | undefined;
}

/** The spec of a copy that is placed; undefined when its generation is no longer kept. */
function specOf(
  { known, specsOf }: Standing,
  { vm, generation }: PlacementDoc,
): VmSpec | undefined {
  const doc = known?.generations.get(generation);
  if (known === undefined || doc === undefined) return undefined;
  const name = splitVmId(vm).vm;
  return specsOf(known.cluster.name, doc.intentHash)?.get(name)?.spec;
}

/** How a copy becomes one of `wanted`; `reason` is the plan's own. */
export function wayOfChange(
  standing: Standing,
  ends: { before: PlacementDoc; after: PlacementDoc; wanted: SpecView },
  reason: string,
): Pick<PlanChange, "kind" | "reason"> {
  const { before, after, wanted } = ends;
  const replaced = { kind: "replace" as const, reason };
  const stays = before.worker === after.worker &&
    before.incarnation === after.incarnation;
  const spec = specOf(standing, before);
  if (!stays || spec?.image.root !== "store") return replaced;
  const hindrance = switchHindrance(spec, wanted.spec);
  if (hindrance !== null) return { ...replaced, reason: hindrance };
  const attributes = standing.workers.get(before.worker)?.doc.attributes;
  return attributes?.switch === "true"
    ? { kind: "switch", reason }
    : { ...replaced, reason: `${before.worker} does not switch guests` };
}
