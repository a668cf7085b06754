/**
 * The real deployment: master, two workers, ci, cache and hub as processes of
 * the compiled executable, each in a network namespace of its own, over TLS
 * with tokens. A developer pushes three commits from another host: one that
 * becomes healthy, one that rolls out, one that is taken back. Then everybody
 * who may not is refused.
 *
 * @module
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { sampleProjectFiles } from "../../nix/examples/sample_project.ts";
import { ensureDebian } from "../../roles/debian/mod.ts";
import {
  ClusterStatus,
  type GenerationSummary,
  JobList,
} from "../../roles/model/mod.ts";
import { deploy, type Deployment } from "../support/cluster.ts";
import { testKernelFolder } from "../support/nix_store.ts";
import { compiledExecutable } from "../support/executable.ts";
import { GitProject, type GitTarget } from "../support/proof_project.ts";
import { until } from "../support/wait.ts";

const CLUSTER = "shop";
/** A rolling update of two machines without KVM on two busy cores takes 20 s. */
const COMMIT_TIMEOUT_MS = 150_000;
const DEADLINES = {
  intervalMs: 250,
  graceMs: 5000,
  minHealthyTimeMs: 500,
  progressDeadlineMs: 110_000,
};
/** A busy host must not fail a commit that is healthy; the one that fails need not wait as long. */
const HEALTHY_DEADLINE_MS = 60_000;
const FAILING_DEADLINE_MS = 12_000;

type Host = Parameters<Deployment["procurator"]>[0];

/** Logs a person in on a host with the token of `holder`. */
async function login(
  deployment: Deployment,
  host: Host,
  holder: string,
): Promise<void> {
  const result = await deployment.procurator(host, [
    "login",
    deployment.masterUrl,
    "--ca-file",
    deployment.caFile,
  ], { stdin: `${deployment.token("master", holder)}\n` });
  equal(result.code, 0, result.stderrTail);
}

async function status(deployment: Deployment): Promise<ClusterStatus> {
  const args = ["status", "--cluster", CLUSTER, "--json"];
  const result = await deployment.procurator("desk", args);
  equal(result.code, 0, result.stderrTail);
  return ClusterStatus.parse(JSON.parse(result.stdout));
}

async function generations(
  deployment: Deployment,
): Promise<GenerationSummary[]> {
  const args = ["generations", "--cluster", CLUSTER, "--json"];
  const result = await deployment.procurator("desk", args);
  equal(result.code, 0, result.stderrTail);
  return JSON.parse(result.stdout) as GenerationSummary[];
}

/** Fails at once, with the reason, when ci cannot publish the commit. */
async function requirePublishable(
  deployment: Deployment,
  commit: string,
): Promise<void> {
  const path = `/api/v1/jobs?commit=${commit}&limit=1`;
  const { jobs } = JobList.parse(await deployment.get("ci", path, "viewer"));
  const job = jobs[0];
  ok(job?.state !== "failed", `ci failed: ${job?.message}`);
}

/** Pushes the present commit, and waits until its generation has come to its end. */
async function pushAndWait(
  deployment: Deployment,
  project: GitProject,
  target: GitTarget,
  commit: string,
): Promise<GenerationSummary> {
  const pushed = await project.push(target);
  equal(pushed.code, 0, pushed.stderrTail);
  let looks = 0;
  return await until(`the end of commit ${commit}`, async () => {
    if (looks++ % 20 === 0) await requirePublishable(deployment, commit);
    const known = await generations(deployment).catch(() => []);
    const found = known.find((one) => one.commit === commit);
    if (found === undefined || found.endedAtMs === null) return null;
    const now = await status(deployment);
    return now.convergencePercent === 100 ? found : null;
  }, { timeoutMs: COMMIT_TIMEOUT_MS });
}

/** What each VM serves, asked on the host that runs it. */
async function pages(deployment: Deployment): Promise<string[]> {
  const { vms } = await status(deployment);
  return await Promise.all(vms.map(async (vm) => {
    const host = deployment.host(vm.worker as "worker-1");
    const answer = await host.run(Deno.execPath(), [
      "eval",
      "--no-config",
      "console.log(await (await fetch(Deno.args[0])).text())",
      `http://${vm.address}/`,
    ], { timeoutMs: 10_000 });
    return answer.stdout.trim();
  }));
}

