/**
 * The logs of jobs: lines in a SQLite file of their own, bounded per job with
 * the end kept, and a way to wait for more.
 *
 * A crash may lose the last moment of a log, never a job: that is why it does
 * not wait for the disk.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { LogLine } from "../model/mod.ts";

/** Bytes of text kept per job: a long build's log, and little against its store paths. */
const MAX_JOB_BYTES = 8 * 1024 * 1024;
/** Dropped at once when a log is full, so that dropping is rare. */
const DROP_BYTES = 1024 * 1024;
/** Longest line kept; longer ones are minified files, not messages. */
const MAX_LINE_CHARS = 16 * 1024;
/** Lines written in one transaction. */
const FLUSH_LINES = 500;
/** How long a line may wait in memory: below what a reader notices. */
const FLUSH_MS = 50;
/** Nobody else writes here: longer means that a copy of the file is being taken. */
const BUSY_TIMEOUT_MS = 5000;
/** Lines of one read: a reader asks again. */
export const READ_LINES = 1000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS line (
  job_id INTEGER NOT NULL, sequence INTEGER NOT NULL, step TEXT NOT NULL, at_ms INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (job_id, sequence)
) STRICT, WITHOUT ROWID;`;

interface JobLog {
  next: number;
  bytes: number;
}

export class LogStore {
  readonly #db: DatabaseSync;
  readonly #jobs = new Map<number, JobLog>();
  readonly #waiting = new Map<number, Set<() => void>>();
  #buffer: (LogLine & { job: number })[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onProblem told when lines could not be kept: they are lost, the job goes on. */
  constructor(
    path: string,
    private readonly onProblem: (error: unknown) => void = () => {},
  ) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#db.exec(SCHEMA);
  }

  #job(id: number): JobLog {
    let job = this.#jobs.get(id);
    if (job === undefined) {
      const row = this.#db.prepare(
        "SELECT coalesce(max(sequence), 0) AS last, coalesce(sum(length(text)), 0) AS bytes FROM line WHERE job_id = ?",
      ).get(id) as { last: number; bytes: number };
      job = { next: row.last + 1, bytes: row.bytes };
      this.#jobs.set(id, job);
    }
    return job;
  }

  append(id: number, step: string, text: string, atMs: number): void {
    const job = this.#job(id);
    const line = text.length > MAX_LINE_CHARS
      ? `${text.slice(0, MAX_LINE_CHARS)} (cut)`
      : text;
    this.#buffer.push({
      job: id,
      sequence: job.next++,
      step,
      atMs,
      text: line,
    });
    job.bytes += line.length;
    if (this.#buffer.length >= FLUSH_LINES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#buffer;
    if (lines.length === 0) return;
    this.#buffer = [];
    try {
      this.#write(lines);
    } catch (error) {
      // A full disk costs lines of a log, never the process that would free it.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.onProblem(error);
    }
    for (const id of new Set(lines.map((line) => line.job))) this.#notify(id);
  }

  #write(lines: readonly (LogLine & { job: number })[]): void {
    this.#db.exec("BEGIN IMMEDIATE");
    const insert = this.#db.prepare(
      "INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?, ?)",
    );
    for (const line of lines) {
      insert.run(line.job, line.sequence, line.step, line.atMs, line.text);
    }
    for (const id of new Set(lines.map((line) => line.job))) this.#drop(id);
    this.#db.exec("COMMIT");
  }

  /** Drops the oldest lines of a log that is too large. */
  #drop(id: number): void {
    const job = this.#job(id);
    if (job.bytes <= MAX_JOB_BYTES) return;
    const oldest = this.#db.prepare(
      "SELECT sequence, length(text) AS size FROM line WHERE job_id = ? ORDER BY sequence",
    );
    let dropped = 0;
    let upTo = 0;
    for (const row of oldest.iterate(id)) {
      dropped += row["size"] as number;
      upTo = row["sequence"] as number;
      if (job.bytes - dropped <= MAX_JOB_BYTES - DROP_BYTES) break;
    }
    this.#db.prepare("DELETE FROM line WHERE job_id = ? AND sequence <= ?").run(
      id,
      upTo,
    );
    job.bytes -= dropped;
  }

  /** Lines behind `after`, oldest first, at most {@linkcode READ_LINES}. */
  read(id: number, after: number): LogLine[] {
    this.flush();
    return this.#db.prepare(
      `SELECT sequence, step, at_ms AS "atMs", text FROM line WHERE job_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    ).all(id, after, READ_LINES).map((row) =>
      ({ ...row }) as unknown as LogLine
    );
  }

  #notify(id: number): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const wake of waiting ?? []) wake();
  }

  /** Wakes everybody who waits for this job: its state changed. */
  changed(id: number): void {
    this.flush();
    this.#notify(id);
  }

  /** Resolves at the next line or change of the job, or when `signal` aborts. */
  wait(id: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** Forgets counters of a job that ended; its lines stay. */
  settle(id: number): void {
    this.flush();
    this.#jobs.delete(id);
  }

  /** Drops the logs of jobs that are no longer kept. */
  prune(keep: (id: number) => boolean): void {
    for (
      const row of this.#db.prepare("SELECT DISTINCT job_id AS id FROM line")
        .all()
    ) {
      const id = row["id"] as number;
      if (!keep(id)) {
        this.#db.prepare("DELETE FROM line WHERE job_id = ?").run(id);
      }
    }
  }

  close(): void {
    this.flush();
    for (const id of [...this.#waiting.keys()]) this.#notify(id);
    this.#db.close();
  }
}
