/**
 * What ci does for `procurator plan`: a push that names the plan it was made
 * on, and evaluating a commit without publishing it. Real git, hub and nix.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import {
  BlueprintView,
  JobList,
  type JobView,
  parseBlueprint,
} from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { filePublisher, publishedIn } from "../support/file_publisher.ts";
import { gitEnv } from "../support/git_env.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** A build on two busy cores. */
const JOB_MS = 60_000;

function flake(memoryMib: number | string): string {
  return `{
  outputs = { self }: let
    web = derivation { name = "web"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo ${memoryMib} > $out" ]; };
    image = { toplevel = "\${web}"; kernelPath = "\${web}"; initrdPath = "\${web}"; };
  in { blueprintJSON = builtins.toJSON { version = 1; cluster = "shop"; vms.web = { cpu = 1; memoryMib = ${memoryMib}; inherit image; }; }; };
}
`;
}

function makeToken(stateDir: string, role: TokenRole): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create({ role, name: role }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

async function fixture(options: { pollMs: number }) {
  const temp = await tempDir("ci-plan");
  const dir = temp.path;
  await Deno.mkdir(`${dir}/checkout`);
  const token = makeToken(`${dir}/hub`, "publisher");
  const tokens = {
    publisher: makeToken(`${dir}/ci`, "publisher"),
    viewer: makeToken(`${dir}/ci`, "viewer"),
  };
  const hub = await runHub(
    HubConfig.parse({ stateDir: `${dir}/hub`, listen: "127.0.0.1:0" }),
  );
  const hubUrl = hub.endpoints["http"] ?? "";
  const plan = { revision: 7 };
  const ci = await runCi(
    CiConfig.parse({
      stateDir: `${dir}/ci`,
      listen: "127.0.0.1:0",
      hubUrl,
      cacheUrl: `file://${dir}/cache`,
      nixStore: `${dir}/store`,
      pollMs: options.pollMs,
      retryFirstMs: 100,
    }),
    {
      ports: {
        publisher: filePublisher(`${dir}/published.json`, {
          planRevision: () => plan.revision,
        }),
      },
    },
  );
  const ciUrl = ci.endpoints["http"] ?? "";
  const git = (...args: string[]) =>
    runChecked("git", args, {
      cwd: `${dir}/checkout`,
      clearEnv: true,
      env: gitEnv(dir),
    });
  await git("init", "-q", "-b", "main");
  const remote = `${hubUrl.replace("//", `//x:${token}@`)}/shop.git`;
  await git("remote", "add", "origin", remote);
  const made = await fetch(`${hubUrl}/api/v1/repositories`, {
    method: "POST",
    body: '{"name":"shop"}',
    headers: { authorization: `Bearer ${token}` },
  });
  await made.body?.cancel();
  return {
    plan,
    git,
    published: () => publishedIn(`${dir}/published.json`),
    async commit(text: string) {
      await Deno.writeTextFile(`${dir}/checkout/flake.nix`, text);
      await git("add", ".");
      await git("commit", "-q", "--allow-empty", "-m", "change");
      return (await git("rev-parse", "HEAD")).trim();
    },
    ended: (commit: string, isSo: (job: JobView) => boolean = () => true) =>
      until(`the job of ${commit.slice(0, 8)}`, async () => {
        const answer = await fetch(`${ciUrl}/api/v1/jobs?commit=${commit}`);
        const [job] = JobList.parse(await answer.json()).jobs;
        const hasEnded = job?.state === "succeeded" || job?.state === "failed";
        return job !== undefined && hasEnded && isSo(job) ? job : undefined;
      }, { timeoutMs: JOB_MS }),
    jobs: async () =>
      JobList.parse(await (await fetch(`${ciUrl}/api/v1/jobs`)).json()).jobs,
    evaluate: (body: unknown, role: "publisher" | "viewer" = "publisher") =>
      fetch(`${ciUrl}/api/v1/evaluations`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${tokens[role]}` },
      }),
    async [Symbol.asyncDispose]() {
      await ci.stop();
      await hub.stop();
      await temp[Symbol.asyncDispose]();
    },
  };
}

Deno.test("ci: a push on a plan that has moved on is refused, one on the present plan is published", async () => {
  // No hint reaches ci: the number has to be found with the branch.
  await using f = await fixture({ pollMs: 200 });
  const stale = await f.commit(flake(128));
  await f.git("push", "-q", "-o", "check-index=6", "origin", "main");
  const refused = await f.ended(stale);
  assert.equal(refused.state, "failed");
  assert.match(refused.message, /made at revision 6, "shop" is at revision 7/);
  assert.deepEqual(f.published(), []);

  const fresh = await f.commit(flake(128));
  await f.git("push", "-q", "-o", "check-index=7", "origin", "main");
  assert.equal((await f.ended(fresh)).generation, 1);
  assert.equal(f.published()[0]?.expectedRevision, 7);

  // The refused commit once more, as its second push says.
  await f.git("push", "-q", "-f", "origin", `${stale}:main`);
  const again = await f.ended(stale, (job) => job.state === "succeeded");
  assert.equal(again.generation, 2);
  assert.equal(f.published()[1]?.expectedRevision, undefined);
});

Deno.test("ci: a commit is evaluated on demand; nothing is built, published or queued", async () => {
  // ci does not look at the hub within this test, so that no job has evaluated anything.
  await using f = await fixture({ pollMs: 3_600_000 });
  const main = await f.commit(flake(128));
  await f.git("push", "-q", "origin", "main");
  const next = await f.commit(flake(256));
  const broken = await f.commit(flake("oops"));
  await f.git("push", "-q", "origin", `${next}:refs/heads/next`);
  await f.git("push", "-q", "origin", `${broken}:refs/heads/broken`);

  const evaluated = async (body: unknown) => {
    const answer = await f.evaluate(body);
    assert.equal(answer.status, 200, await answer.clone().text());
    const view = BlueprintView.parse(await answer.json());
    const { vmSpecs } = parseBlueprint(view.blueprint);
    return [view.commit, view.cluster, vmSpecs[0]?.memoryMib];
  };
  const [head, branch] = await Promise.all([
    evaluated({ repository: "shop" }),
    evaluated({ repository: "shop", ref: "next" }),
  ]);
  assert.deepEqual(head, [main, "shop", 128]);
  assert.deepEqual(branch, [next, "shop", 256]);
  const short = { repository: "shop", ref: next.slice(0, 8) };
  assert.deepEqual(await evaluated(short), [next, "shop", 256]);

  for (
    const [body, status, says] of [
      [
        { repository: "shop", ref: "gone" },
        404,
        /gone.* is no branch of .*shop/,
      ],
      [{ repository: "none" }, 404, /no repository .*none/],
      [{ repository: "shop", ref: "0".repeat(40) }, 0, /Cannot fetch 0{12}/],
      [{ repository: "shop", ref: "broken" }, 0, /undefined variable 'oops'/],
      [{ repository: "shop", extra: 1 }, 400, /extra/],
      [{ repository: "../x" }, 400, /repository/],
    ] as const
  ) {
    const answer = await f.evaluate(body);
    const text = await answer.text();
    assert.match(text, says);
    assert.ok(!answer.ok && (status === 0 || answer.status === status), text);
  }
  const viewer = await f.evaluate({ repository: "shop" }, "viewer");
  assert.equal(viewer.status, 403, await viewer.text());
  assert.deepEqual([f.published(), await f.jobs()], [[], []]);
});
