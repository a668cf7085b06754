/**
 * What the head of each branch was built to: the cache asks, and keeps it.
 *
 * While a head is being built, and after its build failed, the last closure of
 * its branch that was uploaded counts beside it: it is what people and
 * rollbacks still pull. Keeps nothing itself.
 *
 * @module
 */
import {
  AppError,
  type BranchClosure,
  parseBlueprint,
  storePathsOf,
} from "../model/mod.ts";
import { Turns } from "../turns/mod.ts";
import { hasUploaded, type Job } from "./core/job.ts";
import type { SeenHead } from "./core/queue.ts";
import type { JobStore } from "./store.ts";

/** Every answer reads a blueprint per branch; one cache asks, every hour. */
const LINE = { running: 1, waiting: 8, what: "looks at branches" };

type Jobs = Pick<
  JobStore,
  "seenHeads" | "ofCommit" | "ofRepository" | "evaluation"
>;

export class BranchClosures {
  readonly #turns = new Turns(LINE);

  constructor(private readonly store: Jobs) {}

  /**
   * Of every branch whose head was seen.
   *
   * @throws {AppError} `failed` when what a job evaluated to cannot be read.
   */
  list(): Promise<BranchClosure[]> {
    return this.#turns.run(async () => {
      const uploaded = new Map<string, Map<string, Job>>();
      const found: BranchClosure[] = [];
      for (const head of this.store.seenHeads()) {
        for (const job of this.#jobsOf(head, uploaded)) {
          const closure = this.#closureOf(head, job);
          if (closure !== undefined) found.push(closure);
          // A blueprint is a megabyte at worst: others have their turn between two.
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
      return found;
    });
  }

  /** The head's own, and while that is not in the cache the branch's last one that is. */
  #jobsOf(head: SeenHead, uploaded: Map<string, Map<string, Job>>): Job[] {
    const own = this.store.ofCommit(head.repository, head.commit);
    if (own !== null && hasUploaded(own)) return [own];
    let byBranch = uploaded.get(head.repository);
    if (byBranch === undefined) {
      byBranch = this.#newestUploaded(head.repository);
      uploaded.set(head.repository, byBranch);
    }
    const before = byBranch.get(head.branch);
    return [own, before].filter((job) => job !== null && job !== undefined);
  }

  #newestUploaded(repository: string): Map<string, Job> {
    const byBranch = new Map<string, Job>();
    for (const job of this.store.ofRepository(repository)) {
      if (hasUploaded(job) && !byBranch.has(job.branch)) {
        byBranch.set(job.branch, job);
      }
    }
    return byBranch;
  }

  #closureOf(head: SeenHead, job: Job): BranchClosure | undefined {
    const evaluation = this.store.evaluation(job.id);
    if (evaluation === null) return undefined;
    const { repository, branch } = head;
    const { id, commit } = job;
    try {
      const { vmSpecs } = parseBlueprint(evaluation.blueprint);
      const paths = storePathsOf(vmSpecs);
      return { repository, branch, commit, job: id, paths };
    } catch (cause) {
      // Left out, its closure would be collected.
      throw new AppError(
        "failed",
        `Cannot read the blueprint that job ${id} evaluated ${commit} of ${repository} to`,
        { cause, hint: `evaluate it again: procurator builds retry ${id}` },
      );
    }
  }
}
