/**
 * The guests' cards: a TAP for each copy, found again by its name after a
 * crash. Owns interfaces with our prefix and our alias; one of somebody else's
 * is refused, never removed.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Commands } from "./commands.ts";
import {
  cardLines,
  type CardOwner,
  isCard,
  type Link,
  refuseForeign,
  tapLines,
} from "./core/links.ts";
import { guestKey, guestMac, tapName } from "./core/names.ts";
import type { NetworkSettings } from "./core/plan.ts";
import { receiveLimit } from "./core/rate.ts";
import type { GuestCounters } from "./network.ts";

export class Cards {
  readonly #settings: NetworkSettings;
  readonly #commands: Commands;
  readonly #lines: (tap: string, copy: CopyId) => readonly string[];
  /** By interface name, the copies whose cards are there. */
  readonly #there = new Map<string, CopyId>();
  /** Those whose lines are under way. */
  readonly #making = new Set<string>();
  /** What was there before us, by name; null: not looked at, or not known any more. */
  #found: Map<string, Link> | null = null;
  /** Some of those that are there may be on no bridge. */
  #isLoose = false;

  constructor(options: {
    settings: NetworkSettings;
    commands: Commands;
    owner?: CardOwner;
    cardLines?: (tap: string, copy: CopyId) => readonly string[];
  }) {
    const { settings, commands, owner = null } = options;
    this.#settings = settings;
    this.#commands = commands;
    this.#lines = options.cardLines ?? ((tap) => tapLines(tap, owner));
  }

  has(copy: CopyId): boolean {
    return this.#there.has(this.#tap(copy));
  }

  /** `attach` has something to do. */
  get isLoose(): boolean {
    return this.#isLoose;
  }

  nicOf(copy: CopyId, address: string): { tap: string; mac: string } {
    return { tap: this.#tap(copy), mac: guestMac(address) };
  }

  /** Keeps the cards of these copies and removes all others of this bridge. */
  async adopt(copies: readonly CopyId[]): Promise<void> {
    const found = await this.#look();
    const wanted = new Map(copies.map((copy) => [this.#tap(copy), copy]));
    const ours = [...found.values()].filter((link) =>
      isCard(this.#settings, link)
    );
    for (const { name } of ours) {
      const copy = wanted.get(name);
      if (copy === undefined) await this.#delete(name);
      else this.#there.set(name, copy);
    }
    // Their bridge may have been taken away while nobody looked.
    this.loosen();
  }

  /** The bridge is another one. */
  loosen(): void {
    this.#isLoose = this.#there.size > 0;
  }

  /** Puts cards on the bridge that are on none; one that is gone is its guest's end, and nobody else's. */
  async attach(): Promise<void> {
    if (!this.#isLoose) return;
    const there = await this.#commands.links();
    const loose = there.filter(({ master }) => master !== this.#settings.bridge)
      .flatMap(({ name }) => this.#there.get(name) ?? []);
    const done = await Promise.allSettled(
      loose.map((copy) =>
        this.#commands.ip(cardLines(this.#settings, copy, []))
      ),
    );
    for (const each of done) if (each.status === "rejected") throw each.reason;
    this.#isLoose = false;
  }

  /** Removes what an `ip` of a process that was killed has made after `adopt` had looked. */
  async sweep(): Promise<void> {
    for (const link of await this.#commands.links()) {
      const isKnown = this.#there.has(link.name) || this.#making.has(link.name);
      if (isCard(this.#settings, link) && !isKnown) {
        await this.#delete(link.name);
      }
    }
  }

  /** @throws {AppError} `refused` when the name is somebody else's, `failed`. */
  async make(copy: CopyId, rateMbit: number | null): Promise<void> {
    const tap = this.#tap(copy);
    if (!this.#there.has(tap)) {
      const found = (this.#found ?? await this.#look()).get(tap);
      if (found !== undefined) refuseForeign(this.#settings, found);
      const make = found === undefined ? this.#lines(tap, copy) : [];
      this.#making.add(tap);
      try {
        await this.#commands.ip(cardLines(this.#settings, copy, make));
        this.#there.set(tap, copy);
      } catch (error) {
        // Half of it may be there: whoever asks next looks first.
        this.#found = null;
        throw error;
      } finally {
        this.#making.delete(tap);
      }
    }
    if (rateMbit === null) return;
    const args = receiveLimit(tap, rateMbit);
    await this.#commands.checked(`limit what ${tap} receives`, "tc", args);
  }

  async remove(copy: CopyId): Promise<void> {
    const tap = this.#tap(copy);
    const isKnown = this.#there.has(tap) ||
      (this.#found ?? await this.#look()).has(tap);
    if (isKnown) await this.#delete(tap);
  }

  /** @param dropped packets by the names of the rules' counters. */
  async counters(
    dropped: ReadonlyMap<string, number>,
  ): Promise<Map<string, GuestCounters>> {
    const links = await this.#commands.links();
    const counters = new Map<string, GuestCounters>();
    for (const { name, receivedBytes, sentBytes } of links) {
      const copy = this.#there.get(name);
      if (copy === undefined) continue;
      const key = guestKey(copy);
      counters.set(copyKey(copy), {
        receivedBytes: sentBytes,
        sentBytes: receivedBytes,
        droppedPackets: (dropped.get(`c_${key}`) ?? 0) +
          (dropped.get(`s_${key}`) ?? 0),
      });
    }
    return counters;
  }

  #tap(copy: CopyId): string {
    return tapName(this.#settings.bridge, copy);
  }

  async #look(): Promise<Map<string, Link>> {
    const links = await this.#commands.links();
    this.#found = new Map(links.map((link) => [link.name, link]));
    return this.#found;
  }

  async #delete(tap: string): Promise<void> {
    try {
      const found = this.#found?.get(tap);
      const isForeign = !this.#there.has(tap) && found !== undefined &&
        !isCard(this.#settings, found);
      if (!isForeign) await this.#commands.ip([`link del dev ${tap}`]);
    } catch (error) {
      const isGone = error instanceof AppError &&
        /cannot find device|no such device/i.test(error.message);
      if (!isGone) throw error;
    }
    this.#there.delete(tap);
    this.#found?.delete(tap);
  }
}
