/**
 * ci with real git, a real hub, real nix and a binary cache on disk: what becomes of a push.
 *
 * @module
 */
import assert from "node:assert/strict";
import { JobDetail } from "../../roles/model/mod.ts";
import { FAILPOINTS } from "../../roles/process/mod.ts";
import { until } from "../support/wait.ts";
import {
  type CiFixture,
  flake,
  type FlakeOptions,
  JOB_MS,
  withFixture,
} from "../support/ci.ts";

Deno.test("ci: a good commit is evaluated, built, checked, copied and published, with its log", () =>
  withFixture(async (f) => {
    await f.startCi();
    const commit = await f.push(flake());
    const job = await f.ended(commit);
    assert.equal(job.message, "published as generation 1");
    assert.equal(job.cluster, "shop");
    assert.ok(job.seconds.eval !== null && job.seconds.build !== null);
    const [published] = f.published;
    assert.equal(published?.commit, commit);
    assert.equal(published?.repository, "shop");
    assert.equal(published?.traceparent, job.traceparent);
    const toplevel = published?.vmSpecs[0]?.image.toplevel ?? "";
    assert.ok(
      (await Deno.stat(`${f.dir}/cache/${toplevel.slice(11, 43)}.narinfo`))
        .isFile,
      "the cache has it",
    );
    const log = await f.log(job.id);
    assert.match(log, /building the web/);
    assert.match(log, /check works \| .*fine/);
    const detail = JobDetail.parse(
      await (await fetch(`${f.ci?.endpoints["http"]}/api/v1/jobs/${job.id}`))
        .json(),
    );
    assert.deepEqual(detail.steps.map((step) => [step.name, step.state]), [
      ["fetch", "succeeded"],
      ["eval", "succeeded"],
      ["build vms", "succeeded"],
      ["check works", "succeeded"],
      ["copy", "succeeded"],
      ["publish", "succeeded"],
    ]);
  }));

Deno.test("ci: commits that cannot be published fail with what and where, and publish nothing", () =>
  withFixture(async (f) => {
    await f.startCi();
    const cases: [FlakeOptions | string, string, RegExp][] = [
      [
        "{ outputs = { self }: { blueprintJSON = 1 + ; }; }",
        "eval",
        /syntax error/,
      ],
      ["{ outputs = { self }: { }; }", "eval", /blueprintJSON/],
      [{ blueprint: "colour = 1;" }, "eval", /colour/],
      [
        { build: "echo no compiler here; exit 3" },
        "build",
        /web\.drv|no compiler here/,
      ],
      [
        { check: "echo two is not three; exit 1" },
        "build",
        /Checks failed: works/,
      ],
    ];
    for (const [options, stage, message] of cases) {
      const commit = await f.push(
        typeof options === "string" ? options : flake(options),
      );
      const job = await f.ended(commit);
      assert.equal(job.state, "failed", job.message);
      assert.equal(job.stage, stage, job.message);
      assert.match(job.message, message);
    }
    const last = (await f.jobs())[0];
    assert.match(await f.log(last?.id ?? 0), /two is not three/);
    assert.deepEqual(f.published, []);
    const plain = flake().replace(
      'toplevel = "${web}"',
      'toplevel = builtins.unsafeDiscardStringContext "/nix/store/00000000000000000000000000000000-web"',
    );
    const named = await f.ended(await f.push(plain));
    assert.match(named.message, /which nothing in the flake builds/);
    assert.match(named.hint ?? "", /derivation/);
  }));

