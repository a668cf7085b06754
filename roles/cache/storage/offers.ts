/**
 * Which nars clients were told of that other sources have: a client may come
 * for one days later, when this process has forgotten or was restarted.
 *
 * Owns the table `offer`. Holds names only: what the path is, the source is
 * asked again.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Database } from "./database.ts";

/** Nix keeps a narinfo it found for 30 days by default, and comes for the nar within them. */
const KEPT_MS = 31 * 24 * 3600 * 1000;
/** About 200 bytes each; whoever may read can have a row made for each path of a source. */
const MAX_OFFERS = 500_000;
/** Between two looks at what is too old or too much. */
const ADDED_PER_PRUNING = 1000;
/** One already there is written again when this old: once a day, not with each request. */
const RENEWED_MS = 24 * 3600 * 1000;

/** Paths with one and the same nar that are looked at: empty folders and the like, of one of which there is enough. */
const MAX_PATHS = 8;

const OfferRow = z.object({ hash: z.string(), source: z.string() });
const ToldRow = z.object({ told_at_ms: z.number() });

/** A nar's file, the path it is of, and the source's name. */
export interface OfferedNar {
  file: string;
  hash: string;
  source: string;
}

function prepare({ sql }: Database) {
  return {
    of: sql.prepare(
      "SELECT hash, source FROM offer WHERE file = ? ORDER BY told_at_ms DESC LIMIT ?",
    ),
    told: sql.prepare(
      "SELECT told_at_ms FROM offer WHERE file = ? AND hash = ? AND source = ?",
    ),
    put: sql.prepare("INSERT OR REPLACE INTO offer VALUES (?,?,?,?)"),
    dropOld: sql.prepare("DELETE FROM offer WHERE told_at_ms < ?"),
    count: sql.prepare("SELECT count(*) AS count FROM offer"),
    dropFirst: sql.prepare(
      `DELETE FROM offer WHERE (file, hash, source) IN
        (SELECT file, hash, source FROM offer ORDER BY told_at_ms LIMIT ?)`,
    ),
  } satisfies Record<string, StatementSync>;
}

export class Offers {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;
  #waiting: { offers: OfferedNar[]; stored: Promise<void> } | undefined;
  #added = 0;

  constructor(database: Database, private readonly now: () => number) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** Of which paths it is, the one told of last first. A nar that was fetched keeps its rows: once it is collected it is fetched anew. */
  of(file: string): OfferedNar[] {
    return this.#sql.of.all(file, MAX_PATHS)
      .map((row) => ({ file, ...OfferRow.parse(row) }));
  }

  /**
   * On disk when it resolves. Those of one turn of the event loop are written
   * together: nix asks for 25 narinfos at once and more.
   *
   * @throws {AppError} `storage`
   */
  async put(offer: OfferedNar): Promise<void> {
    const { file, hash, source } = offer;
    const row = this.#sql.told.get(file, hash, source);
    const toldAtMs = row === undefined ? 0 : ToldRow.parse(row).told_at_ms;
    if (this.now() - toldAtMs < RENEWED_MS) return;
    this.#waiting ??= { offers: [], stored: this.#store() };
    this.#waiting.offers.push(offer);
    await this.#waiting.stored;
  }

  async #store(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const offers = this.#waiting?.offers ?? [];
    this.#waiting = undefined;
    const nowMs = this.now();
    this.#database.transaction("what other sources offer", () => {
      for (const { file, hash, source } of offers) {
        this.#sql.put.run(file, hash, source, nowMs);
      }
      this.#added += offers.length;
      if (this.#added >= ADDED_PER_PRUNING) this.#prune(nowMs);
    });
  }

  #prune(nowMs: number): void {
    this.#added = 0;
    this.#sql.dropOld.run(nowMs - KEPT_MS);
    const { count } = z.object({ count: z.number() })
      .parse(this.#sql.count.get());
    if (count > MAX_OFFERS) this.#sql.dropFirst.run(count - MAX_OFFERS);
  }
}
