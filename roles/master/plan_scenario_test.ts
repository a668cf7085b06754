/**
 * What a plan says, against what then happens: every kind of change is first
 * previewed, then published, and the two must agree.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { VmSpec } from "../model/vm_spec.ts";
import {
  cluster,
  failing,
  MasterScenario,
  placesOf,
  planOf,
  quick,
  rejects,
  web,
} from "../../tests/support/master.ts";
import { storePath, vmSpec } from "../../tests/support/specs.ts";

/** `kind vm`, with workers where they say something. */
async function kinds(
  s: MasterScenario,
  vmSpecs: VmSpec[],
): Promise<string[]> {
  const { changes } = await planOf(s, vmSpecs);
  return changes.map(({ vm, kind }) => `${kind} ${vm}`);
}

const db = (over: Parameters<typeof vmSpec>[0] = {}) =>
  vmSpec({ name: "db", update: quick, ...over });

Deno.test("a plan for a new cluster creates everything where it then goes", async () => {
  const s = await cluster();
  const specs = [web("1"), db()];
  const first = await planOf(s, specs);
  assert.equal(first.refused, null);
  assert.deepEqual(
    [first.activeGeneration, first.nextGeneration, first.held],
    [0, 1, null],
  );
  assert.deepEqual(
    first.changes.map(({ vm, kind, fromWorker }) => [vm, kind, fromWorker]),
    [
      ["shop/db-0", "create", ""],
      ["shop/web-0", "create", ""],
      ["shop/web-1", "create", ""],
      ["shop/web-2", "create", ""],
    ],
  );
  assert.deepEqual(s.master.views.clusters(), [], "nothing was stored");
  await s.publish(specs, { expectedRevision: first.planRevision });
  await s.untilActive(1);
  const planned = Object.fromEntries(
    first.changes.map(({ vm, toWorker }) => [vm, toWorker]),
  );
  assert.deepEqual(placesOf(s), planned);
});

Deno.test("a plan tells replaced, relabelled, kept, ended and new VMs apart", async () => {
  const s = await cluster();
  const cron = vmSpec({ name: "cron", update: quick });
  await s.publish([web("1"), db(), cron]);
  await s.untilActive(1);
  assert.deepEqual(
    new Set(
      (await planOf(s, [web("1"), db(), cron])).changes.map((c) => c.kind),
    ),
    new Set(["keep"]),
  );
  const next = [
    web("2", { replicas: 4 }),
    db({ labels: { tier: "back" } }),
    vmSpec({ name: "mail", update: quick }),
  ];
  assert.deepEqual(await kinds(s, next), [
    "destroy shop/cron-0",
    "relabel shop/db-0",
    "create shop/mail-0",
    "replace shop/web-0",
    "replace shop/web-1",
    "replace shop/web-2",
    "create shop/web-3",
  ]);
  const before = JSON.stringify(s.status());
  await planOf(s, next);
  assert.equal(JSON.stringify(s.status()), before, "nothing was changed");
  await s.publish(next);
  await s.untilActive(2);
  const again = await planOf(s, next);
  assert.ok(again.changes.every(({ kind }) => kind === "keep"));
});

Deno.test("a plan tells what is switched while it runs, and why else it is restarted", async () => {
  const s = await cluster();
  const specOf = (letter: string, over: Record<string, unknown> = {}) => {
    const toplevel = storePath(`system-${letter}`);
    const kernelPath = `${storePath("linux")}/bzImage`;
    return vmSpec({
      name: "app",
      update: quick,
      image: {
        toplevel,
        kernelPath,
        initrdPath: `${storePath("initrd")}/initrd`,
        cmdline: `quiet init=${toplevel}/init`,
        root: "store",
        ...over,
      },
    });
  };
  await s.publish([specOf("a")]);
  await s.untilActive(1);
  const change = async (spec: VmSpec) => {
    const { changes: [change] } = await planOf(s, [spec]);
    return [change?.kind, change?.reason];
  };
  const [{ worker = "" } = {}] = s.status().vms;
  assert.deepEqual(await change(specOf("b")), [
    "replace",
    `${worker} does not switch guests`,
  ]);
  for (const each of s.workers.values()) each.attributes.switch = "true";
  await s.run(10_000);
  assert.equal((await change(specOf("b")))[0], "switch");
  const kernelPath = `${storePath("linux-2")}/bzImage`;
  assert.deepEqual(await change(specOf("b", { kernelPath })), [
    "replace",
    "the kernel changed",
  ]);
});

