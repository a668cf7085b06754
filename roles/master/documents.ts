/**
 * The master's documents in memory, and drafts of changes to them. Memory
 * follows the store: a draft is seen by nobody until its commit has succeeded.
 * Decides nothing.
 *
 * @module
 */
import { z } from "zod";
import { Counter } from "../model/ids.ts";
import { parseJsonWith } from "../model/parse.ts";
import {
  ClusterDoc,
  GenerationDoc,
  OperationDoc,
  PlacementDoc,
  VolumeDoc,
  WorkerDoc,
} from "./core/documents.ts";
import type { NewEvent } from "./core/events.ts";
import type { Store, StoreOperation } from "./store.ts";
import { byFirstPart, type Index, Table } from "./table.ts";

/** What the store knows of itself; one document, `master`. */
const StoreDoc = z.strictObject({
  /** The highest part of every lease epoch; rises with a restore. */
  incarnation: Counter,
  /** The usable workers that the last tick saw: see core/plan_revision.ts. */
  usable: z.strictObject({ fingerprint: Counter, revision: Counter }).default({
    fingerprint: 0,
    revision: 0,
  }),
  /** The subnet that was given out last; absent: none was. */
  lastSubnet: z.cidrv4().optional(),
});

const SCHEMAS = {
  store: StoreDoc,
  cluster: ClusterDoc,
  generation: GenerationDoc,
  /** Kept as text: thousands of parsed specs that nobody looks at would slow every garbage collection down. */
  intent: z.string(),
  placement: PlacementDoc,
  worker: WorkerDoc,
  volume: VolumeDoc,
  operation: OperationDoc,
};

/** The one document of kind `store`. */
export const STORE_ID = "master";

/** What a new store knows of itself. */
export const FIRST_STORE: DocumentOf<"store"> = {
  incarnation: 1,
  usable: { fingerprint: 0, revision: 0 },
};

/** A kind of document. */
export type Kind = keyof typeof SCHEMAS;
/** The document of a kind. */
export type DocumentOf<K extends Kind> = z.output<typeof SCHEMAS[K]>;

type AnyDocument = DocumentOf<Kind>;
const KINDS = Object.keys(SCHEMAS) as Kind[];

/** Reading, the same for what is committed and for a draft. */
export interface Reading {
  get<K extends Kind>(kind: K, id: string): DocumentOf<K> | undefined;
  /**
   * All of a kind whose id begins with `prefix`. Costs what it finds when the
   * prefix is `cluster/`, or `cluster/vm-0#` of placements; else it walks.
   */
  entries<K extends Kind>(
    kind: K,
    prefix?: string,
  ): Iterable<[string, DocumentOf<K>]>;
  /** By id, leaving ones included. */
  entriesOn(worker: string): Iterable<[string, PlacementDoc]>;
  /** Leaving ones included. */
  placementsOn(worker: string): Iterable<PlacementDoc>;
  /** What the placements on a worker hold, leaving ones included. */
  heldOn(worker: string): Size;
  /** How many there are of a kind. */
  count(kind: Kind): number;
}

type Size = PlacementDoc["reserved"];

/** Sums of what placements hold by worker: kept beside the documents, and not by the room that plans are made in, so that one can prove the other wrong. */
class Sums {
  readonly #byWorker = new Map<string, Size>();

  of(worker: string): Size {
    return this.#byWorker.get(worker) ?? { cpuMilli: 0, memoryMib: 0 };
  }

  replace(before: PlacementDoc | null, after: PlacementDoc | null): void {
    if (before !== null) this.#add(before, -1);
    if (after !== null) this.#add(after, 1);
  }

  #add({ worker, reserved }: PlacementDoc, sign: 1 | -1): void {
    const { cpuMilli, memoryMib } = this.of(worker);
    this.#byWorker.set(worker, {
      cpuMilli: cpuMilli + sign * reserved.cpuMilli,
      memoryMib: memoryMib + sign * reserved.memoryMib,
    });
  }
}

/** A document that a commit changed; null: it was not, or is no longer there. */
export interface DocumentChange<K extends Kind = Kind> {
  kind: K;
  id: string;
  before: DocumentOf<K> | null;
  after: DocumentOf<K> | null;
}

