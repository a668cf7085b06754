/**
 * Pushes to a hub that is killed: what git was told is there after a restart.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { git, makeToken, tryGit, workTree } from "../support/hub.ts";

/** A hub in a process of its own, to be killed. */
async function childHub(
  dir: string,
  env: Record<string, string> = {},
): Promise<
  { url: string; kill(): Promise<void>; ended: Promise<Deno.CommandStatus> }
> {
  const script = `import { run, HubConfig } from "./roles/hub/mod.ts";
    const hub = await run(HubConfig.parse({ stateDir: Deno.args[0], listen: "127.0.0.1:0" }));
    console.log(hub.endpoints.http);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script, dir],
    env,
    stdout: "piped",
    stderr: "null",
    cwd: new URL("../..", import.meta.url).pathname,
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return {
    url: (value ?? "").trim(),
    ended: child.status,
    kill: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

Deno.test("hub: an acknowledged push survives kill -9 right after", async () => {
  await using temp = await tempDir("hub");
  const state = `${temp.path}/state`;
  const token = makeToken(state, "publisher");
  const first = await childHub(state);
  const work = await workTree(temp.path);
  const create = await fetch(`${first.url}/api/v1/repositories`, {
    method: "POST",
    body: JSON.stringify({ name: "shop" }),
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(create.status, 201);
  await create.body?.cancel();
  await git(
    work,
    "push",
    "-q",
    `${first.url.replace("//", `//x:${token}@`)}/shop.git`,
    "main",
  );
  await first.kill();
  const second = await childHub(state);
  try {
    const { branches } =
      await (await fetch(`${second.url}/api/v1/repositories/shop`)).json();
    assert.equal(
      branches[0].commit,
      (await git(work, "rev-parse", "HEAD")).trim(),
    );
  } finally {
    await second.kill();
  }
});

Deno.test("hub: killed between the ref's move and the hint, the push is there after a restart", async () => {
  await using temp = await tempDir("hub");
  const state = `${temp.path}/state`;
  const token = makeToken(state, "publisher");
  const first = await childHub(state, {
    PROCURATOR_FAILPOINT: "hub.push.received",
  });
  const work = await workTree(temp.path);
  await (await fetch(`${first.url}/api/v1/repositories`, {
    method: "POST",
    body: JSON.stringify({ name: "shop" }),
    headers: { authorization: `Bearer ${token}` },
  })).body?.cancel();
  // git may or may not have had the whole answer: only the ref counts.
  await tryGit(
    work,
    "push",
    "-q",
    `${first.url.replace("//", `//x:${token}@`)}/shop.git`,
    "main:refs/heads/trunk",
  );
  await first.ended;
  const second = await childHub(state);
  try {
    const repository = await until("the branch", async () => {
      const found =
        await (await fetch(`${second.url}/api/v1/repositories/shop`)).json();
      return found.branches.length === 1 && found;
    }, { timeoutMs: 10_000 });
    assert.equal(repository.head, "trunk");
  } finally {
    await second.kill();
  }
});
