import assert from "node:assert/strict";
import type { GenerationSummary, JobView } from "../../roles/model/mod.ts";
import {
  ago,
  formatBytes,
  formatCount,
  formatMemory,
  formatSeconds,
  generationRows,
  jobBadge,
  repositoryRows,
  vmBadge,
} from "./view_model.ts";

Deno.test("formatSeconds() reads like a person would say it", () => {
  const table: [number | null, string][] = [
    [null, "–"],
    [0, "0.0 s"],
    [9.94, "9.9 s"],
    [12.4, "12 s"],
    [184, "3 min 4 s"],
    [119.7, "2 min 0 s"],
  ];
  for (const [seconds, text] of table) {
    assert.equal(formatSeconds(seconds), text);
  }
});

Deno.test("formatBytes() and formatCount() fit a narrow column", () => {
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(1536), "1.5 KiB");
  assert.equal(formatBytes(340 * 1024 ** 2), "340 MiB");
  assert.equal(formatBytes(5000 * 1024 ** 4), "5000 TiB");
  assert.equal(formatCount(1_234_567), "1,234,567");
});

Deno.test("ago() counts down to the largest whole unit", () => {
  const now = 10 * 86_400_000;
  assert.equal(ago(now - 59_000, now), "just now");
  assert.equal(
    ago(now + 5000, now),
    "just now",
    "another host's clock may be ahead",
  );
  assert.equal(ago(now - 60_000, now), "1 minute ago");
  assert.equal(ago(now - 7_200_000, now), "2 hours ago");
  assert.equal(ago(now - 3 * 86_400_000, now), "3 days ago");
});

Deno.test("badges say the state in words and a tone", () => {
  assert.deepEqual(
    jobBadge({ state: "running", stage: "copy", generation: null }),
    { text: "uploading", tone: "busy" },
  );
  assert.deepEqual(
    jobBadge({ state: "succeeded", stage: null, generation: null }),
    { text: "built", tone: "good" },
  );
  assert.deepEqual(
    vmBadge({ state: "Created", health: "healthy" }).text,
    "preparing",
  );
  assert.deepEqual(vmBadge({ state: "Running", health: "unhealthy" }), {
    text: "unhealthy",
    tone: "bad",
  });
  assert.equal(formatMemory(512), "512 MiB");
  assert.equal(formatMemory(16_384), "16.0 GiB");
});

Deno.test("repositoryRows() shows the build of the last commit, else the newest one", () => {
  const commit = "a".repeat(40);
  const job = (id: number, of: string) => ({
    id,
    repository: "shop",
    branch: "main",
    commit: of,
    publishes: true,
    state: "queued" as const,
    stage: null,
    message: "",
    hint: null,
    cluster: "",
    generation: null,
    traceparent: "",
    queuedAtMs: 0,
    startedAtMs: null,
    endedAtMs: null,
    seconds: { eval: null, build: null },
  });
  const branches = [{ name: "main", commit, subject: "one", committedAtMs: 1 }];
  const shop = [{ name: "shop", head: "main", branches }];
  assert.equal(
    repositoryRows(shop, [job(2, "b".repeat(40)), job(1, commit)])[0]?.job?.id,
    1,
  );
  assert.equal(repositoryRows(shop, [job(2, "b".repeat(40))])[0]?.job?.id, 2);
  assert.equal(
    repositoryRows([{ name: "blog", head: "main", branches: [] }], [])[0]
      ?.commit,
    null,
  );
});

Deno.test("generationRows() joins a generation with the build that published it", () => {
  const generation = (
    over: Partial<GenerationSummary>,
  ): GenerationSummary => ({
    cluster: "shop",
    generation: 1,
    commit: "a".repeat(40),
    repository: "shop",
    intentHash: "",
    parent: 0,
    state: "active",
    reason: "",
    publishedAtMs: 0,
    endedAtMs: null,
    vms: 1,
    seconds: { copy: null, place: null, boot: null, healthy: null },
    traceparent: null,
    ...over,
  });
  const job = (over: Partial<JobView>): JobView => ({
    id: 1,
    repository: "shop",
    branch: "main",
    commit: "a".repeat(40),
    publishes: true,
    state: "succeeded",
    stage: null,
    message: "",
    hint: null,
    cluster: "shop",
    generation: null,
    traceparent: "",
    queuedAtMs: 0,
    startedAtMs: 0,
    endedAtMs: 0,
    seconds: { eval: 1, build: 2 },
    ...over,
  });
  const jobs = [
    job({ id: 4, repository: "other" }),
    job({ id: 3, branch: "topic" }),
    job({ id: 2, generation: 1 }),
  ];
  const rows = generationRows([
    generation({}),
    generation({ generation: 2, commit: "b".repeat(40) }),
    generation({ generation: 3, repository: "manual" }),
  ], jobs);
  assert.deepEqual(rows.map((row) => row.job?.id ?? null), [2, null, null]);
});