/** True, and the compiler knows it, when a change is of this kind. */
export function isChangeOf<K extends Kind>(
  change: DocumentChange,
  kind: K,
): change is DocumentChange<K> {
  return change.kind === kind;
}

interface Entry {
  /** null, only in drafts: deleted. */
  doc: AnyDocument | null;
  revision: number;
}

const byCluster: Index<Entry> = byFirstPart("/");
const byVm: Index<Entry> = byFirstPart("#");
const byWorker: Index<Entry> = {
  keyOf: (_id, { doc }) =>
    doc === null ? undefined : (doc as PlacementDoc).worker,
};

const INDEXES: Partial<Record<Kind, readonly Index<Entry>[]>> = {
  generation: [byCluster],
  intent: [byCluster],
  placement: [byCluster, byVm, byWorker],
  volume: [byCluster],
};

function tableOf(kind: Kind): Table<Entry> {
  return new Table(INDEXES[kind]);
}

/** What is committed. */
export class Documents implements Reading {
  readonly #tables = new Map(KINDS.map((kind) => [kind, tableOf(kind)]));
  readonly #sums = new Sums();

  /** Loads everything; a document that does not parse names itself and stops the start. */
  static async load(store: Store): Promise<Documents> {
    const documents = new Documents();
    for (const kind of KINDS) {
      for (const { id, revision, json } of await store.list(kind)) {
        const doc = kind === "intent" ? json : parseJsonWith(
          SCHEMAS[kind],
          json,
          {
            what: `the stored ${kind} "${id}"`,
            hint: "restore the master's database from a backup",
          },
        );
        documents.#set(kind, id, { doc, revision });
      }
    }
    return documents;
  }

  #table(kind: Kind): Table<Entry> {
    const table = this.#tables.get(kind);
    if (table === undefined) throw new Error(`no table for ${kind}`);
    return table;
  }

  /** The document that was there before. */
  #set(
    kind: Kind,
    id: string,
    entry: { doc: AnyDocument | null; revision: number },
  ): AnyDocument | null {
    const table = this.#table(kind);
    const before = table.get(id)?.doc ?? null;
    if (entry.doc === null) table.delete(id);
    else table.set(id, entry);
    if (kind === "placement") {
      this.#sums.replace(
        before as PlacementDoc | null,
        entry.doc as PlacementDoc | null,
      );
    }
    return before;
  }

  get<K extends Kind>(kind: K, id: string): DocumentOf<K> | undefined {
    return this.#table(kind).get(id)?.doc as DocumentOf<K> | undefined;
  }

  heldOn(worker: string): Size {
    return this.#sums.of(worker);
  }

  revision(kind: Kind, id: string): number {
    return this.#table(kind).get(id)?.revision ?? 0;
  }

  count(kind: Kind): number {
    return this.#table(kind).size;
  }

  *entries<K extends Kind>(
    kind: K,
    prefix = "",
  ): Generator<[string, DocumentOf<K>]> {
    for (const [id, { doc }] of this.#table(kind).beginning(prefix)) {
      yield [id, doc as DocumentOf<K>];
    }
  }

  *entriesOn(worker: string): Generator<[string, PlacementDoc]> {
    for (
      const [id, { doc }] of this.#table("placement").under(byWorker, worker)
    ) {
      yield [id, doc as PlacementDoc];
    }
  }

  placementsOn(worker: string): Iterable<PlacementDoc> {
    return docsOf(this.entriesOn(worker));
  }

  /** Takes over a draft whose commit has succeeded, and says what was before. */
  accept(draft: Draft, revision: number): DocumentChange[] {
    const changes: DocumentChange[] = [];
    for (const { kind, id, doc } of draft.changes()) {
      const before = this.#set(kind, id, { doc, revision });
      if (before !== null || doc !== null) {
        changes.push({ kind, id, before, after: doc });
      }
    }
    return changes;
  }
}

function* docsOf<T>(entries: Iterable<[string, T]>): Generator<T> {
  for (const [, doc] of entries) yield doc;
}

/** Changes on top of what is committed, or of another draft. */
export class Draft implements Reading {
  readonly #base: Reading;
  readonly #changes = new Map<Kind, Table<Entry>>();
  /** What the changes add to the base's. */
  readonly #sums = new Sums();
  readonly #reasons = new Map<string, string>();
  /** Events that follow from no document. */
  readonly told: NewEvent[] = [];

