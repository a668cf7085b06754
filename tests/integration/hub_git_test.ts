/**
 * The hub with the git that people have: create, clone, push, and what it answers when something is wrong.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  initTls,
  openTokenTable,
  type TokenRole,
} from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, run } from "../../roles/hub/mod.ts";
import {
  runChecked,
  runProcess,
  type RunResult,
} from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** A hub, its tokens and a place to work in. */
interface Fixture extends AsyncDisposable {
  url: string;
  dir: string;
  token(role: TokenRole): string;
  /** The clone URL with a token in it. */
  remote(name: string, token?: string): string;
  api(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<Response>;
}

function gitEnv(dir: string): Record<string, string> {
  return {
    HOME: dir,
    PATH: Deno.env.get("PATH") ?? "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.org",
  };
}

function git(dir: string, ...args: string[]): Promise<string> {
  return runChecked("git", args, {
    cwd: dir,
    env: gitEnv(dir),
    clearEnv: true,
    timeoutMs: 60_000,
  });
}

function tryGit(dir: string, ...args: string[]): Promise<RunResult> {
  return runProcess("git", args, {
    cwd: dir,
    env: gitEnv(dir),
    clearEnv: true,
    timeoutMs: 60_000,
  });
}

function makeToken(stateDir: string, role: TokenRole): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create({ role, name: `test ${role}` }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

async function startHub(
  config: Record<string, unknown> = {},
): Promise<Fixture> {
  const temp = await tempDir("hub");
  const stateDir = `${temp.path}/state`;
  const hub = await run(
    HubConfig.parse({ stateDir, listen: "127.0.0.1:0", ...config }),
  );
  const url = hub.endpoints["http"] ?? "";
  return {
    url,
    dir: temp.path,
    token: (role) => makeToken(stateDir, role),
    remote: (name, token) =>
      `${
        url.replace("//", token === undefined ? "//" : `//x:${token}@`)
      }/${name}.git`,
    api: (method, path, body, token) =>
      fetch(`${url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: token === undefined
          ? {}
          : { authorization: `Bearer ${token}` },
      }),
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await temp[Symbol.asyncDispose]();
    },
  };
}

async function created(
  hub: Fixture,
  name: string,
  token: string,
): Promise<void> {
  const answer = await hub.api("POST", "/api/v1/repositories", { name }, token);
  await answer.body?.cancel();
  assert.equal(answer.status, 201);
}

/** A work tree with one commit on main. */
async function workTree(dir: string, name = "work"): Promise<string> {
  const path = `${dir}/${name}`;
  await Deno.mkdir(path);
  await git(path, "init", "-q", "-b", "main");
  await commit(path, "one");
  return path;
}

async function commit(path: string, text: string): Promise<string> {
  await Deno.writeTextFile(`${path}/file`, text);
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", `say ${text}`);
  return (await git(path, "rev-parse", "HEAD")).trim();
}

Deno.test("hub: a repository is created, pushed to, cloned and listed", async () => {
  await using hub = await startHub();
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const again = await hub.api(
    "POST",
    "/api/v1/repositories",
    { name: "shop" },
    token,
  );
  assert.equal(again.status, 200);
  assert.equal((await again.json()).created, false);

  const work = await workTree(hub.dir);
  await git(work, "push", "-q", hub.remote("shop", token), "main");
  const second = await commit(work, "two");
  await git(
    work,
    "push",
    "-q",
    hub.remote("shop", token),
    "main",
    "main:refs/heads/other",
  );
  await git(hub.dir, "clone", "-q", hub.remote("shop"), "copy");
  assert.equal(await Deno.readTextFile(`${hub.dir}/copy/file`), "two");

  const list = await (await hub.api("GET", "/api/v1/repositories")).json();
  assert.equal(list.repositories.length, 1);
  assert.equal(list.repositories[0].head, "main");
  assert.deepEqual(
    list.repositories[0].branches.map((
      b: { name: string; commit: string; subject: string },
    ) => [b.name, b.commit, b.subject]),
    [["main", second, "say two"], ["other", second, "say two"]],
  );
});

