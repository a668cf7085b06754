/**
 * What people pin, what others keep as they last told, and what collections
 * came to. Every call is committed when it returns.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import { CollectionReport } from "../../model/collection.ts";
import type { Database } from "../storage/database.ts";
import type { Root } from "./root_source.ts";

/** Pins are made by hand or by a script for each release; all are read for every plan. */
const MAX_PINS = 10_000;
/** Reports that are kept: three months of one a day. */
const MAX_REPORTS = 100;

const PinRow = z.object({
  name: z.string(),
  base: z.string(),
  pinned_by: z.string(),
  pinned_at_ms: z.number(),
  expires_at_ms: z.number().nullable(),
});
const RootRow = z.object({
  source: z.string(),
  label: z.string(),
  base: z.string(),
});
const SourceRow = z.object({ source: z.string(), read_at_ms: z.number() });
const ReportRow = z.object({ report: z.string() });
const CountRow = z.object({ count: z.number() });

/** A pin as it is kept. */
export interface PinRecord {
  name: string;
  /** `<hash>-<name>` */
  base: string;
  pinnedBy: string;
  pinnedAtMs: number;
  expiresAtMs: number | null;
}

/** A root, and who told of it. */
export interface KeptRoot extends Root {
  source: string;
}

function prepare(database: DatabaseSync) {
  return {
    pins: database.prepare("SELECT * FROM pin ORDER BY name"),
    pin: database.prepare("SELECT * FROM pin WHERE name = ?"),
    countPins: database.prepare("SELECT count(*) AS count FROM pin"),
    putPin: database.prepare("INSERT OR REPLACE INTO pin VALUES (?,?,?,?,?)"),
    removePin: database.prepare("DELETE FROM pin WHERE name = ?"),
    removeExpired: database.prepare(
      "DELETE FROM pin WHERE expires_at_ms IS NOT NULL AND expires_at_ms <= ?",
    ),
    roots: database.prepare(
      "SELECT source, label, base FROM root ORDER BY source, label, base",
    ),
    removeRoots: database.prepare("DELETE FROM root WHERE source = ?"),
    putRoot: database.prepare("INSERT OR IGNORE INTO root VALUES (?,?,?,?)"),
    sources: database.prepare("SELECT * FROM root_source"),
    putSource: database.prepare(
      "INSERT OR REPLACE INTO root_source VALUES (?,?)",
    ),
    removeSource: database.prepare("DELETE FROM root_source WHERE source = ?"),
    putReport: database.prepare(
      "INSERT INTO collection (ended_at_ms, report) VALUES (?,?)",
    ),
    pruneReports: database.prepare(
      "DELETE FROM collection WHERE id <= (SELECT max(id) FROM collection) - ?",
    ),
    reports: database.prepare(
      "SELECT report FROM collection ORDER BY id DESC LIMIT ?",
    ),
  } satisfies Record<string, StatementSync>;
}

function pinOf(row: unknown): PinRecord {
  const { name, base, pinned_by, pinned_at_ms, expires_at_ms } = PinRow.parse(
    row,
  );
  return {
    name,
    base,
    pinnedBy: pinned_by,
    pinnedAtMs: pinned_at_ms,
    expiresAtMs: expires_at_ms,
  };
}

export class CollectionRecords {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database.sql);
  }

  /** Those that have not expired, by name. */
  pins(nowMs: number): PinRecord[] {
    return this.#sql.pins.all().map(pinOf).filter(({ expiresAtMs }) =>
      expiresAtMs === null || expiresAtMs > nowMs
    );
  }

  pin(name: string): PinRecord | undefined {
    const row = this.#sql.pin.get(name);
    return row === undefined ? undefined : pinOf(row);
  }

  /**
   * Keeps it; one of the same name is replaced.
   *
   * @throws {AppError} `refused` when there are too many, `storage`.
   */
  putPin(pin: PinRecord): void {
    const { name, base, pinnedBy, pinnedAtMs, expiresAtMs } = pin;
    this.#database.transaction(`the pin ${name}`, () => {
      this.#sql.removeExpired.run(pinnedAtMs);
      const { count } = CountRow.parse(this.#sql.countPins.get());
      if (count >= MAX_PINS && this.#sql.pin.get(name) === undefined) {
        throw new AppError(
          "refused",
          `Cannot pin ${base}: there are ${count} pins already`,
          { hint: "unpin some: procurator cache pins" },
        );
      }
      this.#sql.putPin.run(name, base, pinnedBy, pinnedAtMs, expiresAtMs);
    });
  }

  removePin(name: string): void {
    this.#database.transaction(`the end of the pin ${name}`, () => {
      this.#sql.removePin.run(name);
    });
  }

  /** All that was told last, by every source. */
  roots(): KeptRoot[] {
    return this.#sql.roots.all().map((row) => RootRow.parse(row));
  }

  /** When each source was last read. */
  readTimes(): Map<string, number> {
    return new Map(
      this.#sql.sources.all().map((row) => {
        const { source, read_at_ms } = SourceRow.parse(row);
        return [source, read_at_ms];
      }),
    );
  }

  /** In place of what the source told before. */
  replaceRoots(source: string, roots: readonly Root[], nowMs: number): void {
    this.#database.transaction(`what the ${source} keeps`, () => {
      this.#sql.removeRoots.run(source);
      for (const { label, base } of roots) {
        this.#sql.putRoot.run(source, label, base, nowMs);
      }
      this.#sql.putSource.run(source, nowMs);
    });
  }

  /** What the source told counts no more. */
  forgetSource(source: string): void {
    this.#database.transaction(`the end of the ${source}`, () => {
      this.#sql.removeRoots.run(source);
      this.#sql.removeSource.run(source);
    });
  }

  putReport(report: CollectionReport): void {
    this.#database.transaction("the report of a collection", () => {
      this.#sql.putReport.run(report.endedAtMs, JSON.stringify(report));
      this.#sql.pruneReports.run(MAX_REPORTS);
    });
  }

  /** The newest first. One that a later version wrote in another form is left out. */
  reports(limit: number): CollectionReport[] {
    return this.#sql.reports.all(limit).flatMap((row) => {
      const { report } = ReportRow.parse(row);
      const parsed = CollectionReport.safeParse(JSON.parse(report));
      return parsed.success ? [parsed.data] : [];
    });
  }
}
