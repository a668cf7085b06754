/**
 * What the hub bears: large pushes, pushes that are too large, clients that stall.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  commit,
  created,
  git,
  startHub,
  tryGit,
  workTree,
} from "../support/hub.ts";

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
