/**
 * The table of events: appended with the documents' commits, read by index,
 * pruned beyond two bounds. Part of the store's SQL; knows nothing of what is
 * written.
 *
 * What somebody asked for is kept longer than what the master did by itself:
 * it is rare, and it is looked for after months.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Event, SYSTEM } from "../model/event.ts";
import { parseJsonWith } from "../model/parse.ts";
import type { NewEvent } from "./core/events.ts";

/** Events kept of what the master did by itself: two roll-outs of 50,000 VMs from end to end, some 50 MB. */
export const MAX_EVENTS = 200_000;
/** Events kept of what people and services asked for: at one every ten minutes, two years; some 20 MB. */
export const MAX_AUDIT_EVENTS = 100_000;
/** Between two prunings: so that each deletes many rows at once. */
const PRUNE_EVERY = 5000;
/** Rows one reading looks at: a filter that matches nothing must not hold everything else up. */
const MAX_SCANNED = 20_000;
/** Largest page. */
const MAX_PAGE = 1000;

/** What of the events is read. */
export interface EventQuery {
  /** Only events with a higher index. */
  after: number;
  limit: number;
  /** Empty: all. */
  topics: readonly string[];
  /** Empty: all. */
  cluster: string;
  /** Only what somebody asked for. */
  audit: boolean;
  /** Above 0: only so many of the newest, whatever `after` says. */
  tail: number;
}

/** A part of the events. */
export interface EventPage {
  events: Event[];
  /** Where to read on: as high as was looked. */
  next: number;
  /** The highest index that was given out. */
  newest: number;
  /** The highest index of the kind asked for that is no longer kept. */
  forgotten: number;
}

export const EVENT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    cluster TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    actor TEXT,
    data TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_audit ON events (position) WHERE actor IS NOT NULL;
  CREATE INDEX IF NOT EXISTS events_rare ON events (topic, position) WHERE topic <> 'vm';
  INSERT OR IGNORE INTO counters VALUES ('event', 0), ('event_forgotten', 0), ('audit_forgotten', 0);
