/**
 * Room on the disks that closures and images lie on: gives up what is kept for
 * later when it is old or the disk gets full, and refuses large work that the
 * disk has no room for. What VMs need now is never given up: who keeps things
 * says which of them are spare.
 *
 * @module
 */
import { stat, statfs } from "node:fs/promises";
import { storageError } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import {
  expired,
  mib,
  oldestFirst,
  roomBounds,
  type RoomRules,
  type Spare,
} from "./core/disk_room.ts";

/** A full disk harms within minutes, not seconds; looking is one system call. */
const LOOK_MS = 30_000;
/** Age is counted in days. */
const AGE_LOOKS = 120;
/** Each waits for one collection at most: starts and fetches of a whole host. */
const MAX_WAITING = 10_000;

/** Things of one kind that are kept for later, in one directory. */
export interface Hoard {
  readonly dir: string;
  /** Those that nothing that runs or is ordered needs. */
  spares(): Promise<Spare[]>;
  /** Gives some up; ids that are gone or needed again are passed over. */
  drop(ids: readonly string[]): Promise<void>;
  /** Gives up what nobody can come back to: asked for before anything is dropped for room. */
  sweep?(): Promise<void>;
}

/** Free and all bytes of the disk a directory is on. */
export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
  /** Tells disks apart. */
  device: number;
}

export async function diskSpace(dir: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(dir);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    device: (await stat(dir)).dev,
  };
}

/** What room is made with. */
export interface DiskRoomOptions {
  rules: RoomRules;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
  space?: (dir: string) => Promise<DiskSpace>;
}

export class DiskRoom {
  readonly #options: DiskRoomOptions;
  readonly #hoards: Hoard[] = [];
  readonly #turns = new Turns({
    running: 1,
    waiting: MAX_WAITING,
    what: "looks at the disk",
  });
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  add(hoard: Hoard): void {
    this.#hoards.push(hoard);
  }

  /** Begins to look, where there is anything to give up. */
  start(): void {
    if (this.#hoards.length > 0) this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /**
   * Makes room for so much more in `dir`, beside what has to stay free.
   *
   * @throws {AppError} `storage` when there is none, after all that is spare was given up.
   */
  async require(dir: string, bytes: number, what: string): Promise<void> {
    const space = await this.#turns.run(() => this.#makeRoom(dir, bytes));
    const { minFree } = roomBounds(this.#options.rules, space.totalBytes);
    if (space.freeBytes >= minFree + bytes) return;
    const needs = bytes === 0 ? "" : ` ${mib(bytes)} MiB, and`;
    throw new AppError(
      "storage",
      `Cannot ${what}: it needs${needs} ${
        mib(minFree)
      } MiB that stay free, and the disk of ${dir} has ${
        mib(space.freeBytes)
      } MiB`,
      { hint: "free space on that disk, or lower gc.minFreeMib of the worker" },
    );
  }

  /** Gives up what is too old, and the oldest of what is left where a disk is too full. */
  async collect(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#dropOld();
      await this.#makeRooms();
    });
  }

  async #run(): Promise<void> {
    const { clock, onWarning } = this.#options;
    const { signal } = this.#stopping;
    for (let looks = 0; !signal.aborted; looks++) {
      try {
        if (looks % AGE_LOOKS === 0) await this.collect();
        else await this.#turns.run(() => this.#makeRooms());
      } catch (error) {
        onWarning("cannot clear up the disk", error);
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async #dropOld(): Promise<void> {
    const { rules, clock } = this.#options;
    for (const hoard of this.#hoards) {
      const old = expired(await hoard.spares(), rules, clock.now());
      if (old.length > 0) await hoard.drop(old.map(({ id }) => id));
    }
  }

  /** Null for a directory that is not there yet: a store before its first closure. */
  async #spaceOf(dir: string): Promise<DiskSpace | null> {
    try {
      return await (this.#options.space ?? diskSpace)(dir);
    } catch (error) {
      const isAbsent = error instanceof Error && "code" in error &&
        error.code === "ENOENT";
      if (isAbsent) return null;
      throw storageError(dir, error);
    }
  }

  /** Keeps the disks of all hoards from getting full. */
  async #makeRooms(): Promise<void> {
    for (const dir of new Set(this.#hoards.map((hoard) => hoard.dir))) {
      if (await this.#spaceOf(dir) !== null) await this.#makeRoom(dir, 0);
    }
  }

  async #makeRoom(dir: string, bytes: number): Promise<DiskSpace> {
    const look = this.#options.space ?? diskSpace;
    let space = await look(dir);
    const { minFree, maxFree } = roomBounds(
      this.#options.rules,
      space.totalBytes,
    );
    if (space.freeBytes >= minFree + bytes) return space;
    const spares: (Spare & { hoard: Hoard })[] = [];
    for (const hoard of this.#hoards) {
      const its = await this.#spaceOf(hoard.dir);
      if (its?.device !== space.device) continue;
      await hoard.sweep?.();
      for (const spare of await hoard.spares()) {
        spares.push({ ...spare, hoard });
      }
    }
    for (const { hoard, id } of oldestFirst(spares)) {
      space = await look(dir);
      const isEnough = space.freeBytes >= maxFree + bytes;
      if (isEnough || this.#stopping.signal.aborted) return space;
      await hoard.drop([id]);
    }
    return await look(dir);
  }
}
