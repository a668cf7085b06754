/**
 * ci with real git, a real hub, real nix and a binary cache on disk: what becomes of a push.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import {
  JobDetail,
  JobList,
  type JobView,
  type RunningRole,
} from "../../roles/model/mod.ts";
import { FAILPOINTS, runChecked } from "../../roles/process/mod.ts";
import { filePublisher, publishedIn } from "../support/file_publisher.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** A build on two busy cores. */
const JOB_MS = 60_000;

interface FlakeOptions {
  content?: string;
  blueprint?: string;
  build?: string;
  check?: string;
}

/** A flake with one VM and one check, built by a shell alone. */
function flake(options: FlakeOptions = {}): string {
  return `{
  outputs = { self }: let
    make = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; };
    web = make "web" ''${
    options.build ??
      `echo building the web; echo ${options.content ?? "one"} > $out`
  }'';
    image = { toplevel = "\${web}"; kernelPath = "\${web}"; initrdPath = "\${web}"; };
  in {
    blueprintJSON = builtins.toJSON { version = 1; cluster = "shop"; vms.web = { cpu = 1; memoryMib = 128; inherit image; }; ${
    options.blueprint ?? ""
  } };
    checks.x86_64-linux.works = make "works" ''${
    options.check ?? "echo fine; echo ok > $out"
  }'';
  };
}
`;
}

class Fixture {
  hub: RunningRole | undefined;
  ci: RunningRole | undefined;
  /** What the master answers while it is away; null while it is there. */
  away: string | null = null;
  readonly token: string;

  constructor(readonly dir: string) {
    const table = openTokenTable(`${dir}/hub`);
    this.token = table.create({ role: "publisher", name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
    table.close();
    const ci = openTokenTable(`${dir}/ci`);
    this.ciToken = ci.create({ role: "publisher", name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
    ci.close();
  }
  readonly ciToken: string;

  get published() {
    return publishedIn(`${this.dir}/published.json`);
  }

  config(over: Record<string, unknown> = {}) {
    return {
      stateDir: `${this.dir}/ci`,
      listen: "127.0.0.1:0",
      hubUrl: this.hub?.endpoints["http"],
      cacheUrl: `file://${this.dir}/cache`,
      nixStore: `${this.dir}/store`,
      pollMs: 200,
      retryFirstMs: 100,
      ...over,
    };
  }

  async startHub(): Promise<void> {
    this.hub = await runHub(
      HubConfig.parse({ stateDir: `${this.dir}/hub`, listen: "127.0.0.1:0" }),
    );
  }

  async startCi(over: Record<string, unknown> = {}): Promise<void> {
    this.ci = await runCi(CiConfig.parse(this.config(over)), {
      ports: {
        publisher: filePublisher(`${this.dir}/published.json`, {
          away: () => this.away,
        }),
      },
    });
  }

  git(...args: string[]): Promise<string> {
    return runChecked("git", args, {
      cwd: `${this.dir}/checkout`,
      clearEnv: true,
      env: {
        HOME: this.dir,
        PATH: Deno.env.get("PATH") ?? "",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@example.org",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@example.org",
      },
    });
  }

  async makeRepository(): Promise<void> {
    await Deno.mkdir(`${this.dir}/checkout`);
    await this.git("init", "-q", "-b", "main");
    const hub = this.hub?.endpoints["http"] ?? "";
    await this.git(
      "remote",
      "add",
      "origin",
      `${hub.replace("//", `//x:${this.token}@`)}/shop.git`,
    );
    const answer = await fetch(`${hub}/api/v1/repositories`, {
      method: "POST",
      body: JSON.stringify({ name: "shop" }),
      headers: { authorization: `Bearer ${this.token}` },
    });
    assert.equal(answer.status, 201, await answer.text());
  }

  /** Commits a flake and pushes it; gives the commit. */
  async push(text: string, branch = "main"): Promise<string> {
    await Deno.writeTextFile(`${this.dir}/checkout/flake.nix`, text);
    await this.git("add", ".");
    await this.git("commit", "-q", "--allow-empty", "-m", "change");
    await this.git("push", "-q", "-f", "origin", `HEAD:refs/heads/${branch}`);
    return (await this.git("rev-parse", "HEAD")).trim();
  }

  async jobs(): Promise<JobView[]> {
    const answer = await fetch(`${this.ci?.endpoints["http"]}/api/v1/jobs`);
    return JobList.parse(await answer.json()).jobs;
  }

  /** Waits until the commit's job is in one of these states. */
  job(commit: string, states: JobView["state"][]): Promise<JobView> {
    return until(
      `job of ${commit.slice(0, 8)} ${states.join(" or ")}`,
      async () => {
        const jobs = await this.jobs();
        return jobs.find((job) =>
          job.commit === commit && states.includes(job.state)
        );
      },
      { timeoutMs: JOB_MS },
    );
  }

  ended(commit: string): Promise<JobView> {
    return this.job(commit, ["succeeded", "failed"]);
  }

  async log(id: number): Promise<string> {
    return await (await fetch(
      `${this.ci?.endpoints["http"]}/api/v1/jobs/${id}/log`,
    )).text();
  }
}

async function withFixture(
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  await using temp = await tempDir("ci");
  const fixture = new Fixture(temp.path);
  await fixture.startHub();
  try {
    await fixture.makeRepository();
    await work(fixture);
  } finally {
    await fixture.ci?.stop();
    await fixture.hub?.stop();
  }
}

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
async function ciUntilKilled(f: Fixture, failpoint: string): Promise<void> {
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