Deno.test("ci: other branches build only, heads moved back publish again, retries never go behind", () =>
  withFixture(async (f) => {
    await f.startCi();
    const first = await f.push(flake());
    await f.ended(first);
    const second = await f.push(flake({ content: "two" }), "topic");
    const built = await f.ended(second);
    assert.match(built.message, /"topic" is not the branch that is published/);
    assert.equal(f.published.length, 1);
    await f.git("push", "-q", "origin", "HEAD:main");
    await until(
      "the same commit is published",
      () => f.published.at(-1)?.commit === second,
      { timeoutMs: JOB_MS },
    );
    await f.git("push", "-q", "-f", "origin", `${first}:main`);
    await until(
      "the older commit is published again",
      () => f.published.length === 3,
      { timeoutMs: JOB_MS },
    );
    assert.equal(f.published.at(-1)?.commit, first);
    assert.equal(f.published.at(-1)?.parent, 2);
    const again = await f.ended(second);
    const retry = await fetch(
      `${f.ci?.endpoints["http"]}/api/v1/jobs/${again.id}/retry`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${f.ciToken}` },
      },
    );
    assert.equal(retry.status, 202, await retry.text());
    const retried = await until("the retry ends", async () => {
      const job = await f.ended(second);
      return job.generation === null && job;
    }, { timeoutMs: JOB_MS });
    assert.match(retried.message, /a newer commit has been published/);
    assert.equal(f.published.length, 3);
  }));

Deno.test("ci: while master or hub are away the job waits and says for what; then it goes on", () =>
  withFixture(async (f) => {
    f.away = "Cannot reach the master at tcp://127.0.0.1:1";
    await f.startCi();
    const commit = await f.push(flake());
    const waiting = await f.job(commit, ["waiting"]);
    assert.equal(
      waiting.message,
      "waiting: Cannot reach the master at tcp://127.0.0.1:1",
    );
    const next = await f.push(flake({ content: "two" }));
    await f.job(next, ["queued"]);
    f.away = null;
    await f.ended(next);
    assert.deepEqual(f.published.map((one) => [one.generation, one.commit]), [[
      1,
      commit,
    ], [2, next]]);
    await f.ci?.stop();
    await f.startCi({ hubUrl: "http://127.0.0.1:1" });
    const ready = await until("not ready", async () => {
      const answer = await fetch(`${f.ci?.endpoints["http"]}/readyz`);
      const body = await answer.json();
      return answer.status === 503 && body;
    }, { timeoutMs: 10_000 });
    assert.match(ready.reasons[0], /127\.0\.0\.1:1/);
  }));

Deno.test("ci: a log is followed while it grows, and resumed where it was left", () =>
  withFixture(async (f) => {
    await f.startCi();
    const commit = await f.push(
      flake({
        build: "for i in 1 2 3 4 5; do echo line $i; done; echo x > $out",
      }),
    );
    const { id } = await f.job(commit, ["running", "succeeded"]);
    const url = `${f.ci?.endpoints["http"]}/api/v1/jobs/${id}/log`;
    const all =
      await (await fetch(url, { headers: { accept: "text/event-stream" } }))
        .text();
    assert.match(all, /line 5/);
    assert.match(all, /event: end/);
    assert.match(all, /"state":"succeeded"/);
    const ids = [...all.matchAll(/^id: (\d+)$/gm)].map((match) =>
      Number(match[1])
    );
    const rest = await fetch(url, {
      headers: {
        accept: "text/event-stream",
        "last-event-id": String(ids.at(-1)),
      },
    });
    assert.doesNotMatch(await rest.text(), /event: lines/);
  }));

/** Processes that run the endless build below. */
async function builders(): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() =>
      ""
    );
    if (line.includes("echo without end; while")) count++;
  }
  return count;
}

Deno.test("ci: stopping ends a build that is under way, and the next start takes it up again", () =>
  withFixture(async (f) => {
    const building = (commit: string) =>
      until("the build runs", async () => {
        const [job] = await f.jobs();
        assert.equal(job?.commit, commit);
        return job.stage === "build" &&
          (await f.log(job.id)).includes("without end");
      }, { timeoutMs: JOB_MS });
    await f.startCi();
    const commit = await f.push(
      flake({ build: "echo without end; while :; do :; done" }),
    );
    await building(commit);
    assert.notEqual(await builders(), 0);
    await f.ci?.stop();
    assert.equal(await builders(), 0, "no builder outlives ci");
    await f.startCi();
    await building(commit);
    assert.deepEqual(f.published, []);
  }));

/** ci in a process of its own, which a failpoint kills. */
async function ciUntilKilled(f: CiFixture, failpoint: string): Promise<void> {
  const script = `import { CiConfig, run } from "./roles/ci/mod.ts";
    import { filePublisher } from "./tests/support/file_publisher.ts";
    await run(CiConfig.parse(JSON.parse(Deno.args[0])), { ports: { publisher: filePublisher(Deno.args[1]) } });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--ext=ts",
      script,
      JSON.stringify(f.config()),
      `${f.dir}/published.json`,
    ],
    env: { PROCURATOR_FAILPOINT: failpoint },
    stdout: "null",
    stderr: "null",
    cwd: new URL("../..", import.meta.url).pathname,
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), JOB_MS);
  const status = await child.status;
  clearTimeout(timer);
  assert.equal(status.signal, "SIGKILL");
}

Deno.test("ci: killed at each of its failpoints, the commit is published once", () =>
  withFixture(async (f) => {
    const points = FAILPOINTS.filter((name) => name.startsWith("ci."));
    assert.equal(points.length, 5);
    for (const [index, point] of points.entries()) {
      const commit = await f.push(flake({ content: `at ${index}` }));
      await ciUntilKilled(f, point);
      await f.startCi();
      const job = await f.ended(commit);
      assert.equal(job.generation, index + 1, `${point}: ${job.message}`);
      await f.ci?.stop();
      assert.deepEqual(
        f.published.filter((one) => one.commit === commit).length,
        1,
        point,
      );
    }
  }));
