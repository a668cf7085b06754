/**
 * The paths that were stored last, from the cache's tables. Writes nothing.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Push } from "../../model/cache_status.ts";
import type { Clock } from "../../model/ports.ts";
import type { Database } from "../storage/database.ts";
import { pushesOf } from "./core/pushes.ts";

/** Looked at: the push of a whole system, in some milliseconds. */
const ROWS = 1000;
/** Shown. */
const PUSHES = 10;
/** Pages are read every few seconds by everybody who looks: one read serves them all. */
const FRESH_MS = 2000;

const Row = z.object({
  base: z.string(),
  by: z.string(),
  atMs: z.number(),
  fileBytes: z.number(),
});

export class RecentPushes {
  readonly #select: StatementSync;
  #known: { atMs: number; pushes: Push[] } | undefined;

  constructor(
    private readonly options: {
      database: Database;
      storeDir: string;
      clock: Pick<Clock, "now">;
    },
  ) {
    this.#select = options.database.sql.prepare(
      `SELECT path.base AS base, path.stored_by AS "by",
        path.stored_at_ms AS atMs, coalesce(nar.file_size, 0) AS fileBytes
        FROM path LEFT JOIN nar ON nar.file = path.file
        ORDER BY path.stored_at_ms DESC LIMIT ${ROWS}`,
    );
  }

  /** The newest first. */
  list(): Push[] {
    const { clock, storeDir } = this.options;
    const nowMs = clock.now();
    const known = this.#known;
    if (known !== undefined && Math.abs(nowMs - known.atMs) < FRESH_MS) {
      return known.pushes;
    }
    const stored = this.#select.all().map((row) => Row.parse(row));
    const whole = stored.length < ROWS;
    const pushes = pushesOf(stored, { storeDir, count: PUSHES, whole });
    this.#known = { atMs: nowMs, pushes };
    return pushes;
  }
}
