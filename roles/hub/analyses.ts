/**
 * What commits of this hub's repositories are.
 *
 * Owns the answers: an answer is of a commit, so it never changes and is kept,
 * the least asked for given up first. One commit is examined at a time, and
 * whoever asks for it meanwhile joins. Never examines anything itself.
 *
 * @module
 */
import type { CommitReport, Examiner } from "../../autonix/examiner.ts";
import { AppError, type Clock, toAppError } from "../model/mod.ts";
import { Turns } from "../turns/mod.ts";
import type { AnalysisView, WhichCommit } from "../../ui/mod.ts";
import type { Repositories, Repository } from "./repositories.ts";

/** One of two cores; the rest of a page's readers come back. */
const LINE = { running: 1, waiting: 32, what: "commits to examine" };
/** Kept of all repositories: characters of their JSON, some 30 MiB in memory. */
const MAX_KEPT_CHARS = 8 * 1024 * 1024;
/** Besides what its JSON takes, so that tiny ones are bounded too. */
const EACH_CHARS = 1024;
/** A commit that could not be examined is not tried again by each look at a page. */
const FAILURE_KEPT_MS = 300_000;
/** What a page waits for at a glance: most commits take half of it. */
const GLANCE_MS = 1_000;

type Kept =
  | { report: CommitReport; chars: number }
  | { error: AppError; untilMs: number; chars: number };

export interface AnalysesOptions {
  repositories: Pick<Repositories, "read" | "pathOf">;
  examiner: Examiner;
  clock: Clock;
  stopping: AbortSignal;
}

export class Analyses {
  readonly #options: AnalysesOptions;
  readonly #turns = new Turns(LINE);
  /** By repository and commit; the latest asked for is last. */
  readonly #kept = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<CommitReport>>();
  #chars = 0;

  constructor(options: AnalysesOptions) {
    this.#options = options;
  }

  /**
   * What a commit is, once that is known.
   *
   * @throws {AppError} `not_found` for what is not there, `overloaded` when too
   * many wait, what examining throws.
   */
  async of(name: string, which: WhichCommit = {}): Promise<AnalysisView> {
    const { commit, branch } = await this.#resolve(name, which);
    return { ...await this.#report(name, commit), commit, branch };
  }

  /** The same, null while it is being found out. */
  async glance(
    name: string,
    which: WhichCommit = {},
  ): Promise<AnalysisView | null> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), GLANCE_MS);
    const found = this.of(name, which);
    // Whoever looks again is told.
    found.catch(() => undefined);
    try {
      return await Promise.race([found, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #resolve(
    name: string,
    { commit, branch }: WhichCommit,
  ): Promise<{ commit: string; branch: string | null }> {
    const repository = await this.#options.repositories.read(name);
    if (commit !== undefined) return { commit, branch: null };
    const wanted = branch ?? repository.head;
    const found = repository.branches.find((one) => one.name === wanted);
    if (found === undefined) throw noSuchBranch(repository, branch);
    return { commit: found.commit, branch: found.name };
  }

  async #report(repository: string, commit: string): Promise<CommitReport> {
    const key = `${repository} ${commit}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      if ("report" in kept) return kept.report;
      if (kept.untilMs > this.#options.clock.now()) throw kept.error;
      this.#forget(key, kept);
    }
    const known = this.#underWay.get(key);
    if (known !== undefined) return await known;
    const work = this.#examine(key, repository, commit)
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
    return await work;
  }

  async #examine(
    key: string,
    repository: string,
    commit: string,
  ): Promise<CommitReport> {
    const { examiner, repositories, stopping: signal, clock } = this.#options;
    const gitDirectory = repositories.pathOf(repository);
    const end = await this.#turns.take(signal);
    try {
      const report = await examiner.examine({
        gitDirectory,
        commit,
        repository,
        signal,
      });
      this.#keep(key, { report, chars: JSON.stringify(report).length });
      return report;
    } catch (thrown) {
      const error = toAppError(thrown);
      // A commit that is not here may be pushed in the meantime.
      if (!signal.aborted && error.code !== "not_found") {
        const untilMs = clock.now() + FAILURE_KEPT_MS;
        this.#keep(key, { error, untilMs, chars: error.message.length });
      }
      throw error;
    } finally {
      end();
    }
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#chars += kept.chars + EACH_CHARS;
    for (const [oldest, one] of this.#kept) {
      if (this.#chars <= MAX_KEPT_CHARS) return;
      this.#forget(oldest, one);
    }
  }

  #forget(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#chars -= kept.chars + EACH_CHARS;
  }
}

function noSuchBranch(
  { name, branches }: Repository,
  branch: string | undefined,
): AppError {
  if (branches.length === 0) {
    return new AppError("not_found", `Nothing was pushed to "${name}" yet`, {
      hint: "git push procurator main",
    });
  }
  return new AppError(
    "not_found",
    branch === undefined
      ? `Repository "${name}" has no branch that is published yet`
      : `Repository "${name}" has no branch "${branch.slice(0, 80)}"`,
  );
}