Deno.test("a plan says what has no room, and what waits for it", async () => {
  const s = await cluster();
  const specs = [
    db({ memoryMib: 1000, replicas: 3 }),
    vmSpec({ name: "app", dependsOn: ["db"], memoryMib: 16, update: quick }),
  ];
  const { changes, refused } = await planOf(s, specs);
  assert.equal(refused, null);
  assert.deepEqual(changes.map(({ vm, kind }) => [vm, kind]), [
    ["shop/app-0", "pending"],
    ["shop/db-0", "create"],
    ["shop/db-1", "create"],
    ["shop/db-2", "pending"],
  ]);
  assert.match(changes[0]?.reason ?? "", /waits until db is healthy/);
  assert.match(changes[3]?.reason ?? "", /1000 MiB/);
});

Deno.test("a chain of dependsOn is followed to its end", async () => {
  const s = await cluster();
  const specs = [...Array(30).keys()].map((at) =>
    vmSpec({
      name: `n${at}`,
      memoryMib: 16,
      cpuMilli: 10,
      dependsOn: at === 0 ? [] : [`n${at - 1}`],
    })
  );
  const { changes } = await planOf(s, specs);
  assert.equal(changes.length, 30);
  assert.ok(changes.every(({ kind }) => kind === "create"));
});

Deno.test("a plan moves what is on a lost worker", async () => {
  const s = await cluster(3);
  await s.publish([web("1", { memoryMib: 400 })]);
  await s.untilActive(1);
  const lost = s.workers.get("w3");
  assert.ok(lost !== undefined);
  const { planRevision } = await planOf(s, [web("1", { memoryMib: 400 })]);
  lost.isConnected = false;
  // As long as it takes to be lost, and no tick that would move anything.
  s.clock.advance(13_000);
  for (const worker of s.workers.values()) await worker.step(s.master);
  const after = await planOf(s, [web("1", { memoryMib: 400 })]);
  assert.deepEqual(
    after.changes.map(({ kind, fromWorker }) => [kind, fromWorker]).sort(),
    [["keep", "w1"], ["keep", "w2"], ["move", "w3"]],
  );
  assert.ok(after.planRevision > planRevision, "the usable workers changed");
});

Deno.test("a plan that would be refused says why, one under a hold that it would wait", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([failing]);
  await s.runUntil("it failed", () => s.generation(2).state === "failed");
  const known = await planOf(s, [failing]);
  assert.match(known.refused ?? "", /failed as generation 2/);
  assert.deepEqual(known.changes, []);
  const large = await planOf(s, [web("2", { memoryMib: 5000 })]);
  assert.match(large.refused ?? "", /needs 5000 MiB/);
  const foreign = await planOf(s, [web("2")], { repository: "other" });
  assert.match(foreign.refused ?? "", /belongs to repository "shop"/);
  const circle = [
    vmSpec({ name: "a", dependsOn: ["b"] }),
    vmSpec({ name: "b", dependsOn: ["a"] }),
  ];
  assert.match((await planOf(s, circle)).refused ?? "", /circle: a -> b -> a/);

  await s.publish([web("2")]);
  await s.untilActive(3);
  await s.master.rollback("shop", 1);
  await s.untilActive(1);
  const held = await planOf(s, [web("2"), db()]);
  assert.match(held.held ?? "", /held at 1: it would wait/);
  assert.deepEqual(
    held.changes.map(({ kind }) => kind),
    ["create", "replace", "replace", "replace"],
    "what would happen when the hold ends",
  );
});

