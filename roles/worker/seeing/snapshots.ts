/**
 * Snapshots on disk, `STATE/snapshots/<copy>/<name>/`: what the driver wrote,
 * and beside it `<name>.json` once it is whole. They belong to a copy, whose
 * address and content are in them: when the copy goes, they go.
 *
 * @module
 */
import { copyDirectoryName } from "../../../vmm/mod.ts";
import {
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, Name } from "../../model/ids.ts";
import { parseJsonWith } from "../../model/parse.ts";
import { MAX_SNAPSHOTS_PER_VM, SnapshotInfo } from "../../model/snapshot.ts";

/** On one host: each is as large as its guest's memory. */
const MAX_ALL = 64;
const RECORD = ".json";

/** Names that are in a directory; none when it is not there. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(dir)) names.push(name);
    return names;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw storageError(dir, error);
  }
}

/** Whether `name`, a snapshot or the record of one, has the other beside it. */
function hasBoth(names: ReadonlySet<string>, name: string): boolean {
  return names.has(
    name.endsWith(RECORD) ? name.slice(0, -RECORD.length) : `${name}${RECORD}`,
  );
}

/** What is known of a snapshot before it is made. */
export type SnapshotBasis = Omit<SnapshotInfo, "bytes">;

export class Snapshots {
  readonly #root: string;
  /** By copy's directory, how many are being made now: a sweep leaves them. */
  readonly #making = new Map<string, number>();
  /** Counts those that were begun: what a sweep has seen may have changed since. */
  #begun = 0;

  constructor(stateDir: string) {
    this.#root = `${stateDir}/snapshots`;
  }

  /** Whole ones, oldest first. */
  async list(copy: CopyId): Promise<SnapshotInfo[]> {
    const dir = this.#dirOf(copy);
    const found: SnapshotInfo[] = [];
    const names = new Set(await namesIn(dir));
    for (const name of names) {
      if (!name.endsWith(RECORD) || !hasBoth(names, name)) continue;
      const text = await readIfThere(`${dir}/${name}`);
      if (text === null) continue;
      found.push(parseJsonWith(SnapshotInfo, text, {
        what: `${dir}/${name}`,
        hint: "delete that snapshot",
      }));
    }
    return found.sort((a, b) =>
      a.createdAtMs - b.createdAtMs || a.name.localeCompare(b.name)
    );
  }

  /** @throws {AppError} `not_found`. */
  async find(
    copy: CopyId,
    name: string,
  ): Promise<{ dir: string; info: SnapshotInfo }> {
    const info = (await this.list(copy)).find((each) => each.name === name);
    if (info !== undefined) {
      return { dir: `${this.#dirOf(copy)}/${info.name}`, info };
    }
    throw new AppError(
      "not_found",
      `There is no snapshot "${name}" of "${copy.id}"`,
      { hint: `see: procurator vm snapshots ${copy.id}` },
    );
  }

  /**
   * Makes one: `write` fills the directory, which is not there yet, and tells
   * its size. What a killed process or a full disk left unfinished is removed.
   *
   * @throws {AppError} `conflict` for a name that is taken, `refused` beyond the bounds, `storage`.
   */
  async make(
    copy: CopyId,
    basis: SnapshotBasis,
    write: (dir: string) => Promise<number>,
  ): Promise<SnapshotInfo> {
    const known = await this.list(copy);
    if (known.some(({ name }) => name === basis.name)) {
      throw new AppError(
        "conflict",
        `Cannot make the snapshot "${basis.name}": there is one of that name`,
        { hint: "take another name, or delete that one first" },
      );
    }
    if (known.length >= MAX_SNAPSHOTS_PER_VM) {
      throw new AppError(
        "refused",
        `Cannot make another snapshot of "${copy.id}": it has ${known.length}`,
        {
          hint: `delete one: procurator vm snapshots ${copy.id} --delete ${
            known[0]?.name ?? "NAME"
          }`,
        },
      );
    }
    using _making = this.#make(copy);
    await this.#assertRoom(copy);
    return await this.#write(copy, basis, write);
  }

  async #write(
    copy: CopyId,
    basis: SnapshotBasis,
    write: (dir: string) => Promise<number>,
  ): Promise<SnapshotInfo> {
    const dir = this.#dirOf(copy);
    const path = `${dir}/${basis.name}`;
    const clear = async () => {
      // The record first: without it the rest is an unfinished one.
      await removeIfThere(`${path}${RECORD}`);
      await removeIfThere(path);
    };
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 }).catch((error) => {
      throw storageError(dir, error);
    });
    await clear();
    try {
      const info = { ...basis, bytes: await write(path) };
      await writeFileAtomic(`${path}${RECORD}`, JSON.stringify(info));
      return info;
    } catch (error) {
      await clear().catch(() => undefined);
      throw error;
    }
  }

  /** Counts it among those that are being made, until disposed. */
  #make(copy: CopyId): Disposable {
    const key = copyDirectoryName(copy);
    const count = (by: number) => {
      const next = (this.#making.get(key) ?? 0) + by;
      if (next === 0) this.#making.delete(key);
      else this.#making.set(key, next);
    };
    this.#begun++;
    count(1);
    return { [Symbol.dispose]: () => count(-1) };
  }

  /** @throws {AppError} `not_found`. */
  async remove(copy: CopyId, name: string): Promise<void> {
    const path = `${this.#dirOf(copy)}/${name}`;
    // By its name alone, so that one with an unreadable record can go too.
    const isThere = Name.safeParse(name).success &&
      (await namesIn(this.#dirOf(copy))).some((each) =>
        each === name || each === `${name}${RECORD}`
      );
    if (!isThere) await this.find(copy, name);
    // The record first: without it the rest is an unfinished one.
    await removeIfThere(`${path}${RECORD}`);
    await removeIfThere(path);
  }

  /** Removes all of a copy's; none of them may be under way. */
  async removeAll(copy: CopyId): Promise<void> {
    await removeIfThere(this.#dirOf(copy));
  }

  /**
   * Removes what is of no copy that is here, and what was never finished. A
   * copy of which one is being made just now is left to the next sweep.
   */
  async sweep(copies: readonly CopyId[]): Promise<void> {
    const kept = new Set(copies.map(copyDirectoryName));
    for (const copyDir of await namesIn(this.#root)) {
      const dir = `${this.#root}/${copyDir}`;
      if (this.#making.has(copyDir)) continue;
      if (!kept.has(copyDir)) {
        await removeIfThere(dir);
        continue;
      }
      const begun = this.#begun;
      const names = new Set(await namesIn(dir));
      for (const name of names) {
        if (hasBoth(names, name)) continue;
        if (this.#begun !== begun) return;
        await removeIfThere(`${dir}/${name}`);
      }
    }
  }

  async #assertRoom(copy: CopyId): Promise<void> {
    // Beside this one; those of other VMs that are on their way count too.
    let count = -1;
    for (const each of this.#making.values()) count += each;
    for (const copyDir of await namesIn(this.#root)) {
      const names = await namesIn(`${this.#root}/${copyDir}`);
      count += names.filter((name) => name.endsWith(RECORD)).length;
    }
    if (count < MAX_ALL) return;
    throw new AppError(
      "refused",
      `Cannot make a snapshot of "${copy.id}": this worker has ${count} already`,
      { hint: "delete some of other VMs" },
    );
  }

  #dirOf(copy: CopyId): string {
    return `${this.#root}/${copyDirectoryName(copy)}`;
  }
}
