/**
 * A push through the real hub, ci, cache and master, with tokens between them; no worker.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { CacheConfig, run as runCache } from "../../roles/cache/mod.ts";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run as runHub } from "../../roles/hub/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import { JobList, type RunningRole } from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** One small build on two busy cores. */
const JOB_MS = 60_000;

const FLAKE = `{
  outputs = { self }: let
    web = derivation { name = "web"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo one > $out" ]; };
    image = { toplevel = "\${web}"; kernelPath = "\${web}"; initrdPath = "\${web}"; };
  in { blueprintJSON = builtins.toJSON { version = 1; cluster = "shop"; vms.web = { cpu = 1; memoryMib = 128; inherit image; }; }; };
}
`;

/** A token of a service, made in its own table before it starts. */
function tokenFor(dir: string, service: string, role: TokenRole): string {
  const table = openTokenTable(`${dir}/${service}`);
  try {
    return table.create({ role, name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

async function push(dir: string, remote: string): Promise<string> {
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
  await git("init", "-q", "-b", "main", "checkout");
  await Deno.writeTextFile(`${dir}/checkout/flake.nix`, FLAKE);
  await git("-C", "checkout", "add", ".");
  await git("-C", "checkout", "commit", "-q", "-m", "one");
  await git("-C", "checkout", "push", "-q", remote, "main");
  return (await git("-C", "checkout", "rev-parse", "HEAD")).trim();
}

Deno.test("chain: what is pushed to the hub is in the cache and with the master, and on the pages", async () => {
  await using temp = await tempDir("chain");
  const dir = temp.path;
  const roles: RunningRole[] = [];
  const started = (role: RunningRole) => {
    roles.push(role);
    return role.endpoints;
  };
  const common = (service: string) => ({
    stateDir: `${dir}/${service}`,
    listen: "127.0.0.1:0",
    anonymousRole: "none",
  });
  try {
    const tokenFile = `${dir}/tokens`;
    const hubToken = tokenFor(dir, "hub", "publisher");
    await Deno.writeTextFile(
      tokenFile,
      [
        `hub ${hubToken}`,
        `ci ${tokenFor(dir, "ci", "viewer")}`,
        `cache ${tokenFor(dir, "cache", "publisher")}`,
        `master ${tokenFor(dir, "master", "publisher")}`,
      ].join("\n"),
    );
    const cache = started(await runCache(CacheConfig.parse(common("cache"))));
    const master = started(
      await runMaster(
        MasterConfig.parse({
          ...common("master"),
          runDir: `${dir}/run`,
          rpcListen: "127.0.0.1:0",
        }),
      ),
    );
    // ci finds the hub by its own period here: the hub has no address yet.
    const port = freePort();
    const ci = started(
      await runCi(CiConfig.parse({
        ...common("ci"),
        tokenFile,
        hubUrl: `http://127.0.0.1:${port}`,
        cacheUrl: cache["http"],
        masterUrl: master["rpc"],
        nixStore: `${dir}/store`,
        pollMs: 200,
      })),
    );
    const hub = started(
      await runHub(HubConfig.parse({
        ...common("hub"),
        listen: `127.0.0.1:${port}`,
        tokenFile,
        ciUrl: ci["http"],
        masterUrl: master["rpc"],
      })),
    );
    const headers = {
      authorization: `Bearer ${hubToken}`,
      accept: "text/html",
    };
    const made = await fetch(`${hub["http"]}/api/v1/repositories`, {
      method: "POST",
      body: '{"name":"shop"}',
      headers,
    });
    assert.equal(made.status, 201, await made.text());
    const commit = await push(
      dir,
      `http://x:${hubToken}@127.0.0.1:${port}/shop.git`,
    );

    const ciToken = tokenFor(dir, "ci", "viewer");
    const job = await until("the job ends", async () => {
      const answer = await fetch(`${ci["http"]}/api/v1/jobs`, {
        headers: { authorization: `Bearer ${ciToken}` },
      });
      const { jobs } = JobList.parse(await answer.json());
      return jobs.find((one) =>
        one.commit === commit && one.endedAtMs !== null
      );
    }, { timeoutMs: JOB_MS });
    assert.equal(job.message, "published as generation 1");
    const page =
      await (await fetch(`${hub["http"]}/clusters/shop`, { headers })).text();
    assert.match(page, new RegExp(commit.slice(0, 10)));
    assert.match(page, /web-0/);
    const repository =
      await (await fetch(`${hub["http"]}/repositories/shop`, { headers }))
        .text();
    assert.match(repository, /published as generation 1/);
    const stranger = await fetch(`${hub["http"]}/`, {
      headers: { accept: "text/html" },
    });
    assert.equal(stranger.status, 401);
    assert.match(stranger.headers.get("www-authenticate") ?? "", /^Basic/);
    await stranger.body?.cancel();
  } finally {
    for (const role of roles.reverse()) await role.stop();
  }
});

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
