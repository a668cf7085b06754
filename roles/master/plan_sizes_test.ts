/**
 * What a plan says of closures: what comes and goes, what each worker copies,
 * and which worker is preferred for what it has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../model/errors.ts";
import {
  cluster,
  MasterScenario,
  placesOf,
  planOf,
  web,
} from "../../tests/support/master.ts";
import { SimulatedSizes } from "../../tests/support/closure_sizes.ts";
import { storePath, vmSpec } from "../../tests/support/specs.ts";

const MIB = 1024 * 1024;
const OLD = storePath("system", "1");
const NEW = storePath("system", "2");
const KERNEL = storePath("kernel", "3");
const LIB = storePath("lib", "4");

function system(toplevel: string, over: Parameters<typeof vmSpec>[0] = {}) {
  const kernelPath = `${KERNEL}/bzImage`;
  return web("1", {
    image: { toplevel, kernelPath, initrdPath: `${toplevel}/initrd` },
    ...over,
  });
}

async function withSizes(workers = 2) {
  const sizes = new SimulatedSizes();
  sizes.closures.set(OLD, { [OLD]: 3 * MIB, [LIB]: 10 * MIB });
  sizes.closures.set(NEW, { [NEW]: 4 * MIB, [LIB]: 10 * MIB });
  sizes.closures.set(KERNEL, { [KERNEL]: 7 * MIB });
  const s = await MasterScenario.create({ sizes });
  for (let at = 1; at <= workers; at++) await s.addWorker(`w${at}`);
  return { s, sizes };
}

Deno.test("a plan counts paths and bytes that come and go, and what each worker must copy", async () => {
  const { s } = await withSizes(3);
  await s.publish([system(OLD, { replicas: 2 })]);
  await s.untilActive(1);
  const { closures } = await planOf(s, [
    system(NEW, { replicas: 3 }),
    vmSpec({
      name: "tiny",
      image: { toplevel: LIB, kernelPath: LIB, initrdPath: LIB },
    }),
  ]);
  const holders = new Set(s.status().vms.map(({ worker }) => worker));
  const [tiny, changed] = closures;
  assert.deepEqual(
    [tiny?.vm, tiny?.known, tiny?.message],
    [
      "tiny",
      false,
      `${LIB} is not in the cache: it is built and uploaded when its commit is pushed`,
    ],
  );
  assert.ok(changed !== undefined);
  const { copies, ...rest } = changed;
  assert.deepEqual(rest, {
    vm: "web",
    known: true,
    message: "",
    pathsAdded: 1,
    pathsRemoved: 1,
    bytesAdded: 4 * MIB,
    bytesRemoved: 3 * MIB,
    totalBytes: 21 * MIB,
    kernelChanged: false,
  });
  assert.deepEqual(
    Object.fromEntries(copies.map(({ worker, bytes }) => [worker, bytes])),
    Object.fromEntries(["w1", "w2", "w3"].map((name) => [
      name,
      holders.has(name) ? 4 * MIB : 21 * MIB,
    ])),
  );
});

Deno.test("a cache that is away costs a plan its sizes and nothing else", async () => {
  const { s, sizes } = await withSizes();
  await s.publish([system(OLD)]);
  await s.untilActive(1);
  sizes.failure = new AppError("unavailable", "Cannot reach the cache");
  const away = await planOf(s, [system(NEW)]);
  assert.deepEqual(
    away.changes.map(({ kind }) => kind),
    ["replace", "replace", "replace"],
  );
  assert.deepEqual(
    away.closures.map(({ known, message }) => [known, message]),
    [[false, "Cannot reach the cache"]],
  );
  const none = await cluster();
  assert.match(
    (await planOf(none, [web("1")])).closures[0]?.message ?? "",
    /knows no cache: give its configuration a cacheUrl/,
  );
});

Deno.test("a worker that keeps most of an image is preferred, once sizes are known", async () => {
  const { s, sizes } = await withSizes(0);
  sizes.closures.set(OLD, { [OLD]: 3 * MIB, [LIB]: 500 * MIB });
  sizes.closures.set(NEW, { [NEW]: 4 * MIB, [LIB]: 500 * MIB });
  await s.publish([system(OLD, { replicas: 1 })]);
  await s.publish([system(NEW, { replicas: 1 })]);
  // Alike but for what they keep; without it the first by name is taken.
  for (const name of ["w1", "w2", "w3"]) {
    const worker = await s.addWorker(name);
    if (name === "w2") worker.roots = [OLD, KERNEL];
    await worker.step(s.master);
  }
  const share = s.master.planner.closureShareOf(system(NEW));
  assert.ok(share !== undefined, "read in the background");
  assert.deepEqual(
    ["w1", "w2", "w3"].map((name) => share(name).toFixed(2)),
    ["0.00", "0.99", "0.00"],
  );
  await s.settle();
  assert.deepEqual(placesOf(s), { "shop/web-0": "w2" });
});
