/**
 * Independent invariants over the result of any plan. Shares no code with the
 * reconciler's own arithmetic, so that a mistake there shows here; asserted in
 * tests and before a plan is applied.
 *
 * @module
 */
import { type PlacementDoc, placementKey } from "./documents.ts";

interface CheckedWorker {
  name: string;
  capacity: { cpuMilli: number; memoryMib: number };
}

/**
 * What is broken about these placements, one sentence each; empty when nothing.
 * `touched` are the workers this plan gave something to: one that reported less
 * room than it had is not the plan's fault.
 */
export function checkPlacements(
  placements: Iterable<PlacementDoc>,
  workers: readonly CheckedWorker[],
  touched: ReadonlySet<string>,
): string[] {
  const broken: string[] = [];
  const keys = new Set<string>();
  const current = new Map<string, string>();
  const used = new Map<string, { cpu: number; memory: number }>();
  const ports = new Map<string, string>();
  for (const placement of placements) {
    const key = placementKey(placement);
    if (keys.has(key)) broken.push(`${key} is there twice`);
    keys.add(key);
    if (!placement.leaving) {
      const other = current.get(placement.vm);
      if (other !== undefined) {
        broken.push(`${placement.vm} has orders ${other} and ${key}`);
      }
      current.set(placement.vm, key);
    }
    if (!placement.leaving && placement.orderRevision === 0) {
      broken.push(`${key} has no order revision`);
    }
    const sum = used.get(placement.worker) ?? { cpu: 0, memory: 0 };
    sum.cpu += placement.reserved.cpuMilli;
    sum.memory += placement.reserved.memoryMib;
    used.set(placement.worker, sum);
    for (const port of placement.ports) {
      const at = `${placement.worker}:${port}`;
      const holder = ports.get(at);
      if (holder !== undefined && holder !== placement.vm) {
        broken.push(
          `host port ${at} is given to ${holder} and ${placement.vm}`,
        );
      }
      ports.set(at, placement.vm);
    }
  }
  for (const { name, capacity } of workers) {
    const sum = used.get(name);
    if (sum === undefined || !touched.has(name)) continue;
    if (sum.cpu > capacity.cpuMilli || sum.memory > capacity.memoryMib) {
      broken.push(
        `${name} is overcommitted: ${sum.memory} MiB and ${sum.cpu} mCPU of ${capacity.memoryMib} and ${capacity.cpuMilli}`,
      );
    }
  }
  return broken;
}
