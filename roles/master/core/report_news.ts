/**
 * Which clusters a worker's report says something new about. A report that
 * repeats the last one, as a heartbeat does, says nothing. Decides nothing
 * about VMs.
 *
 * @module
 */
import { splitVmId } from "../../model/ids.ts";
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import { placementKey } from "./documents.ts";

/** Grows with every report and is never looked at by a plan. */
const IGNORED: ReadonlySet<string> = new Set(["healthyForMs"]);

/** Everything but what is ignored: a field that is added counts without being named here. */
export function isSameVm(a: ObservedVm, b: ObservedVm): boolean {
  if (a === b) return true;
  for (const key of Object.keys(b) as (keyof ObservedVm)[]) {
    if (!isSame(a[key], b[key]) && !IGNORED.has(key)) return false;
  }
  return true;
}

/** Values are small: ports, a reason, three numbers. Both come from one schema, so their keys are the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (
    typeof a !== "object" || typeof b !== "object" || a === null || b === null
  ) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  }
  const [before, after] = [Object.entries(a), Object.entries(b)];
  return before.length === after.length &&
    before.every(([key, value], at) => {
      const [otherKey, other] = after[at] ?? [];
      return key === otherKey && isSame(value, other);
    });
}

/** The worker itself is another, or has taken other orders: this says something of all that is placed on it. */
export function isNewsOfAll(
  before: WorkerReport | null,
  after: WorkerReport,
): boolean {
  return before === null || before.process !== after.process ||
    before.leaseEpoch !== after.leaseEpoch ||
    before.revision !== after.revision;
}

/** The clusters whose VMs are shown otherwise than before, or no longer. */
export function clustersInNews(
  before: Pick<WorkerReport, "vms">,
  after: Pick<WorkerReport, "vms">,
): Set<string> {
  const clusters = new Set<string>();
  const tell = ({ vm }: ObservedVm) => clusters.add(splitVmId(vm).cluster);
  const left = new Map(before.vms.map((vm) => [placementKey(vm), vm]));
  for (const vm of after.vms) {
    const key = placementKey(vm);
    const known = left.get(key);
    left.delete(key);
    if (known === undefined || !isSameVm(known, vm)) tell(vm);
  }
  for (const vm of left.values()) tell(vm);
  return clusters;
}
