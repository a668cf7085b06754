/**
 * From `procurator plan` to `git push -o check-index=N` and the master that
 * refuses a plan that has moved on: hub, ci and master as they are, git and
 * nix as people have them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import { JobList, Plan } from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { cli } from "../support/cli.ts";
import { startMaster } from "../support/master_process.ts";
import { gitEnv } from "../support/git_env.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** A build on two busy cores. */
const JOB_MS = 60_000;

function flake(memoryMib: number): string {
  return `{
  outputs = { self }: let
    web = derivation { name = "web"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo ${memoryMib} > $out" ]; };
    image = { toplevel = "\${web}"; kernelPath = "\${web}"; initrdPath = "\${web}"; };
  in { blueprintJSON = builtins.toJSON { version = 1; cluster = "shop"; vms.web = { cpu = 1; memoryMib = ${memoryMib}; inherit image; }; }; };
}
`;
}

async function makeToken(stateDir: string, role: TokenRole): Promise<string> {
  await Deno.mkdir(stateDir, { recursive: true });
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

Deno.test("a push is bound to the plan that its author saw", async () => {
  await using stack = new AsyncDisposableStack();
  const { path: dir } = stack.use(await tempDir("plan-push"));
  const token = {
    hub: await makeToken(`${dir}/hub`, "publisher"),
    ci: await makeToken(`${dir}/ci`, "publisher"),
    ciOnMaster: await makeToken(`${dir}/master`, "publisher"),
    viewer: await makeToken(`${dir}/master`, "viewer"),
  };
  await Deno.writeTextFile(`${dir}/tokens`, `master ${token.ciOnMaster}\n`);
  const master = stack.use(await startMaster(dir));
  const hub = await runHub(
    HubConfig.parse({ stateDir: `${dir}/hub`, listen: "127.0.0.1:0" }),
  );
  stack.defer(() => hub.stop());
  const hubUrl = hub.endpoints["http"] ?? "";
  const ci = await runCi(CiConfig.parse({
    stateDir: `${dir}/ci`,
    listen: "127.0.0.1:0",
    hubUrl,
    masterUrl: master.rpc,
    tokenFile: `${dir}/tokens`,
    cacheUrl: `file://${dir}/cache`,
    nixStore: `${dir}/store`,
    pollMs: 200,
    retryFirstMs: 100,
  }));
  stack.defer(() => ci.stop());
  const ciUrl = ci.endpoints["http"] ?? "";
  await Deno.writeTextFile(
    `${dir}/client.json`,
    JSON.stringify({
      master: master.rpc,
      token: token.viewer,
      services: { ci: { url: ciUrl, token: token.ci } },
    }),
  );

  const work = `${dir}/work`;
  await Deno.mkdir(work);
  const git = (...args: string[]) =>
    runChecked("git", args, {
      cwd: work,
      clearEnv: true,
      env: gitEnv(dir),
    });
  await git("init", "-q", "-b", "main");
  const remote = `${hubUrl.replace("//", `//x:${token.hub}@`)}/shop.git`;
  await git("remote", "add", "origin", remote);
  const made = await fetch(`${hubUrl}/api/v1/repositories`, {
    method: "POST",
    body: '{"name":"shop"}',
    headers: { authorization: `Bearer ${token.hub}` },
  });
  await made.body?.cancel();
  const commit = async (memoryMib: number) => {
    await Deno.writeTextFile(`${work}/flake.nix`, flake(memoryMib));
    await git("add", ".");
    await git("commit", "-q", "--allow-empty", "-m", `${memoryMib}`);
    return (await git("rev-parse", "HEAD")).trim();
  };
  const ended = (id: string) =>
    until(`the job of ${id.slice(0, 8)}`, async () => {
      const answer = await fetch(`${ciUrl}/api/v1/jobs?commit=${id}`);
      const [job] = JobList.parse(await answer.json()).jobs;
      const hasEnded = job?.state === "failed" ||
        (job?.state === "succeeded" && job.branch === "main");
      return hasEnded ? job : undefined;
    }, { timeoutMs: JOB_MS });
  const plan = async (...words: string[]): Promise<Plan> => {
    const client = ["--client", `${dir}/client.json`, "--json"];
    const { status, out, err } = await cli(["plan", ...words, ...client], {
      realMaster: true,
    });
    assert.equal(status, 0, out + err);
    return Plan.parse(JSON.parse(out));
  };

  const one = await commit(128);
  await git("push", "-q", "origin", "main");
  assert.equal((await ended(one)).generation, 1);

  // A branch is looked at, and nothing comes of it.
  const two = await commit(256);
  await git("push", "-q", "origin", "main:topic");
  const seen = await plan("topic", "--repo", "shop");
  assert.deepEqual(
    [seen.commit, seen.nextGeneration, seen.changes.map(({ kind }) => kind)],
    [two, 2, ["pending"]],
  );
  assert.match(seen.changes[0]?.reason ?? "", /no worker is known/);
  // HEAD of the repository that owns the only cluster: what is published.
  assert.equal((await plan()).commit, one);
  assert.equal((await plan()).planRevision, seen.planRevision);

  const bound = `check-index=${seen.planRevision}`;
  await git("push", "-q", "-o", bound, "origin", "main");
  assert.equal((await ended(two)).message, "published as generation 2");

  const late = await commit(384);
  await git("push", "-q", "-o", bound, "origin", "main");
  const refused = await ended(late);
  assert.equal(refused.state, "failed");
  const now = await plan();
  assert.ok(now.planRevision > seen.planRevision);
  assert.ok(
    refused.message.includes(
      `its plan was made at revision ${seen.planRevision}, "shop" is at revision ${now.planRevision}`,
    ),
    refused.message,
  );
  assert.match(refused.hint ?? "", /procurator plan/);

  const again = await commit(384);
  await git(
    ...["push", "-q", "-o", `check-index=${now.planRevision}`],
    ...["origin", "main"],
  );
  assert.equal((await ended(again)).generation, 3);
});
