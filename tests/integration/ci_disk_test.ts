/**
 * Full disks: a push is refused whole, a job waits for space and goes on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { CiConfig, type Ports, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import { AppError, JobList } from "../../roles/model/mod.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT_MS = 20_000;

/** A file system of a few MiB; disposing unmounts it. */
async function smallDisk(
  path: string,
): Promise<AsyncDisposable & { fill(): Promise<void>; free(): Promise<void> }> {
  await Deno.mkdir(path);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", path]);
  return {
    async fill() {
      const file = await Deno.open(`${path}/filler`, {
        write: true,
        create: true,
      });
      const page = new Uint8Array(4096);
      try {
        for (;;) await file.write(page);
      } catch (error) {
        assert.match(String(error), /No space left/);
      } finally {
        file.close();
      }
    },
    free: () => Deno.remove(`${path}/filler`),
    async [Symbol.asyncDispose]() {
      await runChecked("umount", [path]);
    },
  };
}

Deno.test("hub: a push to a full disk is refused and changes nothing; with space it succeeds", async () => {
  await using temp = await tempDir("disk");
  await using disk = await smallDisk(`${temp.path}/hub`);
  const table = openTokenTable(`${temp.path}/hub`);
  const { token } = table.create({ role: "publisher", name: "t" }, {
    now: Date.now(),
    random: systemRandom,
  });
  table.close();
  const hub = await runHub(
    HubConfig.parse({ stateDir: `${temp.path}/hub`, listen: "127.0.0.1:0" }),
  );
  try {
    const url = hub.endpoints["http"] ?? "";
    const headers = { authorization: `Bearer ${token}` };
    const made = await fetch(`${url}/api/v1/repositories`, {
      method: "POST",
      body: '{"name":"shop"}',
      headers,
    });
    assert.equal(made.status, 201, await made.text());
    const work = `${temp.path}/work`;
    await Deno.mkdir(work);
    const git = (...args: string[]) =>
      runProcess("git", [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        ...args,
      ], {
        cwd: work,
        env: { HOME: temp.path, GIT_CONFIG_NOSYSTEM: "1" },
      });
    await git("init", "-q", "-b", "main");
    await Deno.writeFile(
      `${work}/file`,
      crypto.getRandomValues(new Uint8Array(60_000)),
    );
    await git("add", ".");
    await git("commit", "-q", "-m", "one");
    const remote = `${url.replace("//", `//x:${token}@`)}/shop.git`;
    await disk.fill();
    const refused = await git("push", remote, "main");
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.stderrTail,
      /No space left|unpack|file write error|failed/,
    );
    const { branches } = await (await fetch(`${url}/api/v1/repositories/shop`))
      .json();
    assert.deepEqual(branches, []);
    await disk.free();
    const pushed = await git("push", remote, "main");
    assert.equal(pushed.code, 0, pushed.stderrTail);
  } finally {
    await hub.stop();
  }
});

Deno.test("ci: with a full disk it says so, and goes on when there is space", async () => {
  await using temp = await tempDir("disk");
  await using disk = await smallDisk(`${temp.path}/ci`);
  let commits: string[] = [];
  const built: string[] = [];
  const ports: Partial<Ports> = {
    refs: {
      repositories: () =>
        Promise.resolve(commits.map((commit, index) => ({
          name: `r${index}`,
          head: "main",
          branches: [{ name: "main", commit }],
        }))),
    },
    git: {
      fetch: (_repository, commit) =>
        Promise.resolve(`git+file:///nowhere?rev=${commit}`),
    },
    builder: {
      evaluate(flakeRef) {
        built.push(flakeRef.slice(-40));
        return Promise.reject(
          new AppError("failed", "this commit does not evaluate"),
        );
      },
      build: () => Promise.resolve(),
      missing: () => Promise.resolve([]),
      upload: () => Promise.resolve(),
    },
  };
  const ci = await runCi(
    CiConfig.parse({
      stateDir: `${temp.path}/ci`,
      listen: "127.0.0.1:0",
      pollMs: 50,
    }),
    { ports },
  );
  try {
    const url = ci.endpoints["http"] ?? "";
    await disk.fill();
    commits = Array.from(
      { length: 200 },
      (_, index) => index.toString(16).padStart(40, "a"),
    );
    const reasons = await until("ci says why", async () => {
      const answer = await fetch(`${url}/readyz`);
      const body = await answer.json();
      return answer.status === 503 && body.reasons.join(" ");
    }, { timeoutMs: WAIT_MS });
    assert.match(reasons, /Cannot store/);
    await disk.free();
    await until("every commit was tried", async () => {
      const { jobs } = JobList.parse(
        await (await fetch(`${url}/api/v1/jobs?limit=1000`)).json(),
      );
      return jobs.length === 200 && jobs.every((job) => job.state === "failed");
    }, { timeoutMs: WAIT_MS });
    assert.equal((await (await fetch(`${url}/readyz`)).json()).ok, true);
  } finally {
    await ci.stop();
  }
});
