/**
 * Which jobs the refs of the hub call for, and which job runs next.
 *
 * Level-triggered: compares what the hub has with what was seen before, and is
 * never told what changed. Every head that was seen is built, in the order it
 * was seen; commits between two sights are not.
 *
 * @module
 */
import { isEnded, type Job } from "./job.ts";

/** A repository as the hub lists it. */
export interface RepositoryRefs {
  name: string;
  /** The branch that is published, or null. */
  head: string | null;
  branches: {
    name: string;
    commit: string;
    /** The plan revision that its push wants it published on; absent: any. */
    checkIndex?: number | undefined;
  }[];
}

/** What was seen of a branch when its job was made. */
export interface SeenHead {
  repository: string;
  branch: string;
  commit: string;
  publishes: boolean;
  /** null: any. */
  expectedRevision: number | null;
}

/** A head that calls for a job; the store makes a new one, or wants the existing one again. */
export type QueueAction =
  | {
    kind: "want";
    repository: string;
    branch: string;
    commit: string;
    publishes: boolean;
    expectedRevision: number | null;
  }
  | { kind: "forget"; repository: string; branch: string };

/** `repository` and `branch` in one key: neither can hold a newline. */
export function headKey(repository: string, branch: string): string {
  return `${repository}\n${branch}`;
}

/** What to do so that every head has its job. The branch that publishes comes first: it is what users wait for. */
export function planQueue(
  repositories: readonly RepositoryRefs[],
  seen: readonly SeenHead[],
): QueueAction[] {
  const known = new Map(
    seen.map((head) => [headKey(head.repository, head.branch), head]),
  );
  const actions: QueueAction[] = [];
  for (const { name: repository, head, branches } of repositories) {
    const wanted = branches.map((branch) => ({
      ...branch,
      publishes: branch.name === head,
    }))
      .sort((a, b) => Number(b.publishes) - Number(a.publishes));
    for (const { name: branch, commit, publishes, checkIndex } of wanted) {
      const key = headKey(repository, branch);
      const before = known.get(key);
      known.delete(key);
      const expectedRevision = checkIndex ?? null;
      // Another number at the same commit: it was pushed away and back between two looks.
      const same = before?.commit === commit &&
        before.publishes === publishes &&
        before.expectedRevision === expectedRevision;
      if (same) continue;
      const head = { repository, branch, commit, publishes, expectedRevision };
      actions.push({ kind: "want", ...head });
    }
  }
  for (const gone of known.values()) {
    actions.push({
      kind: "forget",
      repository: gone.repository,
      branch: gone.branch,
    });
  }
  return actions;
}

/** What the runner needs to know of a job. */
export type QueuedJob = Pick<Job, "id" | "repository" | "sequence" | "state">;

/** Which jobs to start now, and when to look again (null: when something changes). */
export interface RunPlan {
  start: number[];
  wakeAtMs: number | null;
}

/**
 * Jobs of one repository run one after the other, in sequence, so that an older
 * commit never publishes after a newer one: one that waits holds the later ones
 * of its own repository up, and no other repository's.
 */
export function planRun(
  jobs: readonly QueuedJob[],
  options: { running: ReadonlySet<number>; maxJobs: number; now: number },
): RunPlan {
  const open = jobs.filter((job) => !isEnded(job)).sort((a, b) =>
    a.sequence - b.sequence
  );
  const busy = new Set(
    open.filter((job) => options.running.has(job.id)).map((job) =>
      job.repository
    ),
  );
  const plan: RunPlan = { start: [], wakeAtMs: null };
  let free = options.maxJobs - options.running.size;
  for (const job of open) {
    if (busy.has(job.repository)) continue;
    busy.add(job.repository);
    if (job.state.kind === "waiting" && job.state.retryAtMs > options.now) {
      plan.wakeAtMs = Math.min(plan.wakeAtMs ?? Infinity, job.state.retryAtMs);
    } else if (free > 0) {
      plan.start.push(job.id);
      free--;
    }
  }
  return plan;
}

/**
 * Whether a job that reached its last stage may publish: not once a later head
 * of its repository has been published, as after a retry of an old job.
 */
export function mayPublish(
  job: Pick<Job, "publishes" | "sequence" | "branch">,
  publishedSequence: number,
): { publish: true } | { publish: false; note: string } {
  if (!job.publishes) {
    return {
      publish: false,
      note: `built only: "${job.branch}" is not the branch that is published`,
    };
  }
  if (publishedSequence > job.sequence) {
    return {
      publish: false,
      note: "built only: a newer commit has been published since",
    };
  }
  return { publish: true };
}