Deno.test("the plan revision rises with what a plan is based on, and with nothing else", async () => {
  const s = await cluster();
  await s.settle();
  const revision = () => s.status().planRevision;
  await s.publish([web("1")]);
  const published = revision();
  await s.untilActive(1);
  assert.equal(revision(), published, "success is an observation");
  await s.restart();
  for (const worker of s.workers.values()) await worker.step(s.master);
  await s.settle();
  assert.equal(revision(), published, "a restart of the master is nothing");
  assert.equal((await planOf(s, [web("2")])).planRevision, published);

  const seen: number[] = [published];
  const rises = (what: string) => {
    assert.ok(revision() > (seen.at(-1) ?? 0), what);
    seen.push(revision());
  };
  await s.publish([failing]);
  rises("a publish");
  await s.runUntil("it failed", () => s.generation(2).state === "failed");
  rises("a revert");
  await s.addWorker("w3");
  await s.settle();
  rises("a worker came");
  await s.run(1000);
  assert.equal(revision(), seen.at(-1));
  const w3 = s.workers.get("w3");
  assert.ok(w3 !== undefined);
  w3.capacity = { cpuMilli: 8000, memoryMib: 2048 };
  await s.run(1000);
  rises("a worker offers more");
  w3.isConnected = false;
  await s.runUntil(
    "w3 is gone",
    () => s.status().workers.some(({ state }) => state !== "alive"),
  );
  rises("a worker is away");
  await s.run(30_000);
  w3.isConnected = true;
  await s.run(2000);
  rises("it is back");

  const stale = seen.at(-2) ?? 0;
  await rejects(
    s.publish([web("3")], { expectedRevision: stale }),
    "refused",
    new RegExp(`at revision ${stale}, "shop" is at revision ${revision()}`),
  );
  await s.publish([web("3")], { expectedRevision: revision() });
});

Deno.test("a plan follows copies beside the main ones to their end, and says what they lack", async () => {
  const s = await cluster(3);
  const strategies = ["blue-green", "canary"] as const;
  for (const strategy of strategies) {
    const update = { ...quick, strategy, canary: 1 };
    const now = web("1", { name: strategy, replicas: 2, update });
    const next = web("2", { name: strategy, replicas: 2, update });
    await s.publish([now], { cluster: strategy });
    const converged = () => s.status(strategy).convergencePercent === 100;
    await s.runUntil("it runs", converged);
    const { changes } = await planOf(s, [next], { cluster: strategy });
    assert.deepEqual(
      changes.map(({ vm, kind }) => `${kind} ${vm}`),
      [
        `replace ${strategy}/${strategy}-0`,
        `replace ${strategy}/${strategy}-1`,
      ],
    );
  }
  const large = await cluster(1);
  const update = { ...quick, strategy: "blue-green" as const };
  await large.publish([web("1", { memoryMib: 800, replicas: 1, update })]);
  await large.untilActive(1);
  const { changes } = await planOf(large, [
    web("2", { memoryMib: 800, replicas: 1, update }),
  ]);
  assert.deepEqual(changes.map(({ kind }) => kind), ["pending"]);
  assert.match(changes[0]?.reason ?? "", /MiB/);
});

Deno.test("a plan gives a cordoned worker nothing, and its revision says that it was made so", async () => {
  const s = await cluster();
  const { planRevision } = await planOf(s, [web("1")]);
  const by = { role: "operator", name: "ann", tokenId: "" };
  await s.master.operations.cordon("w1", "new disks", by);
  await s.settle();
  const after = await planOf(s, [web("1")]);
  assert.deepEqual(
    new Set(after.changes.map(({ toWorker }) => toWorker)),
    new Set(["w2"]),
  );
  assert.ok(
    after.planRevision > planRevision,
    "no tick had seen the first set",
  );
  assert.ok(
    after.closures.every(({ copies }) =>
      copies.every(({ worker }) => worker !== "w1")
    ),
  );
  await rejects(
    s.publish([web("1")], { expectedRevision: planRevision }),
    "refused",
    /its plan was made at revision/,
  );
});
