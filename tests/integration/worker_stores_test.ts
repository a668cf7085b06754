/** Guests whose system is read from a store: by virtiofs and by an image, with real QEMU. Needs root. */
import assert from "node:assert/strict";
import type { ObservedVm } from "../../roles/model/mod.ts";
import { createNix, type Nix } from "../../roles/nix/mod.ts";
import { run } from "../../roles/worker/mod.ts";
import { storeWord } from "../../roles/worker/stores/core/store_share.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import { buildStoreGuests } from "../support/store_guest.ts";
import { storeImages } from "../support/store_images.ts";
import { tempDir } from "../support/temp.ts";
import {
  BOOT_TIMEOUT_MS,
  httpBody,
  testMachine,
  testQemu,
} from "../support/vmm.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  orderFor,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";

const A = "shop/web-0";
const B = "shop/web-1";

/** A host with a store that has the guests in it; what a failed test left running is ended. */
async function storeHost(pages: readonly string[]) {
  const dir = await tempDir("st");
  const path = dir.path;
  await Deno.mkdir(`${path}/master`);
  await Deno.chmod(path, 0o711);
  const nix = await createNix({
    stateDir: `${path}/nix`,
    store: `${path}/store`,
  });
  const images = await buildStoreGuests(nix, `${path}/flake`, pages);
  return {
    path,
    nix,
    master: new DirectoryMaster(`${path}/master`),
    image(page: string) {
      const image = images.get(page);
      assert.ok(image !== undefined);
      return image;
    },
    async [Symbol.asyncDispose]() {
      const vmm = testQemu(`${path}/run`, "vms");
      for (const copy of await vmm.list()) {
        await vmm.stop(copy, { graceMs: 0 });
      }
      await vmm.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

type Host = Awaited<ReturnType<typeof storeHost>>;

function spec(host: Host, page: string, more: Record<string, unknown> = {}) {
  return testVmSpec({
    spec: {
      image: host.image(page),
      memoryMib: 160,
      // A tenth of a processor is little for a boot on a machine that is busy.
      cpuMilli: 1000,
      ...more,
    },
  });
}

async function startWorker(host: Host, storeShare: "virtiofs" | "image") {
  const config = workerConfig(host.path, {
    driver: "qemu",
    closures: "nix",
    nixStore: `${host.path}/store`,
    storeShare,
    // Sockets, images and volumes are for others than the worker.
    vmmUser: { uid: 65_534, gid: 65_534 },
  });
  return await run(config, { link: () => host.master });
}

/** The serial logs of all guests, for who looks why one did not come up. */
async function serialLogs({ path }: Host): Promise<string> {
  const logs: string[] = [];
  for await (const { name } of Deno.readDir(`${path}/run/vms`)) {
    const dir = `${path}/run/vms/${name}`;
    for await (const file of Deno.readDir(dir)) {
      if (!/log|serial/.test(file.name) || !file.isFile) continue;
      const text = await Deno.readTextFile(`${dir}/${file.name}`);
      logs.push(`${name}/${file.name}: ${text.slice(-1000)}`);
    }
  }
  return logs.join("\n");
}

async function untilVm(
  host: Host,
  id: string,
  look: (vm: ObservedVm) => boolean,
): Promise<ObservedVm> {
  try {
    return await until(`${id} is as expected`, async () => {
      const vm = await host.master.vm(id);
      return vm !== undefined && look(vm) ? vm : null;
    }, { timeoutMs: BOOT_TIMEOUT_MS });
  } catch (error) {
    const seen = JSON.stringify(await host.master.vm(id));
    throw new Error(`${seen}\n${await serialLogs(host)}`, { cause: error });
  }
}

const isSettled = (vm: ObservedVm) => vm.settled && vm.health === "healthy";

/** What a guest tells of itself. */
function told({ ports }: Pick<ObservedVm, "ports">) {
  const port = ports[0]?.host ?? 0;
  return async (page: string) => (await httpBody(port, `/${page}`))?.trim();
}

/** What it could write of its store: nothing. */
async function assertNothingWritten(
  host: Host,
  tell: (page: string) => Promise<string | undefined>,
  tries: number,
): Promise<void> {
  assert.deepEqual(
    (await tell("evil"))?.split("\n"),
    Array.from({ length: tries }, () => "refused"),
  );
  const names = [...Deno.readDirSync(`${host.path}/store/nix/store`)];
  assert.ok(!names.some(({ name }) => name.includes("evil")));
}

async function closureNames(nix: Nix, toplevel: string): Promise<string[]> {
  const paths = await nix.closure([toplevel]);
  return paths.map((path) => path.slice("/nix/store/".length)).sort();
}

function virtiofsds({ path }: Host) {
  return findByMarker(`--socket-path=${path}/`);
}

Deno.test("virtiofs: a guest that is root cannot write the host's store, its volume survives, its virtiofsd outlives the worker and is replaced when it dies", async () => {
  await using host = await storeHost(["one", "two"]);
  const { master } = host;
  const volumes = (sizeMib: number) => ({
    volumes: [{ name: "data", sizeMib, mount: "/data" }],
  });
  const first = await startWorker(host, "virtiofs");
  await master.assign(1, [orderFor(A, spec(host, "one", volumes(8)))]);
  const one = await untilVm(host, A, isSettled);
  const tell = told(one);
  assert.equal(await tell(""), "one");
  assert.equal(await tell("top"), host.image("one").toplevel);
  await assertNothingWritten(host, tell, 11);
  assert.deepEqual([await tell("count"), await tell("size")], ["1", "16384"]);
  assert.equal((await master.report())?.attributes["store"], "virtiofs");

  const before = (await virtiofsds(host)).map(({ pid }) => pid);
  assert.ok(before.length > 0);
  // What the guest has it do counts as the guest's.
  const [qemu] = await findByMarker(`-pidfile ${host.path}/run/vms/`);
  const groupsOf = (pid: number | undefined) =>
    Deno.readTextFile(`/proc/${pid}/cgroup`);
  assert.equal(await groupsOf(before[0]), await groupsOf(qemu?.pid));
  await first.stop();
  assert.equal(await tell(""), "one", "it outlives the worker");
  const second = await startWorker(host, "virtiofs");
  const after = await untilVm(host, A, isSettled);
  assert.equal(after.restarts, 0);
  assert.deepEqual((await virtiofsds(host)).map(({ pid }) => pid), before);

  // Without it the guest can do nothing: it is started again, with a new one.
  for (const pid of before) Deno.kill(pid, "SIGKILL");
  const again = await untilVm(
    host,
    A,
    (vm) => vm.restarts === 1 && vm.health === "healthy",
  );
  assert.equal(await told(again)("count"), "2");

  const order = orderFor(A, spec(host, "two", volumes(16)), { revision: 2 });
  await master.assign(2, [order]);
  const two = await untilVm(
    host,
    A,
    (vm) => isSettled(vm) && vm.runtimeHash === order.runtimeHash,
  );
  const tellTwo = told(two);
  assert.equal(await tellTwo(""), "two");
  // What was on it is still there, and it has grown; the rest of the guest is new.
  assert.deepEqual([
    await tellTwo("count"),
    await tellTwo("size"),
    await tellTwo("fresh"),
  ], ["3", "32768", "yes"]);

  await master.assign(3, []);
  await until(
    "nothing is left of it",
    async () =>
      (await virtiofsds(host)).length === 0 &&
      [...Deno.readDirSync(`${host.path}/run/stores`)].length === 0,
    {
      timeoutMs: BOOT_TIMEOUT_MS,
    },
  );
  await second.stop();
});

Deno.test("image: made once for two guests, holds the closure and nothing else, cannot be written", async () => {
  await using host = await storeHost(["one"]);
  const { master } = host;
  const worker = await startWorker(host, "image");
  await using ends = new AsyncDisposableStack();
  ends.defer(() => worker.stop());
  const order = spec(host, "one");
  await master.assign(1, [orderFor(A, order), orderFor(B, order)]);
  const guests = [
    await untilVm(host, A, isSettled),
    await untilVm(host, B, isSettled),
  ];
  const names = await closureNames(host.nix, host.image("one").toplevel);
  for (const guest of guests) {
    const tell = told(guest);
    assert.deepEqual((await tell("store"))?.split("\n").sort(), names);
    await assertNothingWritten(host, tell, 12);
  }
  const files = [...Deno.readDirSync(`${host.path}/state/stores`)];
  assert.equal(files.length, 1);
  assert.match(files[0]?.name ?? "", /\.erofs$/);
  assert.equal((await master.report())?.attributes["store"], "erofs");
});

Deno.test("image: squashfs, where there is no erofs, boots as well and is the same every time", async () => {
  await using host = await storeHost(["one"]);
  const image = host.image("one");
  const make = async (dir: string) => {
    const images = await storeImages(host.path, dir);
    await images.open();
    const { signal } = new AbortController();
    return await images.ensure(image.toplevel, { signal });
  };
  const [path, again] = [await make("a"), await make("b")];
  assert.deepEqual(await Deno.readFile(path), await Deno.readFile(again));

  const vmm = testQemu(host.path);
  const machine = testMachine(
    {
      kernel: host.nix.physicalPath(image.kernelPath),
      initrd: host.nix.physicalPath(image.initrdPath),
    },
    { id: A, incarnation: 1 },
    "serves",
  );
  const instance = await vmm.start({
    ...machine,
    memoryMib: 160,
    cmdline: storeWord(image.cmdline, "squashfs"),
    store: { kind: "image", path, format: "squashfs" },
  });
  try {
    const tell = told({ ports: [...instance.ports] });
    await until("it serves", async () => await tell("healthz") === "ok", {
      timeoutMs: BOOT_TIMEOUT_MS,
    });
    const names = await closureNames(host.nix, image.toplevel);
    assert.deepEqual((await tell("store"))?.split("\n").sort(), names);
    await assertNothingWritten(host, tell, 12);
  } finally {
    await vmm.stop({ id: A, incarnation: 1 }, { graceMs: 0 });
    await vmm.close();
  }
});
