/**
 * Evaluates a commit on demand: what `procurator plan REF` asks for. The same
 * fetch and evaluation as a job's, with their bounds and their isolation, but
 * nothing is built, uploaded or published, and no job is made.
 *
 * Has a line of its own, so that people who look never hold up what was
 * pushed, and are told to come back rather than kept for hours.
 *
 * @module
 */
import {
  AppError,
  type BlueprintView,
  Commit,
  parseBlueprint,
} from "../model/mod.ts";
import { Turns } from "../turns/mod.ts";
import type { RepositoryRefs } from "./core/queue.ts";
import { evaluateCommit } from "./evaluate.ts";
import type { Ports } from "./ports.ts";
import type { JobStore } from "./store.ts";

/** One beside the jobs: each may take all the memory that an evaluation is allowed. */
const LINE = { running: 1, waiting: 4, what: "evaluations" };
/** Below it a prefix of a commit is a guess. */
const MIN_PREFIX = 7;
/** Branches named in an error. */
const MAX_SHOWN = 5;

export interface EvaluationsOptions {
  ports: Pick<Ports, "refs" | "git" | "contents" | "builder">;
  store: Pick<JobStore, "list" | "evaluation">;
  /** Ends what is under way when ci stops. */
  stopping: AbortSignal;
}

/** What is evaluated. */
export interface EvaluationRequest {
  repository: string;
  /** A branch, a commit or the beginning of one; absent: the branch that is published. */
  ref?: string | undefined;
}

export class Evaluations {
  readonly #options: EvaluationsOptions;
  readonly #turns = new Turns(LINE);
  /** Under way, by repository and commit: whoever asks again joins, also after leaving. */
  readonly #underWay = new Map<string, Promise<string>>();

  constructor(options: EvaluationsOptions) {
    this.#options = options;
  }

  /**
   * The blueprint of a commit; at once when a job has evaluated it.
   *
   * @throws {AppError} `not_found` for an unknown repository or ref, `overloaded`
   * when too many wait, what evaluating throws, `invalid` for a bad blueprint.
   */
  async evaluate(request: EvaluationRequest): Promise<BlueprintView> {
    const commit = await this.#commitOf(request);
    const { repository } = request;
    const text = this.#known(repository, commit) ??
      await this.#join(repository, commit);
    const { cluster } = parseBlueprint(text);
    return { repository, commit, cluster, blueprint: text };
  }

  /** What a job has found already; the commit says all that an evaluation depends on. */
  #known(repository: string, commit: string): string | null {
    const { store } = this.#options;
    const [job] = store.list({ repository, commit, limit: 1 });
    return job === undefined
      ? null
      : store.evaluation(job.id)?.blueprint ?? null;
  }

  #join(repository: string, commit: string): Promise<string> {
    const key = `${repository} ${commit}`;
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const work = this.#turns.run(
      () => this.#evaluate(repository, commit),
      this.#options.stopping,
    ).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
    return work;
  }

  async #evaluate(repository: string, commit: string): Promise<string> {
    const { stopping: signal, ports } = this.#options;
    const call = { signal, onLog: () => undefined };
    const asked = { repository, commit };
    return (await evaluateCommit(ports, asked, call)).blueprint;
  }

  async #commitOf({ repository, ref }: EvaluationRequest): Promise<string> {
    const { ports: { refs }, stopping } = this.#options;
    const all = await refs.repositories(stopping);
    const found = all.find(({ name }) => name === repository);
    if (found === undefined) {
      throw new AppError(
        "not_found",
        `There is no repository "${repository}" on the hub`,
        { hint: "see which there are: procurator repo list" },
      );
    }
    return resolve(
      found,
      ref ?? found.head,
      () =>
        this.#options.store.list({ repository, limit: 1000 })
          .map(({ commit }) => commit),
    );
  }
}

/** The commit that is meant: of a branch, or one that ci has seen, or a whole one. */
function resolve(
  { name, branches }: RepositoryRefs,
  ref: string | null,
  seen: () => string[],
): string {
  const branch = branches.find((one) => one.name === ref);
  if (branch !== undefined) return branch.commit;
  if (ref === null || branches.length === 0) {
    throw new AppError(
      "not_found",
      `Repository "${name}" has no branch that is published yet`,
      { hint: "push one" },
    );
  }
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)) return Commit.parse(ref);
  if (/^[0-9a-f]+$/.test(ref) && ref.length >= MIN_PREFIX) {
    const commits = [...branches.map(({ commit }) => commit), ...seen()];
    const matches = new Set(
      commits.filter((commit) => commit.startsWith(ref)),
    );
    const [only, ...others] = matches;
    if (only !== undefined && others.length === 0) return only;
  }
  const names = branches.slice(0, MAX_SHOWN).map((one) => one.name).join(", ");
  const more = branches.length > MAX_SHOWN ? ", and others" : "";
  throw new AppError(
    "not_found",
    `"${
      ref.slice(0, 80)
    }" is no branch of "${name}", and no commit that was pushed to it`,
    { hint: `name one of ${names}${more}, or a commit in full` },
  );
}