async function threeCommits(
  deployment: Deployment,
  project: GitProject,
  target: GitTarget,
): Promise<void> {
  const commits: string[] = [];
  const outcomes: string[] = [];
  for (const number of [1, 2, 3]) {
    const commit = await project.commit(
      `commit ${number}`,
      sampleProjectFiles({
        cluster: CLUSTER,
        content: `content ${number}`,
        healthy: number < 3,
        deadlines: {
          ...DEADLINES,
          healthyDeadlineMs: number < 3
            ? HEALTHY_DEADLINE_MS
            : FAILING_DEADLINE_MS,
        },
      }),
    );
    commits.push(commit);
    const found = await pushAndWait(deployment, project, target, commit);
    outcomes.push(found.state);
    equal(found.generation, number);
    const served = `content ${Math.min(number, 2)}`;
    deepEqual(await pages(deployment), [served, served]);
  }
  deepEqual(outcomes, ["active", "active", "failed"]);

  const now = await status(deployment);
  equal(now.activeGeneration, 2);
  equal(now.commit, commits[1]);
  equal(now.convergencePercent, 100);
  deepEqual(
    now.workers.map(({ id, state }) => [id, state]).sort(),
    [["worker-1", "alive"], ["worker-2", "alive"]],
  );
  deepEqual(
    now.vms.map(({ worker }) => worker).sort(),
    ["worker-1", "worker-2"],
    "one VM on each worker",
  );
  const states = (await generations(deployment)).map((one) => [
    one.generation,
    one.commit,
    one.state,
  ]);
  deepEqual(states, [
    [3, commits[2], "failed"],
    [2, commits[1], "active"],
    [1, commits[0], "superseded"],
  ]);
}

/** Each is refused with its reason and exit code 3, and changes nothing. */
async function refusals(deployment: Deployment): Promise<void> {
  const before = [await status(deployment), await generations(deployment)];
  const publish = ["rpc", "state", "publish", "-c", "abc123", "-g", "1"];
  const address = ["--master", deployment.masterUrl];
  const ca = ["--ca-file", deployment.caFile];
  const viewer = deployment.token("master", "viewer");
  const otherSecret = viewer.slice(0, -8) + "00000000";
  const cases: [string[], Record<string, string>, RegExp][] = [
    [["rollback", "1", "--cluster", CLUSTER], {}, /viewer.*operator/],
    [publish, {}, /viewer.*publisher/],
    [
      ["status", ...address, ...ca],
      { PROCURATOR_TOKEN: otherSecret },
      /token is unknown/,
    ],
    [
      ["status", ...address, ...ca],
      { PROCURATOR_TOKEN: deployment.token("cache", "ci") },
      /token is unknown/,
    ],
  ];
  for (const [args, env, message] of cases) {
    const result = await deployment.procurator("desk", args, { env });
    equal(result.code, 3, `${args.join(" ")}: ${result.stderrTail}`);
    // `rpc` answers in JSON, errors too; the others write text for people.
    const said = result.stdout + result.stderrTail;
    match(said, message);
    match(said, /^Try: |"hint"/m, "says what to do");
  }
  // The laptop never logged in: it has no token at all.
  const none = await deployment.procurator("laptop", [
    "status",
    ...address,
    ...ca,
  ]);
  equal(none.code, 3, none.stderrTail);
  match(none.stderrTail, /token/i);
  deepEqual(
    [await status(deployment), await generations(deployment)],
    before,
    "nothing changed",
  );
}

async function refusedCertificates(deployment: Deployment): Promise<void> {
  const other = join(deployment.directory, "other-tls");
  const made = await deployment.procurator("laptop", [
    "tls",
    "init",
    other,
    "--host",
    "somewhere.invalid",
  ]);
  equal(made.code, 0, made.stderrTail);
  const args = ["status", "--master", deployment.masterUrl, "--ca-file"];
  const env = { PROCURATOR_TOKEN: deployment.token("master", "viewer") };
  const result = await deployment.procurator("laptop", [
    ...args,
    join(other, "ca.crt"),
  ], { env });
  equal(result.code, 3, result.stderrTail);
  match(result.stderrTail, /Cannot trust tls:[^]*^Try: .*--ca-file/m);
}

async function refusedPushes(
  deployment: Deployment,
  project: GitProject,
  target: GitTarget,
): Promise<void> {
  const head = await project.remoteHead(target);
  await project.commit("never arrives", { "page.html": "never" });
  const { token: _token, ...nobody } = target;
  const cases: [GitTarget, RegExp][] = [
    [nobody, /could not read Username|Authentication failed|publisher/i],
    [
      { ...target, token: deployment.token("hub", "ci") },
      /403|publisher/,
    ],
    [
      { ...target, caFile: join(deployment.directory, "other-tls/ca.crt") },
      /certificate/i,
    ],
  ];
  for (const [as, message] of cases) {
    const result = await project.push(as);
    ok(result.code !== 0, "the push was refused");
    match(result.stderrTail, message);
  }
  equal(await project.remoteHead(target), head);
}

Deno.test("separate hosts, TLS and tokens: three commits, and refusals", async () => {
  await ensureDebian(["nix", "qemu", "busybox", "git", "iproute2"]);
  await using deployment = await deploy(await compiledExecutable());
  const project = await GitProject.create(
    join(deployment.directory, "project"),
    { debianDir: await testKernelFolder() },
  );
  const laptop = deployment.host("laptop");
  const target: GitTarget = {
    url: `${deployment.url("hub")}/${CLUSTER}.git`,
    token: deployment.token("hub", "developer"),
    caFile: deployment.caFile,
    inside: laptop.inside,
  };
  await deployment.createRepository(CLUSTER, "developer");
  await login(deployment, "desk", "viewer");
  await threeCommits(deployment, project, target);
  await refusals(deployment);
  await refusedCertificates(deployment);
  await refusedPushes(deployment, project, target);
});
