/**
 * The pages of a running hub with a running ci behind it: hints, builds and logs from one to the other.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { CiConfig, type Ports, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import { AppError, JobList, type RunningRole } from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT_MS = 10_000;
const COMMIT = "c".repeat(40);

/** Ports over one repository whose build prints, then lasts until `release`. */
function slowBuild(): {
  ports: Partial<Ports>;
  push(): void;
  release: PromiseWithResolvers<void>;
} {
  const release = Promise.withResolvers<void>();
  let branches: { name: string; commit: string }[] = [];
  return {
    release,
    push: () => branches = [{ name: "main", commit: COMMIT }],
    ports: {
      refs: {
        repositories: () =>
          Promise.resolve([{ name: "shop", head: "main", branches }]),
      },
      git: { fetch: () => Promise.resolve("git+file:///nowhere") },
      builder: {
        async evaluate(_flakeRef, call) {
          call.onLog("thinking <b>hard</b>");
          const stopped = new Promise((resolve) =>
            call.signal.addEventListener("abort", resolve, { once: true })
          );
          await Promise.race([release.promise, stopped]);
          throw new AppError("failed", "it does not evaluate", {
            hint: "mend it",
          });
        },
        build: () => Promise.resolve(),
        missing: () => Promise.resolve([]),
        upload: () => Promise.resolve(),
      },
    },
  };
}

interface Roles {
  hub: RunningRole;
  ci: RunningRole;
  build: ReturnType<typeof slowBuild>;
  token: string;
  dir: string;
}

/** Pushes a first commit. */
async function push(dir: string, remote: string): Promise<void> {
  const git = (...args: string[]) =>
    runChecked("git", [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@example.org",
      ...args,
    ], {
      cwd: dir,
      env: { HOME: dir, GIT_CONFIG_NOSYSTEM: "1" },
    });
  await git("init", "-q", "-b", "main", "work");
  await git("-C", "work", "commit", "-q", "--allow-empty", "-m", "one");
  await git("-C", "work", "push", "-q", remote, "main");
}

async function withRoles(work: (roles: Roles) => Promise<void>): Promise<void> {
  await using temp = await tempDir("ui");
  const build = slowBuild();
  const table = openTokenTable(`${temp.path}/hub`);
  const { token } = table.create({ role: "publisher", name: "t" }, {
    now: Date.now(),
    random: systemRandom,
  });
  table.close();
  const ci = await runCi(
    // Nothing is found by the period here: only a hint can be quick.
    CiConfig.parse({
      stateDir: `${temp.path}/ci`,
      listen: "127.0.0.1:0",
      pollMs: 86_400_000,
    }),
    { ports: build.ports },
  );
  const hub = await runHub(
    HubConfig.parse({
      stateDir: `${temp.path}/hub`,
      listen: "127.0.0.1:0",
      ciUrl: ci.endpoints["http"],
    }),
  );
  try {
    await work({ hub, ci, build, token, dir: temp.path });
  } finally {
    build.release.resolve();
    await hub.stop();
    await ci.stop();
  }
}

Deno.test("hub and ci: a push is hinted, its build and live log are on the pages, stopping ends streams", () =>
  withRoles(async ({ hub, ci, build, token, dir }) => {
    const url = hub.endpoints["http"] ?? "";
    const headers = { authorization: `Bearer ${token}` };
    await (await fetch(`${url}/api/v1/repositories`, {
      method: "POST",
      body: '{"name":"shop"}',
      headers,
    })).body?.cancel();
    build.push();
    await push(dir, `${url.replace("//", `//x:${token}@`)}/shop.git`);
    const job = await until("the job", async () => {
      const { jobs } = JobList.parse(
        await (await fetch(`${ci.endpoints["http"]}/api/v1/jobs`)).json(),
      );
      return jobs.find((one) => one.stage === "eval");
    }, { timeoutMs: WAIT_MS });
    const base = `${url}/repositories/shop/builds/${job.id}`;
    const page = await (await fetch(base, { headers: { accept: "text/html" } }))
      .text();
    assert.match(page, /evaluating/);
    const events = await fetch(`${base}/events`);
    const reader = events.body?.pipeThrough(new TextDecoderStream())
      .getReader();
    let seen = "";
    await until("the line", async () => {
      seen += (await reader?.read())?.value ?? "";
      return seen.includes("thinking <b>hard</b>");
    }, { timeoutMs: WAIT_MS });
    build.release.resolve();
    for (
      let chunk = await reader?.read();
      chunk?.done === false;
      chunk = await reader?.read()
    ) seen += chunk.value;
    assert.match(seen, /event: end/);
    const failed =
      await (await fetch(base, { headers: { accept: "text/html" } })).text();
    assert.match(failed, /Try: mend it/);
    const text = await (await fetch(`${base}/log`)).text();
    assert.match(text, /eval \| thinking <b>hard<\/b>/);
    const none = await fetch(`${url}/clusters`, {
      headers: { accept: "text/html" },
    });
    assert.equal(none.status, 503);
    assert.match(await none.text(), /does not know where the master is/);
  }));

Deno.test("hub and ci: a reader who follows a log does not hold a stop up", () =>
  withRoles(async ({ hub, ci, build }) => {
    build.push();
    await (await fetch(`${ci.endpoints["http"]}/api/v1/hint`, {
      method: "POST",
      body: "{}",
    })).body?.cancel();
    const stream = await until("the stream", async () => {
      const found = await fetch(`${ci.endpoints["http"]}/api/v1/jobs/1/log`, {
        headers: { accept: "text/event-stream" },
      });
      if (found.ok) return found;
      await found.body?.cancel();
      return undefined;
    }, { timeoutMs: WAIT_MS });
    await hub.stop();
    await ci.stop();
    assert.match(await stream.text(), /event: job/);
  }));
