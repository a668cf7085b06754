/**
 * The sizes in a plan, against what nix itself says of the same closures:
 * stock `nix copy` into the cache, a master that asks it, over RPC.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { Plan, VmSpec } from "../../roles/model/mod.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { workerReportToWire } from "../../rpc/convert.ts";
import { cacheToken, startCache } from "../support/cache.ts";
import { commitOf, FakeWorker } from "../support/master.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { nixStore } from "../support/nix_store.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const CALL = { timeoutMs: 60_000 };

/** Two systems that share a library; the kernel is another path, and another one in the third. */
const FLAKE = `{
  outputs = { self }: let
    make = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; };
    filled = name: kib: make name "i=0; while [ $i -lt \${toString kib} ]; do printf '%1024s' \${name}; i=$((i + 1)); done > $out";
    lib = filled "lib" 300;
    system = name: own: make name "echo \${lib} \${own} > $out";
  in {
    one = system "one" (filled "one-own" 100);
    two = system "two" (filled "two-own" 50);
    kernel = filled "kernel" 40;
    newer = filled "newer-kernel" 45;
  };
}
`;

async function built(nix: Nix, dir: string) {
  await Deno.writeTextFile(`${dir}/flake.nix`, FLAKE);
  const path = async (attribute: string) => {
    const [out] = await nix.build(`path:${dir}`, [attribute], CALL);
    return out ?? assert.fail(`${attribute} was not built`);
  };
  return {
    one: await path("one"),
    two: await path("two"),
    kernel: await path("kernel"),
    newer: await path("newer"),
  };
}

/** What nix says: every path of a closure with its NarSize (`nix path-info -s`). */
async function sizesOf(
  nix: Nix,
  roots: string[],
): Promise<Map<string, number>> {
  const infos = await nix.pathInfo(await nix.closure(roots));
  return new Map(infos.map(({ path, narSizeBytes }) => [path, narSizeBytes]));
}

function sum(sizes: Map<string, number>, without: Map<string, number>) {
  const found = [...sizes].filter(([path]) => !without.has(path));
  return {
    paths: found.length,
    bytes: found.reduce((all, [, size]) => all + size, 0),
  };
}

/** A worker that asks, obeys and reports at once, until told to stop. */
async function runWorker(
  rpc: string,
  token: string,
  worker: FakeWorker,
  signal: AbortSignal,
): Promise<void> {
  using opened = await openSession(rpc, token);
  const { link } = opened.session.workerLink({ name: worker.name });
  const report = () => link.pushData(workerReportToWire(worker.report()));
  while (!signal.aborted) {
    await report();
    await systemClock.sleep(100, signal);
  }
}

Deno.test("a plan's sizes are those that nix itself counts", async () => {
  await using dir = await tempDir("plan-closures");
  await using cache = await startCache();
  const cacheAt = { url: cache.url, token: cache.token("publisher") };
  await using store = await nixStore("nix", { cache: cacheAt });
  const { nix } = store;
  await Deno.mkdir(`${dir.path}/flake`);
  const paths = await built(nix, `${dir.path}/flake`);
  await nix.copyTo(cache.url, [paths.one, paths.two, paths.kernel], CALL);

  const stateDir = `${dir.path}/master`;
  await Deno.mkdir(stateDir);
  const tokenFile = `${dir.path}/tokens`;
  await Deno.writeTextFile(
    tokenFile,
    `cache ${cacheToken(cache.stateDir, "viewer")}\n`,
  );
  const tokens = {
    publisher: makeToken(stateDir, "publisher"),
    worker: makeToken(stateDir, "worker"),
  };
  await using master = await startMaster(dir.path, {
    cacheUrl: `${cache.url}?compression=zstd`,
    tokenFile,
  });
  const stop = new AbortController();
  const workers = ["w1", "w2"].map((name) =>
    runWorker(
      master.rpc,
      tokens.worker,
      new FakeWorker(name, systemClock),
      stop.signal,
    )
  );
  try {
    await using client = await connectMaster({
      url: master.rpc,
      token: tokens.publisher,
      caCert: undefined,
    });
    const spec = (toplevel: string, kernelPath: string, replicas = 1) =>
      vmSpec({
        replicas,
        image: { toplevel, kernelPath, initrdPath: toplevel },
      });
    const plan = (spec: VmSpec): Promise<Plan> =>
      client.plan({ cluster: "shop", placement: "spread", vmSpecs: [spec] });
    await until(
      "both workers",
      async () =>
        (await plan(spec(paths.one, paths.kernel, 2)))
          .changes.every(({ kind }) => kind === "create"),
      { timeoutMs: 60_000 },
    );

    const before = await sizesOf(nix, [paths.one, paths.kernel]);
    const after = await sizesOf(nix, [paths.two, paths.kernel]);
    const nothing = new Map<string, number>();
    const fresh = (await plan(spec(paths.one, paths.kernel, 2))).closures[0];
    const all = sum(before, nothing);
    assert.equal(fresh?.totalBytes, all.bytes);
    assert.deepEqual(fresh?.copies, [
      { worker: "w1", bytes: all.bytes },
      { worker: "w2", bytes: all.bytes },
    ]);

    const vmSpecs = [spec(paths.one, paths.kernel)];
    await client.publish({
      cluster: "shop",
      repository: "shop",
      commit: commitOf(1),
      generation: 1,
      parent: 0,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    });
    const holder = await until("it is placed", async () => {
      const { vms } = await client.status("shop");
      return vms[0]?.worker === "" ? undefined : vms[0]?.worker;
    }, { timeoutMs: 60_000 });

    const [changed] = (await plan(spec(paths.two, paths.kernel))).closures;
    const added = sum(after, before);
    const removed = sum(before, after);
    const total = sum(after, nothing);
    assert.ok(changed !== undefined);
    const { copies, ...rest } = changed;
    assert.deepEqual(rest, {
      vm: "web",
      known: true,
      message: "",
      pathsAdded: added.paths,
      pathsRemoved: removed.paths,
      bytesAdded: added.bytes,
      bytesRemoved: removed.bytes,
      totalBytes: total.bytes,
      kernelChanged: false,
    });
    assert.deepEqual(
      [added.paths, removed.paths, total.paths],
      [2, 2, 4],
      "they share the library and the kernel",
    );
    assert.deepEqual(
      Object.fromEntries(copies.map(({ worker, bytes }) => [worker, bytes])),
      {
        [holder]: added.bytes,
        [holder === "w1" ? "w2" : "w1"]: total.bytes,
      },
    );

    const [newer] = (await plan(spec(paths.two, paths.newer))).closures;
    assert.deepEqual([newer?.known, newer?.kernelChanged], [false, true]);
    assert.match(newer?.message ?? "", /is not in the cache: it is built/);
    await nix.copyTo(cache.url, [paths.newer], CALL);
    const [there] = (await plan(spec(paths.two, paths.newer))).closures;
    assert.equal(
      there?.totalBytes,
      sum(await sizesOf(nix, [paths.two, paths.newer]), nothing).bytes,
    );

    await cache.running.stop();
    const [kept] = (await plan(spec(paths.two, paths.kernel))).closures;
    assert.equal(kept?.totalBytes, total.bytes, "a narinfo never changes");
  } finally {
    stop.abort();
    await Promise.allSettled(workers);
  }
});
