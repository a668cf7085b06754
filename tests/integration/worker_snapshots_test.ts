/**
 * Snapshots on a real disk: what is whole is kept, what a killed worker or a
 * full disk left is not, and nobody takes more room than he may.
 */
import assert from "node:assert/strict";
import { Snapshots } from "../../roles/worker/seeing/snapshots.ts";
import { AppError } from "../../roles/model/errors.ts";
import { Restores } from "../../roles/worker/seeing/restores.ts";
import { VmAccess } from "../../roles/worker/seeing/vm_access.ts";
import { copyDirectoryName, MemoryHost, SimulatedVmm } from "../../vmm/mod.ts";
import { tempDir } from "../support/temp.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { testVmSpec } from "../support/worker.ts";

const copyOf = (ordinal: number) => ({
  id: `shop/web-${ordinal}`,
  incarnation: 1,
});
const COPY = copyOf(0);
const OTHER = copyOf(1);

function basis(name: string, createdAtMs = 1) {
  return { name, createdAtMs, runtimeHash: "a".repeat(64), generation: 1 };
}

/** What a driver does: the directory is not there yet. */
async function write(dir: string): Promise<number> {
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/memory`, "guest");
  return 5;
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

async function open() {
  const dir = await tempDir("snap");
  const placeOf = (copy: typeof COPY) =>
    `${dir.path}/snapshots/${copyDirectoryName(copy)}`;
  return {
    snapshots: new Snapshots(dir.path),
    dir: dir.path,
    placeOf,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("snapshots are made, listed oldest first, found and removed; their files are the owner's", async () => {
  await using opened = await open();
  const { snapshots, placeOf } = opened;
  assert.deepEqual(await snapshots.list(COPY), []);
  await snapshots.make(COPY, basis("later", 20), write);
  const first = await snapshots.make(COPY, basis("first", 10), write);
  assert.deepEqual(first, { ...basis("first", 10), bytes: 5 });
  assert.deepEqual(
    (await snapshots.list(COPY)).map(({ name }) => name),
    ["first", "later"],
  );
  const { dir, info } = await snapshots.find(COPY, "first");
  assert.equal(info.bytes, 5);
  assert.equal(await Deno.readTextFile(`${dir}/memory`), "guest");
  // A guest's memory holds its secrets.
  assert.equal(((await Deno.stat(placeOf(COPY))).mode ?? 0) & 0o777, 0o700);
  await assert.rejects(snapshots.find(OTHER, "first"), {
    code: "not_found",
    hint: "see: procurator vm snapshots shop/web-1",
  });
  await snapshots.remove(COPY, "first");
  assert.deepEqual(await namesIn(placeOf(COPY)), ["later", "later.json"]);
  await assert.rejects(snapshots.remove(COPY, "first"), { code: "not_found" });
});

Deno.test("a VM has so many snapshots, a host so many; a name is taken once", async () => {
  await using opened = await open();
  const { snapshots } = opened;
  await snapshots.make(COPY, basis("s0"), write);
  await assert.rejects(snapshots.make(COPY, basis("s0"), write), {
    code: "conflict",
  });
  for (const name of ["s1", "s2", "s3"]) {
    await snapshots.make(COPY, basis(name), write);
  }
  await assert.rejects(snapshots.make(COPY, basis("s4"), write), {
    code: "refused",
    hint: "delete one: procurator vm snapshots shop/web-0 --delete s0",
  });
  for (let ordinal = 1; ordinal < 16; ordinal++) {
    for (const name of ["s0", "s1", "s2", "s3"]) {
      await snapshots.make(copyOf(ordinal), basis(name), write);
    }
  }
  await assert.rejects(snapshots.make(copyOf(16), basis("s0"), write), {
    code: "refused",
    message: /this worker has 64 already/,
  });
});

Deno.test("a disk that is full in the middle leaves nothing behind, and the name is free", async () => {
  await using opened = await open();
  const { snapshots, placeOf } = opened;
  const full = new AppError("storage", "No space left on device");
  await assert.rejects(
    snapshots.make(COPY, basis("s"), async (dir) => {
      await write(dir);
      throw full;
    }),
    full,
  );
  assert.deepEqual(await namesIn(placeOf(COPY)), []);
  // The guest's memory fits, and its record does not: a directory is in its way.
  await assert.rejects(
    snapshots.make(COPY, basis("s"), async (dir) => {
      await Deno.mkdir(`${dir}.json`);
      return await write(dir);
    }),
    { code: "storage" },
  );
  assert.deepEqual(await namesIn(placeOf(COPY)), []);
  await snapshots.make(COPY, basis("s"), write);
  assert.equal((await snapshots.find(COPY, "s")).info.bytes, 5);
});

Deno.test("what a killed worker left half written is no snapshot, and goes", async () => {
  await using opened = await open();
  const { snapshots, dir, placeOf } = opened;
  await snapshots.make(COPY, basis("whole"), write);
  await write(`${placeOf(COPY)}/half`);
  await Deno.writeTextFile(`${placeOf(COPY)}/1a2b.new`, '{"name":"ha');
  // And somebody has removed the files of this one, but not its record.
  await snapshots.make(COPY, basis("hollow"), write);
  await Deno.remove(`${placeOf(COPY)}/hollow`, { recursive: true });
  const next = new Snapshots(dir);
  assert.deepEqual(
    (await next.list(COPY)).map(({ name }) => name),
    ["whole"],
  );
  await assert.rejects(next.find(COPY, "hollow"), { code: "not_found" });
  await next.sweep([COPY]);
  assert.deepEqual(await namesIn(placeOf(COPY)), ["whole", "whole.json"]);
  // A half one whose name is asked for again is in nobody's way.
  await write(`${placeOf(COPY)}/again`);
  await next.make(COPY, basis("again"), write);
  assert.equal((await next.list(COPY)).length, 2);
});

Deno.test("snapshots go with their copy", async () => {
  await using opened = await open();
  const { snapshots, dir } = opened;
  await snapshots.make(COPY, basis("s"), write);
  await snapshots.make(OTHER, basis("s"), write);
  await snapshots.sweep([OTHER, { ...COPY, incarnation: 2 }]);
  assert.deepEqual(await namesIn(`${dir}/snapshots`), [
    copyDirectoryName(OTHER),
  ]);
  await snapshots.sweep([]);
  assert.deepEqual(await namesIn(`${dir}/snapshots`), []);
});

Deno.test("a sweep leaves what is being made, of this VM or of another", async () => {
  await using opened = await open();
  const { snapshots } = opened;
  const isWriting = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const making = snapshots.make(COPY, basis("slow"), async (dir) => {
    await write(dir);
    isWriting.resolve();
    await goOn.promise;
    return 5;
  });
  await isWriting.promise;
  // As before each snapshot of any VM.
  await snapshots.sweep([COPY, OTHER]);
  // The copy has just gone: its snapshot is swept when it is done.
  await snapshots.sweep([OTHER]);
  goOn.resolve();
  await making;
  const { dir } = await snapshots.find(COPY, "slow");
  assert.equal(await Deno.readTextFile(`${dir}/memory`), "guest");
  await snapshots.sweep([OTHER]);
  assert.deepEqual(await snapshots.list(COPY), []);
});

Deno.test("a record that cannot be read is told of by its path, and can be deleted", async () => {
  await using opened = await open();
  const { snapshots, placeOf } = opened;
  await snapshots.make(COPY, basis("good"), write);
  await snapshots.make(COPY, basis("bad"), write);
  await Deno.writeTextFile(`${placeOf(COPY)}/bad.json`, "");
  await assert.rejects(snapshots.list(COPY), (error) => {
    assert.ok(error instanceof AppError);
    assert.match(error.message, /bad\.json/);
    assert.equal(error.hint, "delete that snapshot");
    return true;
  });
  await snapshots.remove(COPY, "bad");
  assert.deepEqual(
    (await snapshots.list(COPY)).map(({ name }) => name),
    ["good"],
  );
});

Deno.test("no snapshot is begun that could not be restored, as the guest was switched in place, or for which there is no room", async () => {
  await using opened = await open();
  const clock = new VirtualClock();
  const vmm = new SimulatedVmm({ host: new MemoryHost(), clock });
  const booted = "a".repeat(64);
  await vmm.start({
    ...COPY,
    runtimeHash: booted,
    cpus: 1,
    memoryMib: 64,
    kernelPath: "/kernel",
    initrdPath: "/initrd",
    cmdline: "",
    ports: [],
    volumes: [],
  });
  let runtimeHash = "b".repeat(64);
  let freeBytes = 0;
  const told: unknown[] = [];
  const { incarnation } = COPY;
  const access = new VmAccess({
    vms: {
      copy: () => ({
        ...COPY,
        target: { incarnation, runtimeHash, generation: 2, spec: testVmSpec() },
      }),
      copies: () => [COPY],
      ask: (_copy, asked) => void told.push(asked),
      askAndKeep: () => Promise.resolve(),
    },
    vmm,
    snapshots: opened.snapshots,
    restores: new Restores(),
    requireRoom: (bytes) =>
      bytes <= freeBytes
        ? Promise.resolve()
        : Promise.reject(new AppError("storage", "there is no room")),
    clock,
  });
  await assert.rejects(access.snapshot(COPY.id, "s0"), {
    code: "refused",
    message: /it was switched in place since its boot/,
  });
  assert.deepEqual(await access.snapshots(COPY.id), []);
  runtimeHash = booted;
  await assert.rejects(access.snapshot(COPY.id, "s0"), { code: "storage" });
  assert.deepEqual(await access.snapshots(COPY.id), []);
  freeBytes = testVmSpec().memoryMib * 2 ** 20;
  assert.deepEqual(told, []);
  assert.equal((await access.snapshot(COPY.id, "s0")).name, "s0");
  // Its checks find nobody meanwhile, which is no fault of its own.
  const held = { kind: "paused", isKept: false };
  assert.deepEqual(told, [
    { ...held, isPaused: true },
    { ...held, isPaused: false },
  ]);
  await vmm.pause(COPY);
  await access.snapshot(COPY.id, "s1");
  assert.equal(told.length, 2, "who paused it lets it go on");
  await access.close();
  await vmm.close();
});

Deno.test("a restore that does not load is told, and that the guest begins anew", async () => {
  const restores = new Restores();
  const runtimeHash = "a".repeat(64);
  using asked = restores.ask(COPY, { dir: "/snapshot", runtimeHash });
  assert.throws(() => restores.ask(COPY, { dir: "/other", runtimeHash }), {
    code: "conflict",
  });
  const vmm = {
    restore: () =>
      Promise.reject(new AppError("failed", "Cannot restore it: it is torn")),
  };
  const config = {
    ...COPY,
    runtimeHash,
    cpus: 1,
    memoryMib: 64,
    kernelPath: "/kernel",
    initrdPath: "/initrd",
    cmdline: "",
    ports: [],
    volumes: [],
  };
  assert.equal(await restores.begin(vmm, config, Promise.resolve()), null);
  await assert.rejects(asked.restored, {
    code: "failed",
    message:
      "Cannot restore it: it is torn; it is started from its image instead",
  });
});
