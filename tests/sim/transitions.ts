/**
 * What the master commits, told apart: from two versions of a document to the
 * kind of step between them. The trace is written from it, and checkers see
 * every committed state of the cluster.
 *
 * @module
 */
import type { StoreOperation } from "../../roles/master/store.ts";
import type {
  ClusterDoc,
  GenerationDoc,
  PlacementDoc,
  WorkerDoc,
} from "../../roles/master/core/documents.ts";
import type { NewEvent } from "../../roles/master/core/events.ts";
import type { Seen, Trace } from "./trace.ts";

export class Transitions {
  readonly placements = new Map<string, PlacementDoc>();
  /** Copies that the last commit told to end. */
  readonly left = new Set<string>();
  readonly generations = new Map<string, GenerationDoc>();
  cluster: ClusterDoc | null = null;
  /** Told of all placements that a commit changed. */
  onPlacements: (
    changes: readonly (readonly [string, PlacementDoc | null])[],
  ) => void = () => undefined;
  /** Told of each committed state of a generation. */
  onGeneration: (doc: GenerationDoc) => void = () => undefined;
  /** Told when a worker's orders have changed. */
  onOrders: (worker: string, revision: number) => void = () => undefined;
  readonly #workers = new Map<string, WorkerDoc>();
  readonly #trace: Trace;
  /** Told when a worker is given other content to run. */
  onUpdate: (placement: PlacementDoc) => void = () => undefined;
  /** Told of each committed state of the cluster. */
  onCluster: (doc: ClusterDoc) => void = () => undefined;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Committed by now. */
  events = 0;
  onEvents: (events: readonly NewEvent[]) => void = () => undefined;

  committed(
    operations: readonly StoreOperation[],
    events: readonly NewEvent[],
  ): void {
    this.left.clear();
    // What follows from the cluster's state is looked at in its light.
    const ordered = [
      ...operations.filter(({ kind }) => kind === "cluster"),
      ...operations.filter(({ kind }) => kind !== "cluster"),
    ];
    for (const { kind, id, json } of ordered) {
      switch (kind) {
        case "placement":
          this.#placement(id, json);
          break;
        case "generation":
          this.#generation(id, json);
          break;
        case "cluster":
          if (json !== null) this.#cluster(JSON.parse(json));
          break;
        case "worker":
          if (json !== null) this.#worker(id, JSON.parse(json));
      }
    }
    this.onPlacements(
      ordered.filter(({ kind }) => kind === "placement").map((
        { id },
      ) => [id, this.placements.get(id) ?? null]),
    );
    this.events += events.length;
    this.onEvents(events);
  }

  #placement(id: string, json: string | null): void {
    const before = this.placements.get(id);
    if (json === null) {
      this.placements.delete(id);
      this.#trace.seen("forget", before?.worker ?? "", id);
      return;
    }
    const after: PlacementDoc = JSON.parse(json);
    this.placements.set(id, after);
    const kind = before === undefined ? "place" : placementStep(before, after);
    if (kind === "update") this.onUpdate(after);
    if (kind === "leave") this.left.add(id);
    this.#trace.seen(
      kind,
      after.worker,
      `${id} @${after.generation} r${after.orderRevision} ${
        after.runtimeHash.slice(0, 8)
      }`,
    );
  }

  #generation(id: string, json: string | null): void {
    const before = this.generations.get(id);
    if (json === null) {
      this.generations.delete(id);
      return;
    }
    const after: GenerationDoc = JSON.parse(json);
    this.generations.set(id, after);
    this.onGeneration(after);
    if (before?.state === after.state) return;
    const kinds = {
      pending: "hold",
      rolling: "roll-out",
      active: "promote",
      failed: "fail",
      superseded: "supersede",
    } as const;
    this.#trace.seen(kinds[after.state], "master", `${id} ${after.reason}`);
  }

  #cluster(doc: ClusterDoc): void {
    this.cluster = doc;
    this.#trace.line(
      "master",
      `cluster plan ${doc.planRevision}: active ${doc.active}, highest ${doc.highest}, ${
        doc.held ? "held, " : ""
      }rollout ${doc.rollout?.generation ?? 0} ${doc.rollout?.state ?? ""}`,
    );
    this.onCluster(doc);
  }

  #worker(id: string, doc: WorkerDoc): void {
    const before = this.#workers.get(id);
    this.#workers.set(id, doc);
    if (before !== undefined && doc.revision > before.revision) {
      this.onOrders(id, doc.revision);
    }
    if (before !== undefined && doc.term > before.term) {
      this.#trace.seen("new-term", id, String(doc.term));
    }
  }
}

function placementStep(before: PlacementDoc, after: PlacementDoc): Seen {
  if (after.leaving && !before.leaving) return "leave";
  if (after.runtimeHash !== before.runtimeHash) return "update";
  if (after.orderRevision !== before.orderRevision) {
    const isSame = after.generation === before.generation &&
      after.policyHash === before.policyHash;
    return isSame ? "reissue" : "relabel";
  }
  if (after.acknowledged && !before.acknowledged) return "acknowledge";
  const isRoom = after.reserved.memoryMib !== before.reserved.memoryMib ||
    after.reserved.cpuMilli !== before.reserved.cpuMilli ||
    after.ports.length !== before.ports.length ||
    after.avoid.length < before.avoid.length;
  return isRoom ? "settle" : "avoid";
}
