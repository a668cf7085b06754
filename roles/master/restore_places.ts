/**
 * Writes into a store that is restored where copies may be that it knows
 * nothing of: core/restore_doubt.ts says which, this finds what it looks at.
 *
 * @module
 */
import { splitVmId, vmId } from "../model/ids.ts";
import { parseJsonWith } from "../model/parse.ts";
import {
  type ClusterDoc,
  IntentDoc,
  type PlacementDoc,
  placementKey,
  type WorkerDoc,
} from "./core/documents.ts";
import { doubtfulCopies } from "./core/restore_doubt.ts";
import type { Draft } from "./documents.ts";

/** What the replaced store says of where things are. */
export interface Placed {
  placements: PlacementDoc[];
  workers: WorkerDoc[];
  clusters: ClusterDoc[];
  /** The subnet that was given out last. */
  lastSubnet?: string | undefined;
}

/** Incarnations that a store which cannot be read any more may have given out: far more than any day's. */
const UNKNOWN_INCARNATIONS = 1_000_000;

/** Instances that must never run twice, with the newest kept generation that says so. */
function exclusiveIn(draft: Draft): Map<string, number> {
  const exclusive = new Map<string, number>();
  for (
    const [, { cluster, generation, intentHash }] of draft.entries("generation")
  ) {
    const text = draft.get("intent", `${cluster}/${intentHash}`);
    if (text === undefined) continue;
    const { vms } = parseJsonWith(IntentDoc, text, {
      what: `the intent of generation ${generation} of "${cluster}"`,
    });
    for (const { name, fencing, replicas } of Object.values(vms)) {
      if (fencing !== "exclusive") continue;
      for (let ordinal = 0; ordinal < replicas; ordinal++) {
        const id = vmId(cluster, name, ordinal);
        exclusive.set(id, Math.max(exclusive.get(id) ?? 0, generation));
      }
    }
  }
  return exclusive;
}

/** Incarnations that the replaced store gave out are never given out again. */
function raiseIncarnations(draft: Draft, placed: Placed | null): void {
  const theirs = new Map(
    placed?.clusters.map(({ name, incarnations }) => [name, incarnations]),
  );
  for (const [name, doc] of [...draft.entries("cluster")]) {
    const incarnations = placed === null
      ? doc.incarnations + UNKNOWN_INCARNATIONS
      : Math.max(doc.incarnations, theirs.get(name) ?? 0);
    draft.put("cluster", name, { ...doc, incarnations });
  }
}

/** See {@linkcode doubtfulCopies}. `placed` null: the replaced store cannot be read. */
export function putInDoubt(draft: Draft, placed: Placed | null): void {
  raiseIncarnations(draft, placed);
  // A worker that joined since may have copies: it must be waited for as well.
  for (const worker of placed?.workers ?? []) {
    if (draft.get("worker", worker.name) === undefined) {
      draft.put("worker", worker.name, worker);
    }
  }
  const exclusive = exclusiveIn(draft);
  if (exclusive.size === 0) return;
  const docs = doubtfulCopies({
    exclusive,
    placements: [...draft.entries("placement")].map(([, doc]) => doc),
    replaced: placed?.placements ?? null,
    workers: [...draft.entries("worker")].map(([name]) => name),
    nextIncarnation: (vm) => {
      const { cluster } = splitVmId(vm);
      const doc = draft.get("cluster", cluster);
      if (doc === undefined) throw new Error(`no cluster of ${vm}`);
      const incarnations = doc.incarnations + 1;
      draft.put("cluster", cluster, { ...doc, incarnations });
      return incarnations;
    },
  });
  for (const doc of docs) draft.put("placement", placementKey(doc), doc);
}
