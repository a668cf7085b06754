/** What becomes of fetches: told, shared, killed, kept, collected. With real nix and a cache over HTTP. */
import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { NixClosures } from "../../roles/worker/closures/nix.ts";
import { DiskRoom } from "../../roles/worker/closures/disk_room.ts";
import { run } from "../../roles/worker/mod.ts";
import { closureCache, closureSpec } from "../support/closure_host.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { DirectoryMaster, orderFor, workerConfig } from "../support/worker.ts";

const A = "shop/web-0";
const B = "shop/web-1";
const COPY = { id: A, incarnation: 1 };
const WAIT = { timeoutMs: 60_000 };

type Published = Awaited<ReturnType<typeof closureCache>>;

async function workerDir() {
  const dir = await tempDir("wk");
  await Deno.mkdir(`${dir.path}/master`);
  return {
    ...dir,
    path: dir.path,
    master: new DirectoryMaster(`${dir.path}/master`),
  };
}

function config(dir: string, { cache, publicKey }: Published) {
  return workerConfig(dir, {
    driver: "simulated",
    closures: "nix",
    nixStore: `${dir}/store`,
    cacheUrl: cache.url,
    cachePublicKeys: [publicKey],
  });
}

Deno.test("a fetch says how far it is; two VMs with one closure fetch it once", async () => {
  await using published = await closureCache(["one"], 4);
  await using host = await workerDir();
  const { cache } = published;
  const largest = await published.largest("one");
  cache.hold(largest);
  const worker = await run(config(host.path, published), {
    link: () => host.master,
  });
  await using ends = new AsyncDisposableStack();
  ends.defer(() => worker.stop());
  const spec = closureSpec(published.top("one"));
  await host.master.assign(1, [orderFor(A, spec), orderFor(B, spec)]);
  const messages = await until("both say how far it is", () => {
    const told = worker.view.observed().map(({ message }) => message);
    return told.length === 2 &&
      told.every((text) => /, [6-7](\.\d)? of 8 MiB/.test(text)) && told;
  }, WAIT);
  assert.match(messages[0] ?? "", /copying 1 of 3 paths, /);
  cache.hold(null);
  await until(
    "both are settled",
    () => worker.view.observed().every(({ settled }) => settled),
    WAIT,
  );
  for (const [path, times] of cache.asked) {
    if (path.startsWith("nar/")) assert.equal(times, 1, path);
  }
});

Deno.test("killed in the middle of a fetch, the next process fetches what is missing and nothing else", async () => {
  await using published = await closureCache(["one"], 4);
  await using host = await workerDir();
  const { cache } = published;
  const largest = await published.largest("one");
  cache.hold(largest);
  const script = new URL("../support/closure_worker.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", script.pathname],
      `${host.path}/master`,
      JSON.stringify(config(host.path, published)),
    ],
    stdin: "null",
  }).spawn();
  await host.master.assign(1, [
    orderFor(A, closureSpec(published.top("one"))),
  ]);
  await until("all but the largest is here", async () => {
    const message = (await host.master.vm(A))?.message ?? "";
    return message.includes("copying 1 of 3 paths");
  }, WAIT).finally(() => {
    child.kill("SIGKILL");
    return child.status;
  });
  cache.hold(null);
  const worker = await run(config(host.path, published), {
    link: () => host.master,
  });
  await using ends = new AsyncDisposableStack();
  ends.defer(() => worker.stop());
  await until(
    "it is settled",
    () => worker.view.observed()[0]?.settled === true,
    WAIT,
  );
  // What was whole is not fetched again; what was half is whole now.
  const nars = [...cache.asked].filter(([path]) => path.startsWith("nar/"));
  for (const [path, times] of nars) {
    if (path !== largest) assert.equal(times, 1, path);
  }
  const nix = await createNix({
    stateDir: `${host.path}/look`,
    store: `${host.path}/store`,
  });
  const closure = await nix.closureInfo([published.top("one")]);
  assert.equal(closure.length, 3);
});

/** Closures that are kept, over a store of their own. */
async function keeping(
  dir: string,
  { cache, publicKey }: Published,
  keepDays: number,
) {
  const nix = await createNix({ stateDir: dir, store: `${dir}/store` });
  const room = new DiskRoom({
    rules: { keepDays, minFreeMib: 1 },
    clock: systemClock,
    onWarning: (message, error) => assert.fail(`${message}: ${error}`),
  });
  const open = () =>
    new NixClosures({
      nix,
      cacheUrl: cache.url,
      publicKeys: [publicKey],
      rootsDir: `${dir}/roots`,
      keeping: {
        dir: `${dir}/kept`,
        keepDays,
        room,
        clock: systemClock,
        onWarning: (message, error) => assert.fail(`${message}: ${error}`),
      },
    });
  return { nix, room, open };
}

Deno.test("what nothing needs any more is kept until it is too old, and comes back without a fetch", async () => {
  await using published = await closureCache(["one", "two"], 1);
  await using dir = await tempDir("kp");
  const { nix, room, open } = await keeping(dir.path, published, 1);
  const closures = open();
  const signal = new AbortController().signal;
  const [one, two] = [published.top("one"), published.top("two")];
  const bring = async (path: string, hash: string) => {
    await closures.ensure([path], signal);
    await closures.pin(COPY, hash.repeat(64), [path]);
  };
  await bring(one, "1");
  await bring(two, "2");
  await closures.prune(COPY, ["2".repeat(64)]);
  await room.collect();
  await nix.collectGarbage();
  assert.deepEqual(await nix.missingPaths([one, two]), [], "kept for later");
  assert.deepEqual(closures.roots(), [two]);

  published.cache.asked.clear();
  await bring(one, "1");
  assert.equal(published.cache.asked.size, 0, "nothing is fetched");
  await closures.prune(COPY, ["2".repeat(64)]);

  // Two days later: a link's own time is what is looked at.
  const [kept] = [...Deno.readDirSync(`${dir.path}/kept`)];
  const then = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const touch = new Deno.Command("touch", {
    args: ["-h", "-d", then, `${dir.path}/kept/${kept?.name}`],
  });
  assert.ok((await touch.output()).success);
  await room.collect();
  assert.deepEqual(await nix.missingPaths([one, two]), [one]);
  assert.equal(
    (await nix.closureInfo([two])).length,
    3,
    "what is pinned stays",
  );
});

Deno.test("a cache that holds another content than it says is refused, and nothing of it stays", async () => {
  await using published = await closureCache(["one"], 1);
  await using dir = await tempDir("kp");
  const { nix, open } = await keeping(dir.path, published, 1);
  const largest = await published.largest("one");
  const file = `${published.path}/cache/${largest}`;
  const bytes = await Deno.readFile(file);
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 0xff;
  await Deno.writeFile(file, bytes);
  const signal = new AbortController().signal;
  const top = published.top("one");
  await assert.rejects(open().ensure([top], signal));
  assert.deepEqual(await nix.missingPaths([top]), [top]);
});
