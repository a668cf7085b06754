import assert from "node:assert/strict";
import fc from "fast-check";
import {
  mayPublish,
  planQueue,
  planRun,
  type QueuedJob,
  type RepositoryRefs,
  type SeenHead,
} from "./queue.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

function refs(
  head: string | null,
  branches: Record<string, string>,
): RepositoryRefs[] {
  return [{
    name: "shop",
    head,
    branches: Object.entries(branches).map(([name, commit]) => ({
      name,
      commit,
    })),
  }];
}

function seen(
  branch: string,
  commit: string,
  publishes: boolean,
  expectedRevision: number | null = null,
): SeenHead {
  return { repository: "shop", branch, commit, publishes, expectedRevision };
}

Deno.test("planQueue() wants every head once, the one that publishes first", () => {
  const plan = planQueue(refs("main", { apple: A, main: B }), []);
  assert.deepEqual(plan.map((action) => [action.kind, action.branch]), [[
    "want",
    "main",
  ], ["want", "apple"]]);
  assert.deepEqual(
    planQueue(refs("main", { apple: A, main: B }), [
      seen("main", B, true),
      seen("apple", A, false),
    ]),
    [],
  );
});

Deno.test("planQueue() takes a tip's check-index along, and wants the tip again with another", () => {
  const pushed = (checkIndex?: number): RepositoryRefs[] => [{
    name: "shop",
    head: "main",
    branches: [{ name: "main", commit: A, checkIndex }],
  }];
  const expected = (refs: RepositoryRefs[], ...heads: SeenHead[]) =>
    planQueue(refs, heads).map((action) =>
      action.kind === "want" ? action.expectedRevision : "forget"
    );
  assert.deepEqual(expected(pushed(7)), [7]);
  assert.deepEqual(expected(pushed(7), seen("main", A, true, 7)), []);
  assert.deepEqual(expected(pushed(8), seen("main", A, true, 7)), [8]);
  assert.deepEqual(expected(pushed(), seen("main", A, true, 7)), [null]);
});

Deno.test("planQueue() wants a head again when it moved back, and when another branch becomes HEAD", () => {
  const back = planQueue(refs("main", { main: A }), [seen("main", B, true)]);
  assert.equal(back.length, 1);
  const moved = planQueue(refs("next", { main: A, next: B }), [
    seen("main", A, true),
    seen("next", B, false),
  ]);
  assert.deepEqual(moved, [
    {
      kind: "want",
      repository: "shop",
      branch: "next",
      commit: B,
      publishes: true,
      expectedRevision: null,
    },
    {
      kind: "want",
      repository: "shop",
      branch: "main",
      commit: A,
      publishes: false,
      expectedRevision: null,
    },
  ]);
});

Deno.test("planQueue() forgets branches that are gone", () => {
  assert.deepEqual(planQueue(refs("main", {}), [seen("topic", A, false)]), [
    { kind: "forget", repository: "shop", branch: "topic" },
  ]);
});

const queued = (id: number, repository: string): QueuedJob => ({
  id,
  repository,
  sequence: id,
  state: { kind: "queued" },
});

Deno.test("planRun() runs the jobs of one repository in order, and others beside it", () => {
  const jobs = [queued(3, "shop"), queued(1, "shop"), queued(2, "blog")];
  assert.deepEqual(
    planRun(jobs, { running: new Set(), maxJobs: 1, now: 0 }).start,
    [1],
  );
  assert.deepEqual(
    planRun(jobs, { running: new Set(), maxJobs: 4, now: 0 }).start,
    [1, 2],
  );
  assert.deepEqual(
    planRun(jobs, { running: new Set([1]), maxJobs: 4, now: 0 }).start,
    [2],
  );
});

Deno.test("planRun() holds later jobs of a repository up while one waits, and says when to look again", () => {
  const waiting: QueuedJob = {
    ...queued(1, "shop"),
    state: {
      kind: "waiting",
      stage: "publish",
      reason: "",
      hint: null,
      sinceMs: 0,
      retryAtMs: 50,
      attempts: 1,
    },
  };
  const jobs = [waiting, queued(2, "shop"), queued(3, "blog")];
  assert.deepEqual(planRun(jobs, { running: new Set(), maxJobs: 1, now: 10 }), {
    start: [3],
    wakeAtMs: 50,
  });
  assert.deepEqual(
    planRun(jobs, { running: new Set(), maxJobs: 1, now: 50 }).start,
    [1],
  );
});

Deno.test("planRun() never starts two jobs of a repository, nor more than it may", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean()), {
      maxLength: 12,
    }),
    fc.integer({ min: 1, max: 4 }),
    (specs, maxJobs) => {
      const jobs = specs.map(([repository], index) =>
        queued(index + 1, repository)
      );
      const plan = planRun(jobs, { running: new Set(), maxJobs, now: 0 });
      const repositories = plan.start.map((id) => jobs[id - 1]?.repository);
      assert.equal(new Set(repositories).size, repositories.length);
      assert.ok(plan.start.length <= maxJobs);
      for (const id of plan.start) {
        const earlier = jobs.filter((job) =>
          job.id < id && job.repository === jobs[id - 1]?.repository
        );
        assert.deepEqual(earlier, []);
      }
    },
  ));
});

Deno.test("mayPublish() keeps an older job from publishing over a newer one", () => {
  const job = { publishes: true, sequence: 3, branch: "main" };
  assert.deepEqual(mayPublish(job, 0), { publish: true });
  assert.deepEqual(
    mayPublish(job, 3),
    { publish: true },
    "itself, before a crash",
  );
  assert.equal(mayPublish(job, 4).publish, false);
  assert.equal(mayPublish({ ...job, publishes: false }, 0).publish, false);
});
