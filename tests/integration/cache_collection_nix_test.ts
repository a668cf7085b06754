/**
 * Garbage collection with a real master and Debian's nix: what a generation
 * names can be pulled for as long as the master keeps it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { httpClient } from "../../roles/http/mod.ts";
import { openCacheClient } from "../../roles/cli/cache_client.ts";
import { AppError } from "../../roles/model/errors.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import { startCache } from "../support/cache.ts";
import { cli } from "../support/cli.ts";
import { commitOf } from "../support/master.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { nixStore } from "../support/nix_store.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";

const CALL = { timeoutMs: 60_000 };
const DAY_MS = 86_400_000;
/** So many generations are kept, and one more. */
const GENERATIONS = 33;

/** A path that refers to another, made without a builder. */
function flake(name: string): string {
  return `{ outputs = { self }: { closure = builtins.toFile "${name}" "see \${builtins.toFile "${name}-leaf" "${crypto.randomUUID()}"}"; }; }`;
}

Deno.test("a generation that rolled out of history is collected, and what is kept can be pulled", async () => {
  await using dir = await tempDir("cache-gc");
  await Deno.mkdir(`${dir.path}/master`);
  const publisherToken = makeToken(`${dir.path}/master`, "publisher");
  const viewerToken = makeToken(`${dir.path}/master`, "viewer");
  await Deno.writeTextFile(`${dir.path}/tokens`, `master ${viewerToken}\n`);
  const master = await startMaster(dir.path);
  await using stack = new AsyncDisposableStack();
  stack.use(master);
  let aheadMs = 0;
  await using cache = await startCache(
    { masterUrl: master.rpc, tokenFile: `${dir.path}/tokens` },
    { clock: { now: () => Date.now() + aheadMs } },
  );
  const token = cache.token("publisher");
  await using ci = await nixStore("nix", { cache: { url: cache.url, token } });
  const push = async (name: string) => {
    await Deno.mkdir(`${dir.path}/${name}`);
    await Deno.writeTextFile(`${dir.path}/${name}/flake.nix`, flake(name));
    const path = await ci.nix.evalRaw(
      `path:${dir.path}/${name}`,
      "closure",
      CALL,
    );
    await ci.nix.copyTo(cache.url, [path], CALL);
    return path;
  };
  const [old, kept, pinned] = [
    await push("old"),
    await push("kept"),
    await push("pinned"),
  ];

  using opened = await openSession(master.rpc, publisherToken);
  const { publisher } = opened.session.publisher();
  const publish = async (generation: number, image: string) => {
    const vmSpecs = [vmSpec({
      env: { generation: String(generation) },
      image: { toplevel: image, kernelPath: image, initrdPath: image },
    })];
    await publisher.publishState(publishRequestToWire({
      cluster: "shop",
      repository: "shop",
      commit: commitOf(generation),
      generation,
      parent: generation - 1,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    }));
  };
  await publish(1, old);
  await publish(2, kept);

  const clientFile = `${dir.path}/client.json`;
  await Deno.writeTextFile(
    clientFile,
    JSON.stringify({
      services: { cache: { url: cache.url, token: cache.token("admin") } },
    }),
  );
  const run = async (...words: string[]) => {
    const result = await cli(["cache", ...words], {
      env: { PROCURATOR_CLIENT: clientFile },
    });
    assert.equal(result.status, 0, result.err);
    return result.out;
  };
  // What nix asked for while it pushed is written with it.
  assert.match(await run("gc", "--dry-run"), /^4 .* stays/m);
  aheadMs = 31 * DAY_MS;
  assert.match(await run("pin", pinned, "--name", "demo"), /^pinned demo: /);
  assert.match(await run("gc"), /^0 paths gone/m);
  assert.match(await run("why", old), /generation 1 of shop/);

  for (let next = 3; next <= GENERATIONS; next++) await publish(next, kept);
  assert.match(
    await run("gc", "--dry-run"),
    /^2 .* goes: nobody asked for it in all its days$/m,
  );
  assert.match(await run("gc"), /^2 paths gone/m);

  await using worker = await nixStore("nix");
  const pull = (path: string) =>
    worker.nix.copyFrom(cache.url, [path], {
      ...CALL,
      publicKeys: [cache.publicKey],
    });
  for (const path of [kept, pinned]) {
    await pull(path);
    assert.deepEqual(await worker.nix.missingPaths([path]), []);
  }
  await assert.rejects(pull(old));
  // nix has to know by itself that it is gone, and bring it back.
  await ci.nix.copyTo(cache.url, [old], CALL);
  await pull(old);

  // A master that is away still counts; one that is gone for ever can be left out.
  await master.stop();
  aheadMs += DAY_MS / 2;
  using http = httpClient({ url: cache.url, token: cache.token("admin") });
  const admin = openCacheClient(http);
  const remembered = await admin.collect({ dryRun: true });
  assert.equal(remembered.shares?.rooted.paths, 4);
  const [source] = remembered.sources;
  assert.equal(source?.name, "master");
  assert.notEqual(source?.problem, null);
  aheadMs += 31 * DAY_MS;
  const refusal = await admin.collect({}).then(() => null, (error) => error);
  assert.ok(refusal instanceof AppError);
  assert.match(refusal.hint ?? "", /--force-without master/);
  assert.match(
    await run("gc", "--force-without", "master"),
    /^4 paths gone/m,
  );
});