`;

/** The rows, in the order they are read. */
const COLUMNS =
  "position, at_ms, topic, cluster, subject, message, actor, data";

type Value = string | number;

/** The conditions of a query beyond its position. */
function filterOf(query: EventQuery): { sql: string; values: Value[] } {
  const parts: string[] = [];
  const values: Value[] = [];
  if (query.audit) parts.push("actor IS NOT NULL");
  if (query.cluster !== "") {
    parts.push("cluster = ?");
    values.push(query.cluster);
  }
  if (query.topics.length > 0) {
    parts.push(`topic IN (${query.topics.map(() => "?").join(", ")})`);
    values.push(...query.topics);
    // Said again, so that the index of the rare ones is used.
    if (!query.topics.includes("vm")) parts.push("topic <> 'vm'");
  }
  return { sql: parts.map((part) => ` AND ${part}`).join(""), values };
}

export class EventTable {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #setCounter: StatementSync;
  readonly #statements = new Map<string, StatementSync>();
  #newest: number;
  #committed: number;
  #forgotten: number;
  #auditForgotten: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare(
      "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#setCounter = db.prepare(
      "UPDATE counters SET value = ? WHERE name = ?",
    );
    this.#newest = this.#committed = this.#counter("event");
    this.#forgotten = this.#counter("event_forgotten");
    this.#auditForgotten = this.#counter("audit_forgotten");
  }

  /** By their text, of which there are as many as kinds of filters. */
  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #counter(name: string): number {
    const row = this.#prepared("SELECT value FROM counters WHERE name = ?")
      .get(name);
    return Number(row?.value ?? 0);
  }

  /** Adds rows within the open transaction: some 3 microseconds each. */
  append(events: readonly NewEvent[]): void {
    for (const event of events) {
      const { by, data } = event;
      this.#insert.run(
        ++this.#newest,
        event.atMs,
        event.topic,
        event.cluster,
        event.subject,
        event.message,
        by.role === SYSTEM.role ? null : JSON.stringify(by),
        Object.keys(data).length === 0 ? null : JSON.stringify(data),
      );
    }
  }

  /** Before the commit: the counter, and what is beyond the bounds. */
  flush(): void {
    if (this.#newest === this.#committed) return;
    this.#setCounter.run(this.#newest, "event");
    if (this.#newest - this.#forgotten >= MAX_EVENTS + PRUNE_EVERY) {
      this.#prune();
    }
  }

  #prune(): void {
    const last = this.#newest - MAX_EVENTS;
    this.#db.prepare(
      "DELETE FROM events WHERE position > ? AND position <= ? AND actor IS NULL",
    ).run(this.#forgotten, last);
    this.#setCounter.run(last, "event_forgotten");
    const oldest = this.#db.prepare(
      `SELECT position FROM events WHERE actor IS NOT NULL
       ORDER BY position DESC LIMIT 1 OFFSET ?`,
    ).get(MAX_AUDIT_EVENTS);
    if (oldest === undefined) return;
    // Never what is within the bound of all events: a page has no holes.
    const lastAudit = Math.min(Number(oldest.position), last);
    this.#db.prepare(
      "DELETE FROM events WHERE position <= ? AND actor IS NOT NULL",
    ).run(lastAudit);
    this.#setCounter.run(lastAudit, "audit_forgotten");
  }

  committed(): void {
    if (this.#newest === this.#committed) return;
    this.#committed = this.#newest;
    this.#forgotten = this.#counter("event_forgotten");
    this.#auditForgotten = this.#counter("audit_forgotten");
  }

  rolledBack(): void {
    this.#newest = this.#committed;
  }

  read(query: EventQuery): EventPage {
    const newest = this.#committed;
    const forgotten = query.audit ? this.#auditForgotten : this.#forgotten;
    const limit = Math.min(Math.max(query.limit, 1), MAX_PAGE);
    const after = Math.max(
      query.tail > 0 ? this.#tailStart(query) : query.after,
      forgotten,
    );
    // Audit rows have an index of their own, and few positions between them are theirs.
    const last = query.audit ? newest : Math.min(newest, after + MAX_SCANNED);
    const filter = filterOf(query);
    const rows = this.#prepared(
      `SELECT ${COLUMNS} FROM events
       WHERE position > ? AND position <= ?${filter.sql}
       ORDER BY position LIMIT ?`,
    ).all(after, last, ...filter.values, limit);
    const events = rows.map(eventOf);
    const next = events.length === limit
      ? events[events.length - 1]?.index ?? last
      : Math.max(last, after);
    return { events, next, newest, forgotten };
  }

  /** The position below the `tail`-th newest that matches. */
  #tailStart(query: EventQuery): number {
    const filter = filterOf(query);
    const isRare = query.audit ||
      (query.topics.length > 0 && !query.topics.includes("vm"));
    const from = isRare ? 0 : this.#committed - MAX_SCANNED;
    const rows = this.#prepared(
      `SELECT position FROM events WHERE position > ?${filter.sql}
       ORDER BY position DESC LIMIT 1 OFFSET ?`,
    ).get(from, ...filter.values, Math.min(query.tail, MAX_SCANNED));
    return rows === undefined ? Math.max(0, from) : Number(rows.position);
  }
}

function eventOf(row: Record<string, unknown>): Event {
  const text = (value: unknown) => value === null ? null : String(value);
  const by = text(row.actor);
  const data = text(row.data);
  const index = Number(row.position);
  const what = `the stored event ${index}`;
  return {
    index,
    atMs: Number(row.at_ms),
    topic: row.topic as Event["topic"],
    cluster: String(row.cluster),
    subject: String(row.subject),
    message: String(row.message),
    by: by === null ? SYSTEM : parseJsonWith(Event.shape.by, by, { what }),
    data: data === null ? {} : parseJsonWith(Event.shape.data, data, { what }),
  };
}
