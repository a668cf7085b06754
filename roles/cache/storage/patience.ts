/**
 * Waits a moment for room on a full disk. nix 2.8 cannot send an upload twice:
 * refused for a moment's reason, it is lost; kept waiting, it goes on.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../model/errors.ts";
import { isFull } from "./storage_error.ts";

/** A collection or a rotated log makes room within seconds. Clients give up a connection that stands still for 10 s at the earliest. */
const WAIT_MS = 5000;
const AGAIN_MS = 100;

export class Patience {
  /** Since when nothing could be written, as far as anybody tried. */
  #fullSinceMs: number | undefined;
  #triedMs = 0;

  constructor(private readonly waitMs = WAIT_MS) {}

  /**
   * Does `action`, again and again while the disk is full, for some seconds;
   * when it has been full for that long already, once. `action` is done anew
   * from its beginning.
   */
  async retry<T>(action: () => T | Promise<T>): Promise<T> {
    const begunMs = performance.now();
    for (;;) {
      try {
        const value = await action();
        this.#fullSinceMs = undefined;
        return value;
      } catch (error) {
        if (!isFull(error instanceof AppError ? error.cause : error)) {
          throw error;
        }
        const nowMs = performance.now();
        // Nobody tried for a while: it may have had room in between.
        if (nowMs - this.#triedMs > this.waitMs) this.#fullSinceMs = undefined;
        this.#fullSinceMs ??= nowMs;
        this.#triedMs = nowMs;
        const sinceMs = Math.min(begunMs, this.#fullSinceMs);
        if (nowMs - sinceMs >= this.waitMs) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }
}
