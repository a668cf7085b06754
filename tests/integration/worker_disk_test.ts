/** Disks that are full, and what a killed worker leaves on them. Needs root, for small disks. */
import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { NixClosures } from "../../roles/worker/closures/nix.ts";
import { DiskRoom, diskSpace } from "../../roles/worker/closures/disk_room.ts";
import { run } from "../../roles/worker/mod.ts";
import {
  hostVolumes,
  listVolumes,
  removeHostVolume,
  Volumes,
} from "../../roles/worker/stores/volumes.ts";
import { orderTarget } from "../../roles/worker/vms/core/vm_state.ts";
import { directoryName, vmConfigOf } from "../../vmm/mod.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import { closureCache, closureSpec } from "../support/closure_host.ts";
import { storeImages } from "../support/store_images.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  orderFor,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";

const A = "shop/web-0";
const B = "shop/web-1";
const WAIT = { timeoutMs: 60_000 };
const MIB = 1024 * 1024;

/** A small tmpfs, to be filled. nix keeps 8 MiB of it in reserve, and gives them back for a moment when it collects garbage. */
async function smallDisk(sizeMib: number) {
  const dir = await tempDir("disk");
  await runChecked("mount", [
    ...["-t", "tmpfs", "-o", `size=${sizeMib}m`, "none", dir.path],
  ]);
  return {
    path: dir.path,
    /** Leaves so much free. */
    async leave(mib: number): Promise<void> {
      const { freeBytes } = await diskSpace(dir.path);
      const bytes = Math.max(0, freeBytes - mib * MIB);
      using file = await Deno.open(`${dir.path}/filler`, {
        create: true,
        append: true,
      });
      const page = new Uint8Array(MIB);
      for (let left = bytes; left > 0;) {
        left -= await file.write(page.subarray(0, Math.min(left, MIB)));
      }
    },
    clear: () => Deno.remove(`${dir.path}/filler`),
    async [Symbol.asyncDispose]() {
      await runChecked("umount", [dir.path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

function never(message: string, error: unknown): void {
  assert.fail(`${message}: ${error}`);
}

Deno.test("a disk without room for a closure stops the start that needs it and harms no VM that runs", async () => {
  await using published = await closureCache(["one", "two"], 8);
  await using disk = await smallDisk(64);
  await using dir = await tempDir("wk");
  await Deno.mkdir(`${dir.path}/master`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  const worker = await run(
    workerConfig(dir.path, {
      driver: "simulated",
      closures: "nix",
      nixStore: `${disk.path}/store`,
      cacheUrl: published.cache.url,
      cachePublicKeys: [published.publicKey],
      gc: { minFreeMib: 4 },
    }),
    { link: () => master },
  );
  await using ends = new AsyncDisposableStack();
  ends.defer(() => worker.stop());
  const look = (id: string) =>
    worker.view.observed().find(({ vm }) => vm === id);
  const one = orderFor(A, closureSpec(published.top("one")));
  await master.assign(1, [one]);
  await until("A is settled", () => look(A)?.settled === true, WAIT);

  await disk.leave(6);
  const two = orderFor(B, closureSpec(published.top("two")));
  await master.assign(2, [one, two]);
  const failure = await until(
    "B says why it does not start",
    () => look(B)?.hostFailure,
    WAIT,
  );
  assert.equal(failure.kind, "disk");
  assert.match(failure.message, /needs 16 MiB, and 4 MiB that stay free/);
  assert.equal(look(A)?.health, "healthy");
  assert.equal(look(A)?.restarts, 0);
  await disk.clear();
  await until("B is settled", () => look(B)?.settled === true, WAIT);
});

Deno.test("a full disk has the oldest closures given up that nothing needs, and none that something does", async () => {
  const names = ["one", "two", "three", "four"];
  await using published = await closureCache(names, 8);
  await using disk = await smallDisk(96);
  const nix = await createNix({
    stateDir: disk.path,
    store: `${disk.path}/store`,
  });
  const room = new DiskRoom({
    rules: { keepDays: 30, minFreeMib: 4, maxFreeMib: 5 },
    clock: systemClock,
    onWarning: never,
  });
  const closures = new NixClosures({
    nix,
    cacheUrl: published.cache.url,
    publicKeys: [published.publicKey],
    rootsDir: `${disk.path}/roots`,
    keeping: {
      dir: `${disk.path}/kept`,
      keepDays: 30,
      room,
      clock: systemClock,
      onWarning: never,
    },
  });
  const signal = new AbortController().signal;
  const copy = { id: A, incarnation: 1 };
  for (const [index, name] of names.slice(0, 3).entries()) {
    const path = published.top(name);
    await closures.ensure([path], signal);
    await closures.pin(copy, String(index).repeat(64), [path]);
    await closures.prune(copy, [String(index).repeat(64)]);
  }
  // Now one and two are kept for later, one for longer, and three is needed.
  await disk.leave(6);
  const four = published.top("four");
  await closures.ensure([four], signal);
  await closures.pin(copy, "4".repeat(64), [four]);
  const paths = names.map(published.top);
  assert.deepEqual(await nix.missingPaths(paths), [published.top("one")]);
});

/** A closure of one path with so much random data in it. */
async function addData(
  nix: Awaited<ReturnType<typeof createNix>>,
  dir: string,
) {
  await Deno.mkdir(`${dir}/data`);
  await Deno.writeTextFile(`${dir}/data/hello`, "hello");
  return await nix.addPath(`${dir}/data`, "data");
}

Deno.test("killed while it makes an image, the next process finds nothing half done and makes it", async () => {
  await using dir = await tempDir("im");
  const nix = await createNix({
    stateDir: dir.path,
    store: `${dir.path}/store`,
  });
  const top = await addData(nix, dir.path);
  const marker = `${dir.path}/stores/making-`;
  // One that never ends, and has written a part.
  const bin = `${dir.path}/bin`;
  await Deno.mkdir(bin);
  await Deno.writeTextFile(
    `${bin}/mksquashfs`,
    `#!/bin/sh\necho half >"$2"\nexec sh -c "sleep 600; :" sh "$2"\n`,
    { mode: 0o755 },
  );
  const script = `
    import { storeImages } from ${
    JSON.stringify(new URL("../support/store_images.ts", import.meta.url).href)
  };
    const images = await storeImages(${JSON.stringify(dir.path)});
    await images.open();
    await images.ensure(${
    JSON.stringify(top)
  }, { signal: new AbortController().signal });`;
  await Deno.writeTextFile(`${dir.path}/main.ts`, script);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--config"],
      new URL("../../deno.json", import.meta.url).pathname,
      `${dir.path}/main.ts`,
    ],
    env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
  }).spawn();
  const half = () =>
    [...Deno.readDirSync(`${dir.path}/stores`)].some(({ name, isFile }) =>
      isFile && Deno.statSync(`${dir.path}/stores/${name}`).size > 0
    );
  try {
    await until("half of it is there", half, WAIT);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
  assert.ok((await findByMarker(marker)).length > 0, "it goes on without it");

  const images = await storeImages(dir.path);
  await images.open();
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/stores`)], []);
  await until(
    "nobody writes it any more",
    async () => (await findByMarker(marker)).length === 0,
    WAIT,
  );
  const { signal } = new AbortController();
  const path = await images.ensure(top, { signal });
  assert.ok((await Deno.stat(path)).size > 5);
  assert.equal([...Deno.readDirSync(`${dir.path}/stores`)].length, 1);
});

Deno.test("an image is given up when nothing needs its closure, and made again when something does", async () => {
  await using dir = await tempDir("im");
  const nix = await createNix({
    stateDir: dir.path,
    store: `${dir.path}/store`,
  });
  const top = await addData(nix, dir.path);
  const roots: string[] = [top];
  const images = await storeImages(dir.path, "stores", roots);
  await images.open();
  const { signal } = new AbortController();
  const path = await images.ensure(top, { signal });
  const bytes = await Deno.readFile(path);
  const id = path.split("/").at(-1) ?? "";
  assert.deepEqual(await images.spares(), []);
  await images.drop([id]);
  assert.ok((await Deno.stat(path)).isFile, "what is needed stays");
  roots.pop();
  assert.deepEqual((await images.spares()).map(({ id }) => id), [id]);
  const dropping = images.drop([id]);
  roots.push(top);
  await dropping;
  assert.ok((await Deno.stat(path)).isFile, "what is needed again stays");
  roots.pop();
  await images.drop([id]);
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  assert.equal(await images.ensure(top, { signal }), path);
  assert.deepEqual(await Deno.readFile(path), bytes);
});

Deno.test("volumes are made sparse, grow, are never made smaller, and say whose they are", async () => {
  await using disk = await smallDisk(16);
  const told: string[] = [];
  const dir = `${disk.path}/volumes`;
  const volumes = new Volumes({
    dir,
    onWarning: (message) => void told.push(message),
  });
  const provide = async (sizeMib: number) => {
    const spec = testVmSpec({
      spec: { volumes: [{ name: "data", sizeMib, mount: "/data" }] },
    });
    const target = orderTarget(orderFor(A, spec));
    const copy = { id: A, incarnation: 1 };
    const config = vmConfigOf({ ...target, ...copy, publishes: true }, {
      physical: (path) => path,
      volumesDir: `${dir}/${directoryName(A)}`,
    });
    await volumes.provide(copy, target, config);
  };
  await provide(8);
  const [made] = await listVolumes(dir);
  assert.deepEqual([made?.vm, made?.name, made?.sizeBytes], [
    A,
    "data",
    8 * MIB,
  ]);
  assert.equal(made?.usedBytes, 0);
  {
    using file = await Deno.open(made?.path ?? "", { write: true });
    await file.write(new TextEncoder().encode("precious"));
  }
  await provide(12);
  await provide(4);
  const [grown] = await listVolumes(dir);
  assert.equal(grown?.sizeBytes, 12 * MIB);
  assert.match(await Deno.readTextFile(grown?.path ?? ""), /^precious/);
  assert.match(told.join(), /data of shop\/web-0 stays at 12 MiB/);
  await assert.rejects(provide(64), {
    code: "storage",
    message: /it has 64 MiB, the whole disk .* has 16/,
  });
  // By a person's word, once nothing that is ordered needs it.
  const host = { stateDir: disk.path };
  const assignment = `${disk.path}/assignment.json`;
  await Deno.writeTextFile(assignment, `{"orders":[{"vm":"${A}"}]}`);
  await assert.rejects(removeHostVolume(host, `${A}/data`), {
    code: "refused",
  });
  await Deno.writeTextFile(assignment, `{"orders":[]}`);
  const [orphan] = await hostVolumes(host);
  assert.equal(orphan?.isOrdered, false);
  await assert.rejects(removeHostVolume(host, `${A}/other`), {
    code: "not_found",
  });
  // Its VM is still being stopped: a VMM has it open.
  const vmm = await Deno.open(orphan?.path ?? "", { read: true, write: true });
  await assert.rejects(removeHostVolume(host, `${A}/data`), {
    code: "refused",
    message: new RegExp(`process ${Deno.pid} has it open`),
  });
  vmm.close();
  // An assignment that could not be read is set aside: all look like nobody's then.
  await Deno.rename(assignment, `${assignment}.aside`);
  await assert.rejects(removeHostVolume(host, `${A}/data`), {
    code: "refused",
    message: /nobody knows what is ordered/,
  });
  await Deno.rename(`${assignment}.aside`, assignment);
  await removeHostVolume(host, `${A}/data`);
  assert.deepEqual([...Deno.readDirSync(dir)], []);
});
