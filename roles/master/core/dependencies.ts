/**
 * The order that dependsOn asks for: a VM is placed when those it depends on
 * are healthy, and updated in place when they are healthy on their new
 * content. Never decides anything else.
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PlanBuilder } from "./plan_builder.ts";

function isGroupHealthy(
  plan: PlanBuilder,
  name: string,
  isUpdate: boolean,
): boolean {
  const view = plan.input.target?.specs.get(name);
  if (view === undefined) return true;
  for (let ordinal = 0; ordinal < view.spec.replicas; ordinal++) {
    const copy = plan.mains.get(vmId(plan.input.cluster, name, ordinal));
    if (copy === undefined || !plan.isUp(copy)) return false;
    if (isUpdate && copy.runtimeHash !== view.runtimeHash) return false;
  }
  return true;
}

/** The first VM that this spec has to wait for; undefined: none. */
export function waitsForGroup(
  plan: PlanBuilder,
  spec: VmSpec,
  isUpdate = false,
): string | undefined {
  for (const name of spec.dependsOn) {
    const key = `${name} ${isUpdate}`;
    let isHealthy = plan.healthyGroups.get(key);
    if (isHealthy === undefined) {
      isHealthy = isGroupHealthy(plan, name, isUpdate);
      plan.healthyGroups.set(key, isHealthy);
    }
    if (!isHealthy) return name;
  }
  return undefined;
}