Deno.test("hub: the first branch pushed is the one that is published", async () => {
  await using hub = await startHub();
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const work = await workTree(hub.dir);
  await git(
    work,
    "push",
    "-q",
    hub.remote("shop", token),
    "main:refs/heads/trunk",
  );
  const repository = () =>
    hub.api("GET", "/api/v1/repositories/shop").then((answer) => answer.json());
  assert.equal((await repository()).head, "trunk");
  await git(
    work,
    "push",
    "-q",
    hub.remote("shop", token),
    "main:refs/heads/next",
  );
  assert.equal((await repository()).head, "trunk");
  const moved = await hub.api("PUT", "/api/v1/repositories/shop/head", {
    branch: "next",
  }, token);
  assert.equal((await moved.json()).head, "next");
  const missing = await hub.api("PUT", "/api/v1/repositories/shop/head", {
    branch: "none",
  }, token);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("hub: wrong tokens, roles and names are answered with what to do", async () => {
  await using hub = await startHub();
  const publisher = hub.token("publisher");
  const viewer = hub.token("viewer");
  await created(hub, "shop", publisher);
  const work = await workTree(hub.dir);

  const anonymous = await tryGit(work, "push", hub.remote("shop"), "main");
  assert.notEqual(anonymous.code, 0);
  const asViewer = await tryGit(
    work,
    "push",
    hub.remote("shop", viewer),
    "main",
  );
  assert.match(asViewer.stderrTail, /403|takes a publisher/);
  const wrong = await tryGit(
    work,
    "push",
    hub.remote("shop", publisher.replace(/.$/, "x")),
    "main",
  );
  assert.match(wrong.stderrTail, /Authentication failed|401/);
  const unknown = await tryGit(
    work,
    "push",
    hub.remote("other", publisher),
    "main",
  );
  assert.match(
    unknown.stderrTail,
    /There is no repository "other" on this hub/,
  );
  assert.match(unknown.stderrTail, /procurator repo create /);

  for (
    const [name, status, token] of [
      ["Bad_Name", 400, publisher],
      ["../up", 400, publisher],
      ["fine", 403, viewer],
      ["fine", 401, undefined],
    ] as const
  ) {
    const answer = await hub.api(
      "POST",
      "/api/v1/repositories",
      { name },
      token,
    );
    await answer.body?.cancel();
    assert.equal(answer.status, status, name);
  }
  const bare = await hub.api("GET", "/shop.git/HEAD");
  assert.equal(bare.status, 404);
  await bare.body?.cancel();
  const dumb = await hub.api("GET", "/shop.git/info/refs");
  assert.equal(dumb.status, 409);
  assert.match(await dumb.text(), /smart HTTP/);
  const list = await (await hub.api("GET", "/api/v1/repositories/shop")).json();
  assert.deepEqual(list.branches, [], "nothing was changed");
});

Deno.test("hub: a pack of 50 MB goes up and comes down whole", async () => {
  await using hub = await startHub();
  const token = hub.token("publisher");
  await created(hub, "big", token);
  const work = await workTree(hub.dir);
  const chunk = new Uint8Array(64 * 1024);
  const file = await Deno.open(`${work}/big`, { write: true, create: true });
  for (let i = 0; i < 800; i++) {
    crypto.getRandomValues(chunk);
    await file.write(chunk);
  }
  file.close();
  // Random bytes do not compress: trying takes 10 s.
  await git(work, "config", "core.compression", "0");
  await git(work, "config", "core.bigFileThreshold", "1m");
  const head = await commit(work, "with a big file");
  await git(work, "push", "-q", hub.remote("big", token), "main");
  await git(hub.dir, "clone", "-q", hub.remote("big"), "copy");
  assert.equal(
    (await git(`${hub.dir}/copy`, "rev-parse", "HEAD")).trim(),
    head,
  );
  assert.equal(
    (await Deno.stat(`${hub.dir}/copy/big`)).size,
    800 * chunk.length,
  );
});

Deno.test("hub: a push over the bound is refused and changes nothing", async () => {
  await using hub = await startHub({ maxPushMib: 1 });
  const token = hub.token("publisher");
  await created(hub, "small", token);
  const work = await workTree(hub.dir);
  const noise = new Uint8Array(2 * 1024 * 1024);
  for (let i = 0; i < noise.length; i += 65_536) {
    crypto.getRandomValues(noise.subarray(i, i + 65_536));
  }
  await Deno.writeFile(`${work}/noise`, noise);
  await commit(work, "noise");
  const pushed = await tryGit(work, "push", hub.remote("small", token), "main");
  assert.notEqual(pushed.code, 0);
  assert.match(pushed.stderrTail, /maximum allowed size|exceeds/i);
  assert.deepEqual(
    (await (await hub.api("GET", "/api/v1/repositories/small")).json())
      .branches,
    [],
  );
});

Deno.test("hub: two pushes at once to one branch: one wins, the other is told", async () => {
  await using hub = await startHub();
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const left = await workTree(hub.dir, "left");
  await git(left, "push", "-q", hub.remote("shop", token), "main");
  const right = `${hub.dir}/right`;
  await git(hub.dir, "clone", "-q", hub.remote("shop"), "right");
  const commits = [await commit(left, "left"), await commit(right, "right")];
  const results = await Promise.all(
    [left, right].map((work) =>
      tryGit(work, "push", hub.remote("shop", token), "main")
    ),
  );
  const winners = commits.filter((_, i) => results[i]?.code === 0);
  assert.equal(winners.length, 1);
  const { branches } = await (await hub.api("GET", "/api/v1/repositories/shop"))
    .json();
  assert.equal(branches[0].commit, winners[0]);
});

Deno.test("hub: compressed requests are understood, and other sites' pages are not", async () => {
  await using hub = await startHub();
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const work = await workTree(hub.dir);
  await git(work, "push", "-q", hub.remote("shop", token), "main");
  const plain = new Blob(["0014command=ls-refs\n0000"]).stream();
  const answer = await fetch(`${hub.url}/shop.git/git-upload-pack`, {
    method: "POST",
    body: await new Response(plain.pipeThrough(new CompressionStream("gzip")))
      .arrayBuffer(),
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      "content-encoding": "gzip",
      "git-protocol": "version=2",
    },
  });
  assert.match(await answer.text(), /refs\/heads\/main/);

  const foreign = await fetch(`${hub.url}/api/v1/repositories`, {
    method: "POST",
    body: '{"name":"stolen"}',
    headers: {
      authorization: `Bearer ${token}`,
      origin: "https://elsewhere.example",
    },
  });
  assert.equal(foreign.status, 403);
  await foreign.body?.cancel();
});

Deno.test("hub: a client that stalls gives its place to others", async () => {
  await using hub = await startHub({ gitProcesses: 1, stallMs: 300 });
  const token = hub.token("publisher");
  await created(hub, "shop", token);
  const work = await workTree(hub.dir);
  await git(work, "push", "-q", hub.remote("shop", token), "main");
  // More than the pipes and sockets on the way hold: who does not read stops git.
  const noise = new Uint8Array(16 * 1024 * 1024);
  for (let i = 0; i < noise.length; i += 65_536) {
    crypto.getRandomValues(noise.subarray(i, i + 65_536));
  }
  await Deno.writeFile(`${work}/large`, noise);
  await git(work, "add", ".");
  await git(work, "commit", "-q", "-m", "large");
  await git(work, "push", "-q", hub.remote("shop", token), "main");
  const head = (await git(work, "rev-parse", "HEAD")).trim();
  const want = `0032want ${head}\n00000009done\n`;
  const { hostname, port } = new URL(hub.url);
  const stall = async (body: string, length: number) => {
    const conn = await Deno.connect({ hostname, port: Number(port) });
    await conn.write(new TextEncoder().encode(
      "POST /shop.git/git-upload-pack HTTP/1.1\r\n" +
        `Host: ${hostname}:${port}\r\nContent-Length: ${length}\r\n` +
        `Content-Type: application/x-git-upload-pack-request\r\n\r\n${body}`,
    ));
    return conn;
  };
  using _sendsHalf = await stall("0032want ", want.length);
  using _readsNothing = await stall(want, want.length);
  await git(hub.dir, "clone", "-q", hub.remote("shop"), "copy");
  assert.ok((await Deno.stat(`${hub.dir}/copy/large`)).isFile);
});

Deno.test("hub: git speaks to it over TLS with the CA that tls init made", async () => {
  await using temp = await tempDir("tls");
  const files = await initTls(`${temp.path}/tls`, ["127.0.0.1"], {
    now: Date.now(),
    random: systemRandom,
  });
  await using hub = await startHub({
    tlsCert: files.serverCert,
    tlsKey: files.serverKey,
  });
  const token = hub.token("publisher");
  const client = Deno.createHttpClient({
    caCerts: [await Deno.readTextFile(files.caCert)],
  });
  const answer = await fetch(`${hub.url}/api/v1/repositories`, {
    method: "POST",
    body: '{"name":"shop"}',
    headers: { authorization: `Bearer ${token}` },
    client,
  });
  client.close();
  assert.equal(answer.status, 201, await answer.text());
  const work = await workTree(hub.dir);
  const stranger = await tryGit(
    work,
    "push",
    hub.remote("shop", token),
    "main",
  );
  assert.match(stranger.stderrTail, /certificate/);
  await git(
    work,
    "-c",
    `http.sslCAInfo=${files.caCert}`,
    "push",
    "-q",
    hub.remote("shop", token),
    "main",
  );
});

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
