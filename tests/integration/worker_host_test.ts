import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { storePathsOf } from "../../roles/model/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { RealChecks } from "../../roles/worker/vms/checks.ts";
import { NixClosures } from "../../roles/worker/closures/nix.ts";
import { hostAttributes, hostCapacity } from "../../roles/worker/host/host.ts";
import { LedgerStore } from "../../roles/worker/vms/ledger_store.ts";
import { run } from "../../roles/worker/mod.ts";
import { emptyLedger } from "../../roles/worker/vms/core/ledger.ts";
import { GuestChannels } from "../../vmm/guest/mod.ts";
import { directoryName, MemoryHost, SimulatedVmm } from "../../vmm/mod.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, testMachine, testQemu } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import {
  DirectoryMaster,
  fallbackTo,
  orderFor,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";
import { until } from "../support/wait.ts";

const A = "shop/web-0";
const COPY = { id: A, incarnation: 1 };
const WAIT = { timeoutMs: 20_000 };

/** A small tmpfs, to be filled. */
async function smallDisk(sizeMib: number) {
  const dir = await tempDir("disk");
  await runChecked("mount", [
    ...["-t", "tmpfs", "-o", `size=${sizeMib}m`, "none", dir.path],
  ]);
  return {
    path: dir.path,
    /**
     * Fills what is free; true when nothing was. A file that is being replaced
     * gives its old page back, which is why one call is not enough.
     */
    async fill(): Promise<boolean> {
      const path = `${dir.path}/filler`;
      const size = async () => (await Deno.stat(path)).size;
      using file = await Deno.open(path, { create: true, append: true });
      const before = await size();
      const page = new Uint8Array(4096);
      try {
        for (;;) await file.write(page);
      } catch {
        return await size() === before;
      }
    },
    async [Symbol.asyncDispose]() {
      await runChecked("umount", [dir.path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

const FLAKE = `{
  outputs = _: {
    image = derivation {
      name = "image";
      system = "x86_64-linux";
      builder = "/bin/sh";
      args = [ "-c" "echo an image > $out" ];
    };
  };
}
`;

function simulated(script: string) {
  const update = { minHealthyTimeMs: 100, healthyDeadlineMs: 60_000 };
  return testVmSpec({
    cmdline: `simulated.boot_ms=50 ${script}`,
    spec: { update },
  });
}

Deno.test("worker: a full disk harms no running VM; the order is obeyed when there is room", async () => {
  await using disk = await smallDisk(4);
  await using dir = await tempDir("wk");
  await Deno.mkdir(`${dir.path}/master`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  const vmm = new SimulatedVmm({ host: new MemoryHost(), clock: systemClock });
  const worker = await run(workerConfig(disk.path, { driver: "simulated" }), {
    link: () => master,
    vmm,
  });
  await using ends = new AsyncDisposableStack();
  ends.defer(() => worker.stop());
  const good = simulated("version=1");
  await master.assign(1, [orderFor(A, good)]);
  const look = () => worker.view.observed()[0];
  const first = await until(
    "it settles",
    () => look()?.settled === true && look(),
    WAIT,
  );
  await until(
    "the disk stays full",
    async () => await disk.fill() && await disk.fill(),
    WAIT,
  );
  const next = orderFor(A, simulated("version=2"), {
    revision: 2,
    fallback: fallbackTo(good, 1),
  });
  await master.assign(2, [next]);
  const reasons = await until("it says why it does not obey", async () => {
    const response = await fetch(`${worker.endpoints.http}/readyz`);
    const body = await response.json();
    return !body.ok && body.reasons;
  }, WAIT);
  assert.match(reasons[0], /Cannot write .*(space|full)/i);
  assert.equal(look()?.runtimeHash, first.runtimeHash);
  assert.equal(look()?.health, "healthy");
  await Deno.remove(`${disk.path}/filler`);
  await until(
    "the order is obeyed",
    () => look()?.runtimeHash === next.runtimeHash && look()?.settled,
    WAIT,
  );
});

Deno.test("ledgers: a new boot keeps what was refused and healthy, and nothing of the change under way", async () => {
  await using dir = await tempDir("wk");
  const open = async (bootId: string) => {
    const store = new LedgerStore({
      stateDir: `${dir.path}/state`,
      runDir: `${dir.path}/run`,
      bootId,
      onUnreadable: (path) => unreadable.push(path),
    });
    await store.prepare();
    return store;
  };
  const unreadable: string[] = [];
  const order = orderFor(A, simulated(""));
  const { incarnation, runtimeHash, generation, spec } = order;
  const target = { incarnation, runtimeHash, generation, spec };
  const refused = {
    runtimeHash: "b".repeat(64),
    orderRevision: 3,
    generation: 2,
    reason: "not healthy",
  };
  const ledger = {
    ...emptyLedger(COPY, "boot-1"),
    order,
    refused,
    lastHealthy: target,
    restarts: 2,
  };
  await (await open("boot-1")).save(ledger);
  assert.deepEqual(await (await open("boot-1")).loadAll(), [ledger]);
  const [after] = await (await open("boot-2")).loadAll();
  assert.deepEqual(after?.refused, refused);
  assert.deepEqual(after?.lastHealthy, target);
  assert.equal(after?.order, null);
  assert.equal(after?.restarts, 0);

  for (const path of [`${dir.path}/state/memory`, `${dir.path}/run`]) {
    for await (const { name, isFile } of Deno.readDir(path)) {
      const file = isFile ? `${path}/${name}` : `${path}/${name}/ledger.json`;
      await Deno.writeTextFile(file, "{ torn");
    }
  }
  const store = await open("boot-1");
  assert.deepEqual(await store.loadAll(), []);
  assert.equal(unreadable.length, 2);
  await store.save(ledger);
  assert.deepEqual(await store.loadAll(), [ledger]);
  await store.remove(COPY);
  assert.deepEqual(await store.loadAll(), []);
});

Deno.test("checks: http, tcp and serial of a real guest, before and after it is up", async () => {
  await using dir = await tempDir("wk");
  const vmm = testQemu(dir.path);
  const guests = new GuestChannels({
    vmm,
    clock: systemClock,
    random: systemRandom,
  });
  const checks = new RealChecks(vmm, guests);
  const config = testMachine(await testImage(), COPY, "serves");
  config.ports.push({ name: "closed", guest: 81 });
  const instance = await vmm.start(config);
  const { host, startedAtMs } = instance;
  const probe = (more: Record<string, unknown>) => {
    const check = testVmSpec({
      spec: {
        healthChecks: [{ name: "c", port: 80, timeoutMs: 500, ...more }],
      },
    }).healthChecks[0];
    assert.ok(check !== undefined);
    const ports = [...instance.ports];
    return checks.probe({ copy: COPY, check, host, ports, startedAtMs });
  };
  try {
    for (const kind of ["http", "tcp"]) {
      const { ok, message } = await probe({ kind });
      assert.equal(ok, false, kind);
      assert.match(message, /no answer|closed|no connection/, kind);
    }
    const serial = { kind: "serial", match: "test-vm: ready" };
    assert.equal((await probe(serial)).ok, false);
    await until(
      "http answers",
      async () => (await probe({ kind: "http" })).ok,
      {
        timeoutMs: BOOT_TIMEOUT_MS,
      },
    );
    assert.equal((await probe(serial)).ok, true);
    assert.equal((await probe({ kind: "tcp" })).ok, true);
    assert.equal((await probe({ kind: "http", match: "hello" })).ok, true);
    const table = [
      [{ kind: "tcp", port: 81 }, /no connection/],
      [{ kind: "tcp", port: 82 }, /port 82 is not in network.ports/],
      [{ kind: "http", path: "/absent" }, /answered 404/],
      [{ kind: "http", match: "bonjour" }, /does not contain "bonjour"/],
      // The test image has no agent.
      [{ kind: "guest" }, /does not/],
      [{ kind: "command", command: ["true"] }, /does not/],
    ] as const;
    for (const [check, message] of table) {
      const outcome = await probe(check);
      assert.equal(outcome.ok, false, JSON.stringify(check));
      assert.match(outcome.message, message);
    }
  } finally {
    checks.close();
    await guests.close();
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
  }
});

Deno.test("closures: fetched from a signed cache, pinned while they are needed, refused with a foreign key", async () => {
  await using ci = await nixStore("ci");
  await using host = await nixStore("host");
  const { secretKey, publicKey } = await ci.nix.generateKey("cache-1");
  const keyFile = `${ci.path}/cache.sec`;
  await Deno.writeTextFile(keyFile, secretKey);
  // A build, not a file: what is addressed by its content needs no signature.
  const flake = `${ci.path}/flake`;
  await Deno.mkdir(flake);
  await Deno.writeTextFile(`${flake}/flake.nix`, FLAKE);
  const [path = ""] = await ci.nix.build(`path:${flake}`, ["image"]);
  const cacheUrl = `file://${ci.path}/cache`;
  await ci.nix.copyTo(cacheUrl, [path], { secretKeyFile: keyFile });

  const closures = (publicKeys: string[]) =>
    new NixClosures({
      nix: host.nix,
      cacheUrl,
      publicKeys,
      rootsDir: `${host.path}/roots`,
    });
  const signal = new AbortController().signal;
  const foreign = await ci.nix.generateKey("foreign-1");
  await assert.rejects(closures([foreign.publicKey]).ensure([path], signal), {
    message: /signature/,
  });
  const trusted = closures([publicKey]);
  await trusted.ensure([path], signal);
  const hash = "c".repeat(64);
  await trusted.pin(COPY, hash, [path]);
  assert.equal(
    await Deno.readTextFile(trusted.physical(path)),
    "an image\n",
  );
  await host.nix.collectGarbage();
  assert.deepEqual(await host.nix.missingPaths([path]), []);
  assert.deepEqual(trusted.roots(), [path]);
  const [info] = await host.nix.pathInfo([path]);
  // What an image names twice is there once.
  assert.equal(
    await trusted.closureBytes([path, path], signal),
    info?.narSizeBytes,
  );

  // As a version before copies pinned it, and as the next process finds it.
  await Deno.mkdir(`${host.path}/roots`, { recursive: true });
  const former = `${host.path}/roots/${directoryName(A)}`;
  await Deno.mkdir(former);
  await host.nix.addGcRoot(path, `${former}/${hash.slice(0, 16)}-0`);
  await trusted.prune(COPY, []);
  const adopting = closures([publicKey]);
  const next = { ...COPY, incarnation: 2 };
  await adopting.adopt([COPY, next]);
  await assert.rejects(Deno.stat(former), Deno.errors.NotFound);
  await host.nix.collectGarbage();
  assert.deepEqual(await host.nix.missingPaths([path]), []);
  assert.deepEqual(adopting.roots(), [path]);
  await adopting.prune(next, []);
  assert.deepEqual(adopting.roots(), [path]);
  await adopting.adopt([COPY]);
  assert.deepEqual(adopting.roots(), [path]);

  await trusted.prune(COPY, [hash]);
  await host.nix.collectGarbage();
  assert.deepEqual(await host.nix.missingPaths([path]), []);
  await trusted.prune(COPY, []);
  await host.nix.collectGarbage();
  assert.deepEqual(await host.nix.missingPaths([path]), [path]);

  const absent = `/nix/store/${"d".repeat(32)}-absent`;
  await assert.rejects(trusted.ensure([absent], signal));
  const noCache = new NixClosures({
    nix: host.nix,
    publicKeys: [],
    rootsDir: `${host.path}/roots`,
  });
  await assert.rejects(noCache.ensure([absent], signal), {
    code: "not_found",
    message: /no cache is configured/,
  });
  assert.deepEqual(
    storePathsOf([testVmSpec()]),
    [`/nix/store/${"a".repeat(32)}-test-vm`],
  );
});

Deno.test("host: capacity is what there is, and more only when told to; then an attribute says so", () => {
  const capacity = { cpuMilli: 2000, memoryMib: 1001 };
  const config = (more: Record<string, unknown> = {}) =>
    workerConfig("/nowhere", { capacity, ...more });
  assert.deepEqual(hostCapacity(config()), capacity);
  assert.equal(hostAttributes(config()).overcommit, undefined);
  const shared = config({
    overcommit: { cpu: 4, memory: 1.5 },
    attributes: { overcommit: "none", rack: "r1" },
  });
  // Half a MiB more than there is would be one too many.
  assert.deepEqual(hostCapacity(shared), { cpuMilli: 8000, memoryMib: 1501 });
  assert.equal(hostAttributes(shared).overcommit, "cpu 4, memory 1.5");
  assert.equal(hostAttributes(shared).rack, "r1");
  for (const overcommit of [{ cpu: 0.5 }, { memory: 5 }, { disk: 2 }]) {
    assert.throws(() => config({ overcommit }), JSON.stringify(overcommit));
  }
});
