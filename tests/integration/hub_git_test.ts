/**
 * The hub with the git that people have: create, clone, push, and what it answers when something is wrong.
 *
 * @module
 */
import assert from "node:assert/strict";
import { initTls } from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { tempDir } from "../support/temp.ts";
import {
  commit,
  created,
  git,
  startHub,
  tryGit,
  workTree,
} from "../support/hub.ts";

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
