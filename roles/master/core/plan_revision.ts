/**
 * The number that `expectedRevision` is compared with: what a plan that was
 * shown is based on. Two counters are added: the cluster's own, which rises
 * with what is desired and with the hold (generations.ts), and the store's,
 * which rises when the set of usable workers changes, or what they offer.
 * Observations of VMs raise neither, or no plan would live for a second.
 *
 * The set is compared by a fingerprint: a sum over its workers, so that it
 * costs an addition for each and nothing is kept but two numbers. A change
 * that no tick has recorded yet counts already.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ClusterDoc, WorkerDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";

/** What is stored of the set of usable workers. */
export interface UsableWorkers {
  fingerprint: number;
  revision: number;
}

/** Hex digits of a worker's part: 44 bits, so that sums stay far below 2^53 and two sets never meet by chance. */
const PART_DIGITS = 11;
const MODULUS = 2 ** 44;

/** By document: most are the same as at the last look. */
const parts = new WeakMap<WorkerDoc, number>();

/** A worker as a place: its name, what it offers, and the attributes that rules look at. */
function partOf(doc: WorkerDoc): number {
  const known = parts.get(doc);
  if (known !== undefined) return known;
  const text = JSON.stringify([
    doc.name,
    doc.capacity.cpuMilli,
    doc.capacity.memoryMib,
    Object.entries(doc.attributes).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  const digest = createHash("sha256").update(text).digest("hex");
  const part = Number.parseInt(digest.slice(0, PART_DIGITS), 16);
  parts.set(doc, part);
  return part;
}

/** The fingerprint of the workers that may be given VMs: alive and not cordoned. 0 when there is none. */
export function usableFingerprint(
  workers: Iterable<{ doc: WorkerDoc; state: Liveness }>,
): number {
  let sum = 0;
  for (const { doc, state } of workers) {
    if (state !== "alive" || doc.cordon !== null) continue;
    sum = (sum + partOf(doc)) % MODULUS;
  }
  return sum;
}

/** What is stored once this set has been seen; the same object when nothing changed. */
export function usableAfter(
  stored: UsableWorkers,
  fingerprint: number,
): UsableWorkers {
  return stored.fingerprint === fingerprint
    ? stored
    : { fingerprint, revision: stored.revision + 1 };
}

/**
 * A store that was restored begins as far above: more changes than one loses
 * between its backup and its restore, so that no number is shown twice.
 */
const REVISIONS_PER_INCARNATION = 1_000_000;

/** What the store knows, of which a plan revision is made. */
export interface RevisionSource {
  usable: UsableWorkers;
  /** 1 for a store that never was restored. */
  incarnation: number;
}

/** The plan revision of a cluster; undefined: of one that was never published. */
export function planRevisionOf(
  cluster: Pick<ClusterDoc, "planRevision"> | undefined,
  { usable, incarnation }: RevisionSource,
): number {
  return (incarnation - 1) * REVISIONS_PER_INCARNATION +
    (cluster?.planRevision ?? 0) + usable.revision;
}
