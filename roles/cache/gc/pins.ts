/**
 * Pins: what people keep, by a name of theirs. Decides who may change which.
 *
 * @module
 */
import type { Identity } from "../../auth/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Pin } from "../../model/collection.ts";
import type { Clock } from "../../model/ports.ts";
import type { CollectionRecords, PinRecord } from "./collection_records.ts";
import type { PathRows } from "./path_rows.ts";
import type { Uses } from "./uses.ts";

export interface PinsOptions {
  records: CollectionRecords;
  rows: PathRows;
  uses: Uses;
  storeDir: string;
  clock: Pick<Clock, "now">;
}

export class Pins {
  constructor(private readonly options: PinsOptions) {}

  /** Those in force, by name. */
  list(): Pin[] {
    const { records, clock } = this.options;
    return records.pins(clock.now()).map((pin) => this.#view(pin));
  }

  /**
   * Keeps a path under a name; one that had the name is let go of.
   *
   * @param forMs how long; null: until it is unpinned.
   * @throws {AppError} `not_found` for a path that is not here, `denied` for a
   * name that somebody else pinned, `refused` when there are too many.
   */
  put(
    name: string,
    { hash, forMs, by }: {
      hash: string;
      forMs: number | null;
      by: Identity;
    },
  ): Pin {
    const { records, rows, uses, clock } = this.options;
    const path = rows.path(hash);
    if (path === undefined) {
      throw new AppError("not_found", `Cannot pin ${hash}: it is not here`, {
        hint: "push it first: nix copy --to",
      });
    }
    this.#assertMayChange(name, by);
    const nowMs = clock.now();
    const pin: PinRecord = {
      name,
      base: path.base,
      pinnedBy: by.name,
      pinnedAtMs: nowMs,
      expiresAtMs: forMs === null ? null : nowMs + forMs,
    };
    records.putPin(pin);
    uses.spare(hash);
    return this.#view(pin);
  }

  /** @throws {AppError} `not_found`; `denied` for one that somebody else pinned. */
  remove(name: string, by: Identity): Pin {
    const pin = this.#inForce(name);
    if (pin === undefined) {
      throw new AppError("not_found", `There is no pin "${name}"`, {
        hint: "see: procurator cache pins",
      });
    }
    this.#assertMayChange(name, by);
    this.options.records.removePin(name);
    return this.#view(pin);
  }

  #inForce(name: string): PinRecord | undefined {
    const { records, clock } = this.options;
    const pin = records.pin(name);
    if (pin === undefined || pin.expiresAtMs === null) return pin;
    return pin.expiresAtMs > clock.now() ? pin : undefined;
  }

  /** What a pin keeps is somebody's: only they and an admin let go of it. */
  #assertMayChange(name: string, by: Identity): void {
    const pin = this.#inForce(name);
    if (pin === undefined || by.role === "admin" || pin.pinnedBy === by.name) {
      return;
    }
    throw new AppError(
      "denied",
      `Cannot change the pin "${name}": "${pin.pinnedBy}" pinned it`,
      { hint: "use that token or one of the role admin, or another name" },
    );
  }

  #view({ base, ...pin }: PinRecord): Pin {
    return { ...pin, path: `${this.options.storeDir}/${base}` };
  }
}