  constructor(base: Reading) {
    this.#base = base;
  }

  /** Why a placement changes: for the events that follow from it. */
  explain(placement: string, reason: string): void {
    this.#reasons.set(placement, reason);
  }

  reasonOf(placement: string): string | undefined {
    return this.#reasons.get(placement);
  }

  /** Each change with what was there before. */
  *comparedWith(base: Reading): Generator<DocumentChange> {
    for (const { kind, id, doc } of this.changes()) {
      yield { kind, id, before: base.get(kind, id) ?? null, after: doc };
    }
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  get<K extends Kind>(kind: K, id: string): DocumentOf<K> | undefined {
    const changed = this.#changes.get(kind)?.get(id);
    if (changed === undefined) return this.#base.get(kind, id);
    return changed.doc === null ? undefined : changed.doc as DocumentOf<K>;
  }

  *entries<K extends Kind>(
    kind: K,
    prefix = "",
  ): Generator<[string, DocumentOf<K>]> {
    const changed = this.#changes.get(kind);
    for (const entry of this.#base.entries(kind, prefix)) {
      if (changed?.get(entry[0]) === undefined) yield entry;
    }
    for (const [id, { doc }] of changed?.beginning(prefix) ?? []) {
      if (doc !== null) yield [id, doc as DocumentOf<K>];
    }
  }

  *entriesOn(worker: string): Generator<[string, PlacementDoc]> {
    const changed = this.#changes.get("placement");
    if (changed === undefined) return yield* this.#base.entriesOn(worker);
    for (const entry of this.#base.entriesOn(worker)) {
      if (changed.get(entry[0]) === undefined) yield entry;
    }
    for (const [id, { doc }] of changed.under(byWorker, worker)) {
      yield [id, doc as PlacementDoc];
    }
  }

  placementsOn(worker: string): Iterable<PlacementDoc> {
    return docsOf(this.entriesOn(worker));
  }

  count(kind: Kind): number {
    let count = this.#base.count(kind);
    for (const [id, { doc }] of this.#changes.get(kind)?.beginning("") ?? []) {
      const isThere = this.#base.get(kind, id) !== undefined;
      count += Number(doc !== null) - Number(isThere);
    }
    return count;
  }

  put<K extends Kind>(kind: K, id: string, doc: DocumentOf<K>): void {
    this.#set(kind, id, doc);
  }

  delete(kind: Kind, id: string): void {
    this.#set(kind, id, null);
  }

  heldOn(worker: string): Size {
    const base = this.#base.heldOn(worker);
    const added = this.#sums.of(worker);
    return {
      cpuMilli: base.cpuMilli + added.cpuMilli,
      memoryMib: base.memoryMib + added.memoryMib,
    };
  }

  #set(kind: Kind, id: string, doc: AnyDocument | null): void {
    if (kind === "placement") {
      const before = this.get("placement", id) ?? null;
      this.#sums.replace(before, doc as PlacementDoc | null);
    }
    const table = this.#changes.get(kind) ?? tableOf(kind);
    table.set(id, { doc, revision: 0 });
    this.#changes.set(kind, table);
  }

  *changes(): Generator<{ kind: Kind; id: string; doc: AnyDocument | null }> {
    for (const [kind, table] of this.#changes) {
      for (const [id, { doc }] of table.beginning("")) yield { kind, id, doc };
    }
  }

  /** Takes over the changes of a draft made on top of this one. */
  merge(draft: Draft): void {
    for (const { kind, id, doc } of draft.changes()) this.#set(kind, id, doc);
  }

  /** What the store is asked to do: the whole draft or nothing. */
  operations(committed: Documents): StoreOperation[] {
    const operations: StoreOperation[] = [];
    for (const { kind, id, doc } of this.changes()) {
      const expectedRevision = committed.revision(kind, id);
      if (doc === null && expectedRevision === 0) continue;
      operations.push({
        kind,
        id,
        expectedRevision,
        json: doc === null || typeof doc === "string"
          ? doc
          : JSON.stringify(doc),
      });
    }
    return operations;
  }
}
