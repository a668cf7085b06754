/**
 * The demo as a user runs it: a process of its own, real git, Nix and QEMU.
 *
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { ClusterStatus } from "../../roles/model/status.ts";
import { runProcess } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

/** Far above what it takes, so that a busy machine does not fail it. */
const TIMEOUT_MS = 400_000;

const Seconds = z.number().min(0).nullable();
const Result = z.strictObject({
  setupSeconds: z.number(),
  firstHealthySeconds: z.number(),
  totalSeconds: z.number(),
  commits: z.array(z.strictObject({
    commit: z.string().regex(/^[0-9a-f]{40}$/),
    generation: z.number().int(),
    title: z.string(),
    outcome: z.enum(["healthy", "rolled-back"]),
    seconds: z.strictObject({
      eval: Seconds,
      build: Seconds,
      copy: Seconds,
      place: Seconds,
      boot: Seconds,
      healthy: Seconds,
    }),
    totalSeconds: z.number(),
  })),
  status: ClusterStatus,
});

Deno.test("demo --json: healthy, healthy, rolled back, and nothing is left behind", async () => {
  await using dir = await tempDir("demo");
  const run = await runProcess(
    Deno.execPath(),
    ["run", "-A", "--no-check", "main.ts", "demo", "--json"],
    {
      env: {
        TMPDIR: dir.path,
        XDG_RUNTIME_DIR: dir.path,
        NO_COLOR: "1",
      },
      timeoutMs: TIMEOUT_MS,
    },
  );
  assert.equal(run.code, 0, run.stderrTail);
  const { commits, status } = Result.parse(JSON.parse(run.stdout));
  assert.deepEqual(
    commits.map(({ generation, outcome }) => [generation, outcome]),
    [[1, "healthy"], [2, "healthy"], [3, "rolled-back"]],
  );
  assert.equal(status.activeGeneration, 2);
  assert.equal(status.commit, commits[1]?.commit);
  assert.equal(status.convergencePercent, 100);
  assert.equal(status.vms.length, 2);
  for (const commit of commits.slice(0, 2)) {
    for (const [stage, seconds] of Object.entries(commit.seconds)) {
      assert.notEqual(seconds, null, `${stage} of ${commit.title}`);
    }
  }
  assert.equal(commits[2]?.seconds.healthy, null);
  const left = [...Deno.readDirSync(dir.path)].map((entry) => entry.name);
  assert.deepEqual(
    left.filter((name) => name.startsWith("procurator-demo-")),
    [],
  );
  const processes = await runProcess("ps", ["-eo", "args"]);
  assert.equal(
    processes.stdout.includes(dir.path),
    false,
    "a process of the demo still runs",
  );
});
