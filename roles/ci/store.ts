/**
 * Jobs, steps and seen heads in SQLite: the only SQL of ci but the log's.
 *
 * Every change is on the disk when the method returns. Decides nothing: what a
 * job becomes is core/job.ts, which heads want one is core/queue.ts.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { AppError, type StepView } from "../model/mod.ts";
import {
  isEnded,
  type Job,
  type JobEvent,
  type RetryPolicy,
  stepJob,
} from "./core/job.ts";
import type { QueueAction, SeenHead } from "./core/queue.ts";
import type { Evaluation } from "./ports.ts";

/** Ended jobs that are kept for the pages: years of a small team. */
const MAX_ENDED_JOBS = 10_000;
/** Another process of ours writes one row: longer means that it hangs. */
const BUSY_TIMEOUT_MS = 5000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS head (
  repository TEXT NOT NULL, branch TEXT NOT NULL, commit_id TEXT NOT NULL, publishes INTEGER NOT NULL,
  expected_revision INTEGER, PRIMARY KEY (repository, branch)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL, commit_id TEXT NOT NULL,
  sequence INTEGER NOT NULL, ended INTEGER NOT NULL, body TEXT NOT NULL,
  UNIQUE (repository, commit_id)
) STRICT;
CREATE INDEX IF NOT EXISTS job_open ON job (ended, sequence);
CREATE TABLE IF NOT EXISTS evaluation (
  job_id INTEGER PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS step (
  job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  position INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (job_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS published (repository TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Which jobs to list; newest first. */
export interface JobFilter {
  repository?: string | undefined;
  commit?: string | undefined;
  limit: number;
}

interface JobRow {
  id: number;
  body: string;
}

/** A row as a job: the body is what this module wrote. */
function jobOf(row: unknown): Job {
  const { id, body } = row as JobRow;
  // Stored before there was a check-index, it expects nothing.
  return { expectedRevision: null, ...JSON.parse(body), id };
}

export class JobStore {
  readonly #db: DatabaseSync;

  /** @param path a file, or `:memory:`. */
  constructor(path: string, private readonly policy: RetryPolicy) {
    try {
      this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      this.#db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
      );
      this.#db.exec(SCHEMA);
      this.#addColumns();
    } catch (error) {
      throw new AppError("storage", `Cannot open ci's jobs in ${path}`, {
        cause: error,
      });
    }
  }

  /** To a store made before there was a check-index. */
  #addColumns(): void {
    const columns = this.#db.prepare("PRAGMA table_info(head)").all();
    if (columns.some(({ name }) => name === "expected_revision")) return;
    this.#db.exec("ALTER TABLE head ADD COLUMN expected_revision INTEGER");
  }

  close(): void {
    this.#db.close();
  }

  #transaction<T>(work: () => T): T {
    try {
      this.#db.prepare("BEGIN IMMEDIATE").run();
      try {
        const result = work();
        this.#db.prepare("COMMIT").run();
        return result;
      } catch (error) {
        this.#db.prepare("ROLLBACK").run();
        throw error;
      }
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("storage", "Cannot store the state of a job", {
        cause: error,
      });
    }
  }

  seenHeads(): SeenHead[] {
    return this.#db.prepare(
      `SELECT repository, branch, commit_id AS "commit", publishes, expected_revision AS "expectedRevision" FROM head`,
    ).all()
      .map((row) =>
        ({ ...row, publishes: row["publishes"] === 1 }) as SeenHead
      );
  }

  /** Makes or wakes the jobs that these heads call for; true when there was any. */
  applyQueue(
    actions: readonly QueueAction[],
    source: { at: number; traceparent: () => string },
  ): boolean {
    if (actions.length === 0) return false;
    this.#transaction(() => {
      for (const action of actions) {
        if (action.kind === "want") this.#want(action, source);
        else {this.#db.prepare(
            "DELETE FROM head WHERE repository = ? AND branch = ?",
          ).run(action.repository, action.branch);}
      }
      this.#prune();
    });
    return true;
  }

  #want(
    action: QueueAction & { kind: "want" },
    source: { at: number; traceparent: () => string },
  ): void {
    const { repository, branch, commit, publishes, expectedRevision } = action;
    this.#db.prepare(
      `INSERT INTO head (repository, branch, commit_id, publishes, expected_revision) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET commit_id = excluded.commit_id, publishes = excluded.publishes,
         expected_revision = excluded.expected_revision`,
    ).run(repository, branch, commit, Number(publishes), expectedRevision);
    const known = this.#db.prepare(
      "SELECT id, body FROM job WHERE repository = ? AND commit_id = ?",
    ).get(repository, commit);
    if (known === undefined) {
      this.#insert({
        repository,
        branch,
        commit,
        sequence: this.#nextSequence(),
        publishes,
        expectedRevision,
        againSequence: null,
        state: { kind: "queued" },
        cluster: "",
        traceparent: source.traceparent(),
        queuedAtMs: source.at,
        startedAtMs: null,
        endedAtMs: null,
        seconds: { eval: null, build: null },
      });
    } else if (publishes) {
      const event: JobEvent = {
        kind: "wanted",
        at: source.at,
        sequence: this.#nextSequence(),
        branch,
        expectedRevision,
      };
      this.#save(stepJob(jobOf(known), event, this.policy));
    }
  }

  #nextSequence(): number {
    const row = this.#db.prepare(
      "INSERT INTO counter VALUES ('sequence', 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
    ).get() as { value: number };
    return row.value;
  }

  #insert(job: Omit<Job, "id">): void {
    this.#db.prepare(
      "INSERT INTO job (repository, commit_id, sequence, ended, body) VALUES (?, ?, ?, 0, ?)",
    )
      .run(job.repository, job.commit, job.sequence, JSON.stringify(job));
  }

  #save(job: Job): void {
    this.#db.prepare(
      "UPDATE job SET sequence = ?, ended = ?, body = ? WHERE id = ?",
    )
      .run(job.sequence, Number(isEnded(job)), JSON.stringify(job), job.id);
  }

  /** Never the job of a branch's head: the cache keeps what it built. */
  #prune(): void {
    this.#db.prepare(
      `DELETE FROM job WHERE id IN (SELECT id FROM job WHERE ended = 1 ORDER BY id DESC LIMIT -1 OFFSET ?)
       AND NOT EXISTS (SELECT 1 FROM head WHERE head.repository = job.repository AND head.commit_id = job.commit_id)`,
    ).run(MAX_ENDED_JOBS);
  }

  /** What `event` makes of the job, stored; with what else belongs to the same moment. */
  step(
    id: number,
    event: JobEvent,
    with_: { evaluation?: Evaluation; published?: boolean } = {},
  ): Job {
    return this.#transaction(() => {
      const before = this.require(id);
      const job = stepJob(before, event, this.policy);
      this.#save(job);
      if (with_.evaluation !== undefined) {
        this.#db.prepare("INSERT OR REPLACE INTO evaluation VALUES (?, ?)").run(
          id,
          JSON.stringify(with_.evaluation),
        );
      }
      if (with_.published === true) {
        this.#db.prepare(
          `INSERT INTO published VALUES (?, ?)
           ON CONFLICT DO UPDATE SET sequence = max(sequence, excluded.sequence)`,
        ).run(before.repository, before.sequence);
      }
      return job;
    });
  }

  evaluation(id: number): Evaluation | null {
    const row = this.#db.prepare("SELECT body FROM evaluation WHERE job_id = ?")
      .get(id) as { body: string } | undefined;
    return row === undefined ? null : JSON.parse(row.body);
  }

  /** The highest sequence of this repository that was published, 0 for none. */
  publishedSequence(repository: string): number {
    const row = this.#db.prepare(
      "SELECT sequence FROM published WHERE repository = ?",
    ).get(repository);
    return (row?.["sequence"] as number | undefined) ?? 0;
  }

  get(id: number): Job | null {
    const row = this.#db.prepare("SELECT id, body FROM job WHERE id = ?").get(
      id,
    );
    return row === undefined ? null : jobOf(row);
  }

  /** @throws {AppError} `not_found`. */
  require(id: number): Job {
    const job = this.get(id);
    if (job === null) {
      throw new AppError("not_found", `There is no job ${id}`, {
        hint: "list them: GET /api/v1/jobs",
      });
    }
    return job;
  }

  /** The job of a commit. */
  ofCommit(repository: string, commit: string): Job | null {
    const row = this.#db.prepare(
      "SELECT id, body FROM job WHERE repository = ? AND commit_id = ?",
    ).get(repository, commit);
    return row === undefined ? null : jobOf(row);
  }

  /** All of one repository, the newest first. */
  *ofRepository(repository: string): Generator<Job> {
    const rows = this.#db.prepare(
      "SELECT id, body FROM job WHERE repository = ? ORDER BY sequence DESC",
    ).iterate(repository);
    for (const row of rows) yield jobOf(row);
  }

  /** Jobs that have not ended, in the order they run. */
  open(): Job[] {
    return this.#db.prepare(
      "SELECT id, body FROM job WHERE ended = 0 ORDER BY sequence",
    ).all().map(jobOf);
  }

  list(filter: JobFilter): Job[] {
    return this.#db.prepare(
      `SELECT id, body FROM job WHERE (?1 IS NULL OR repository = ?1) AND (?2 IS NULL OR commit_id = ?2)
       ORDER BY sequence DESC LIMIT ?3`,
    ).all(filter.repository ?? null, filter.commit ?? null, filter.limit).map(
      jobOf,
    );
  }

  steps(id: number): StepView[] {
    return this.#db.prepare(
      "SELECT body FROM step WHERE job_id = ? ORDER BY position",
    ).all(id)
      .map((row) => JSON.parse(row["body"] as string));
  }

  saveStep(id: number, step: StepView): void {
    this.#transaction(() => {
      this.#db.prepare(
        `INSERT INTO step VALUES (?1, (SELECT count(*) FROM step WHERE job_id = ?1), ?2, ?3)
         ON CONFLICT DO UPDATE SET body = excluded.body`,
      ).run(id, step.name, JSON.stringify(step));
    });
  }

  clearSteps(id: number): void {
    this.#transaction(() =>
      this.#db.prepare("DELETE FROM step WHERE job_id = ?").run(id)
    );
  }
}
