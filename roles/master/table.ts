/**
 * A kind's documents by id, with the indexes that reading by cluster, by VM
 * and by worker needs. Used alike for what is committed and for what a draft
 * changes. Decides nothing.
 *
 * @module
 */

/**
 * Entries by id. Ids are paths: `cluster/rest` or `cluster/vm-0#7`; what
 * begins with such a first part, the separator included, is found without
 * walking the others.
 */
export class Table<T> {
  readonly #byId = new Map<string, T>();
  readonly #groups: readonly Group<T>[];

  /** @param indexes each says under which key an entry is found; undefined: under none. */
  constructor(indexes: readonly Index<T>[] = []) {
    this.#groups = indexes.map((index) => new Group(index));
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  set(id: string, entry: T): void {
    const before = this.#byId.get(id);
    this.#byId.set(id, entry);
    for (const group of this.#groups) {
      if (before !== undefined) group.replace(id, before, entry);
      else group.set(id, entry);
    }
  }

  delete(id: string): void {
    const before = this.#byId.get(id);
    if (before === undefined) return;
    this.#byId.delete(id);
    for (const group of this.#groups) group.remove(id, before);
  }

  /** The entries that an index has under a key. */
  under(index: Index<T>, key: string): Iterable<[string, T]> {
    const group = this.#groups.find((group) => group.index === index);
    if (group === undefined) throw new Error("no such index");
    return group.get(key);
  }

  /** The entries whose id begins with `prefix`. */
  *beginning(prefix: string): Generator<[string, T]> {
    const group = this.#groups.find(({ index }) =>
      index.separator !== undefined && isFirstPart(prefix, index.separator)
    );
    if (group !== undefined) return yield* group.get(prefix);
    for (const entry of this.#byId) {
      if (entry[0].startsWith(prefix)) yield entry;
    }
  }
}

/** Where entries are found besides under their id. */
export interface Index<T> {
  keyOf(id: string, entry: T): string | undefined;
  /** The key is the id's first part up to this, which is part of it. */
  separator?: string;
}

/** By the id up to and with `separator`. */
export function byFirstPart<T>(separator: string): Index<T> {
  return {
    separator,
    keyOf: (id) => id.slice(0, id.indexOf(separator) + 1),
  };
}

function isFirstPart(prefix: string, separator: string): boolean {
  return prefix !== "" && prefix.indexOf(separator) === prefix.length - 1;
}

/** Most VMs have one copy: a key with one entry costs a pair, not a map. */
type Found<T> = [string, T] | Map<string, T>;

class Group<T> {
  readonly index: Index<T>;
  readonly #byKey = new Map<string, Found<T>>();

  constructor(index: Index<T>) {
    this.index = index;
  }

  get(key: string): Iterable<[string, T]> {
    const found = this.#byKey.get(key);
    if (found === undefined) return [];
    return found instanceof Map ? found : [found];
  }

  set(id: string, entry: T): void {
    const key = this.index.keyOf(id, entry);
    if (key === undefined) return;
    const found = this.#byKey.get(key);
    if (found === undefined || (!(found instanceof Map) && found[0] === id)) {
      this.#byKey.set(key, [id, entry]);
    } else if (found instanceof Map) found.set(id, entry);
    else this.#byKey.set(key, new Map([found, [id, entry]]));
  }

  remove(id: string, entry: T): void {
    const key = this.index.keyOf(id, entry);
    if (key === undefined) return;
    const found = this.#byKey.get(key);
    if (!(found instanceof Map)) {
      if (found?.[0] === id) this.#byKey.delete(key);
      return;
    }
    found.delete(id);
    if (found.size === 0) this.#byKey.delete(key);
  }

  replace(id: string, before: T, after: T): void {
    const { index } = this;
    if (index.keyOf(id, before) !== index.keyOf(id, after)) {
      this.remove(id, before);
    }
    this.set(id, after);
  }
}
