import assert from "node:assert/strict";
import { MasterScenario, quick, web } from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import { SYSTEM } from "../model/event.ts";
import type { VmSpec } from "../model/vm_spec.ts";

const bridge = (underlay: string) => ({
  attributes: { network: "bridge", "network.underlay": underlay },
});

async function bridgedCluster(workers = 2, pool?: string) {
  const s = await MasterScenario.create(pool === undefined ? {} : { pool });
  for (let i = 1; i <= workers; i++) {
    await s.addWorker(`w${i}`, { ...bridge(`192.0.2.${i}`), memoryMib: 512 });
  }
  await s.settle();
  return s;
}

const front = (version: string, over: Parameters<typeof vmSpec>[0] = {}) =>
  web(version, { network: { allowedPeers: ["db"] }, ...over });
const db = (version: string, over: Parameters<typeof vmSpec>[0] = {}) =>
  web(version, { name: "db", replicas: 1, ...over });

/** What each copy was told last, by VM. */
function told(s: MasterScenario) {
  return [...s.workers.values()].flatMap(({ name, assignment }) =>
    (assignment?.orders ?? []).map((order) => ({ worker: name, order }))
  ).sort((a, b) => (a.order.vm < b.order.vm ? -1 : 1));
}

function addresses(s: MasterScenario): Record<string, string> {
  return Object.fromEntries(
    told(s).map(({ order }) => [order.vm, order.network?.address ?? ""]),
  );
}

function peersOf(s: MasterScenario, vm: string) {
  const found = told(s).find(({ order }) => order.vm === vm);
  assert.ok(found !== undefined, `nobody was told of ${vm}`);
  const { peers = [], sources = [] } = found.order.network ?? {};
  return { peers, sources: [...sources].sort() };
}

async function untilActive(
  s: MasterScenario,
  specs: VmSpec[],
  over: Parameters<MasterScenario["publish"]>[1] = {},
) {
  const { generation } = await s.publish(specs, over);
  await s.untilActive(generation);
  await s.run(2000);
}

Deno.test("workers that bridge get a subnet and the routes to the others; those that do not see nothing of it", async () => {
  const s = await bridgedCluster(2);
  const plain = await s.addWorker("w3", {});
  await s.run(1000);
  const [w1, w2] = [s.workers.get("w1"), s.workers.get("w2")];
  assert.deepEqual(w1?.assignment?.network, {
    subnet: "10.201.0.0/24",
    routes: [{ worker: "w2", subnet: "10.201.1.0/24", via: "192.0.2.2" }],
  });
  assert.deepEqual(w2?.assignment?.network?.routes, [
    { worker: "w1", subnet: "10.201.0.0/24", via: "192.0.2.1" },
  ]);
  assert.equal(plain.assignment?.network, undefined);
  const told = (await s.events()).filter((line) => /addresses of/.test(line));
  assert.deepEqual(told, [
    "gives its guests addresses of 10.201.0.0/24",
    "gives its guests addresses of 10.201.1.0/24",
  ]);
  const { revision } = plain.fence;
  await s.addWorker("w4", bridge("192.0.2.4"));
  await s.run(1000);
  assert.equal(w1?.assignment?.network?.routes.length, 2);
  assert.equal(plain.fence.revision, revision, "it is not told");
});

Deno.test("each copy has an address of its worker, and peers find each other by name", async () => {
  const s = await bridgedCluster();
  await untilActive(s, [front("1", { replicas: 2 }), db("1")]);
  const of = addresses(s);
  assert.equal(new Set(Object.values(of)).size, 3);
  for (const { worker, order } of told(s)) {
    const subnet = s.workers.get(worker)?.assignment?.network?.subnet ?? "";
    assert.equal(
      order.network?.address.replace(/\d+$/, "0/24"),
      subnet,
      "of the worker it is on",
    );
  }
  const webs = [of["shop/web-0"], of["shop/web-1"]].sort();
  assert.deepEqual(peersOf(s, "shop/web-0").peers, [
    { name: "db", addresses: [of["shop/db-0"]] },
  ]);
  assert.deepEqual(peersOf(s, "shop/db-0"), { peers: [], sources: webs });
  assert.deepEqual(
    s.status().vms.map(({ address }) => address.replace(/:.*/, "")).sort(),
    Object.values(of).sort(),
    "status shows them",
  );
});

Deno.test("a restart of the master and a change in place keep every address", async () => {
  const s = await bridgedCluster();
  await untilActive(s, [front("1"), db("1")]);
  const before = addresses(s);
  await s.restart();
  await s.settle();
  await s.run(3000);
  assert.deepEqual(addresses(s), before);
  await untilActive(s, [front("2"), db("2")]);
  assert.deepEqual(addresses(s), before);
});

Deno.test("other peers raise the revision of those that use them, and nobody's orderRevision", async () => {
  const s = await bridgedCluster(2);
  await untilActive(s, [front("1", { replicas: 1 }), db("1")]);
  const on = (vm: string) => told(s).find(({ order }) => order.vm === vm);
  const webBefore = on("shop/web-0");
  assert.ok(webBefore !== undefined);
  const worker = s.workers.get(webBefore.worker);
  const { revision } = worker?.fence ?? { revision: 0 };
  await untilActive(s, [front("1", { replicas: 1 }), db("1", { replicas: 2 })]);
  const after = on("shop/web-0");
  assert.ok((worker?.fence.revision ?? 0) > revision, "it was told");
  assert.equal(after?.order.network?.peers[0]?.addresses.length, 2);
  const starts = [...s.workers.values()].flatMap(({ starts }) => starts)
    .filter(({ vm }) => vm === "shop/web-0");
  assert.equal(starts.length, 1, "and not started again");
});

Deno.test("a promotion moves the name to the copy that is promoted", async () => {
  const s = await bridgedCluster(2);
  const update = { ...quick, strategy: "blue-green" as const };
  await untilActive(s, [front("1", { replicas: 1 }), db("1", { update })]);
  const [{ addresses: old = [] } = {}] = peersOf(s, "shop/web-0").peers;
  const { generation } = await s.publish([
    front("1", { replicas: 1 }),
    db("2", { update }),
  ]);
  await s.runUntil(
    "the green copy waits",
    () => /promote/.test(s.status().rollout?.waitingOn ?? ""),
  );
  await s.run(1000);
  assert.deepEqual(peersOf(s, "shop/web-0").peers[0]?.addresses, old);
  const green = told(s).find(({ order }) =>
    order.vm === "shop/db-0" && order.surge
  );
  assert.equal(green?.order.network?.sources.length, 1, "it may be reached");
  await s.master.promote("shop");
  await s.untilActive(generation);
  await s.run(2000);
  assert.deepEqual(
    peersOf(s, "shop/web-0").peers[0]?.addresses,
    [green?.order.network?.address],
  );
});

Deno.test("an address is given again only when all others were", async () => {
  const s = await bridgedCluster(1);
  await untilActive(s, [db("1")]);
  const seen = new Set([addresses(s)["shop/db-0"]]);
  for (let turn = 2; turn < 6; turn++) {
    await untilActive(s, [front("1", { replicas: 1 })]);
    await untilActive(s, [db(String(turn))]);
    const address = addresses(s)["shop/db-0"];
    assert.ok(!seen.has(address), `${address} again`);
    seen.add(address);
  }
});

Deno.test("a worker without a free address is refused, and why says so", async () => {
  const s = await MasterScenario.create({ pool: "10.9.0.0/24" });
  const large = { memoryMib: 8192, cpuMilli: 64_000 };
  for (const name of ["w1", "w2"]) {
    await s.addWorker(name, {
      ...bridge(`192.0.2.${name.slice(1)}`),
      ...large,
    });
  }
  const plain = { memoryMib: 16, cpuMilli: 1, replicas: 260 };
  await s.publish([web("1", plain)]);
  await s.runUntil("all are given", () => told(s).length === 253, 300_000);
  const waiting = s.status().vms.find(({ worker }) => worker === "");
  assert.match(waiting?.message ?? "", /given away all of its 253 addresses/);
  assert.match(waiting?.message ?? "", /"w2" has no subnet yet: the pool/);
  const { candidates } = s.master.views.why(waiting?.id ?? "");
  assert.deepEqual(candidates.map(({ kind }) => kind), ["address", "state"]);
});

Deno.test("the subnet of a worker that was removed is another's later, and routes to it end", async () => {
  const s = await bridgedCluster(3);
  const gone = s.workers.get("w3");
  assert.ok(gone !== undefined);
  gone.isConnected = false;
  const state = () => s.master.views.getWorker("w3").worker.state;
  await s.runUntil("w3 lost", () => state() === "lost");
  await s.master.operations.removeWorker("w3", SYSTEM);
  s.workers.delete("w3");
  await s.run(1000);
  assert.deepEqual(
    s.workers.get("w1")?.assignment?.network?.routes.map(({ worker }) =>
      worker
    ),
    ["w2"],
  );
  const next = await s.addWorker("w4", bridge("192.0.2.4"));
  await s.run(1000);
  assert.equal(next.assignment?.network?.subnet, "10.201.3.0/24", "it rests");
});

Deno.test("a cluster that begins to bridge gives addresses to what runs, and starts nothing again", async () => {
  const s = await MasterScenario.create();
  for (const name of ["w1", "w2"]) await s.addWorker(name, { memoryMib: 512 });
  await untilActive(s, [front("1"), db("1")]);
  assert.equal(new Set(Object.values(addresses(s))).size, 1, "none has one");
  const starts = () =>
    [...s.workers.values()].map((worker) => worker.starts.length);
  const before = starts();
  for (const [name, worker] of s.workers) {
    worker.attributes = bridge(`192.0.2.${name.slice(1)}`).attributes;
  }
  await s.run(3000);
  const given = Object.values(addresses(s));
  assert.equal(new Set(given).size, 4);
  assert.ok(given.every((address) => address.startsWith("10.201.")));
  assert.equal(peersOf(s, "shop/db-0").sources.length, 3);
  assert.deepEqual(starts(), before);
  for (const worker of s.workers.values()) worker.attributes = {};
  await s.run(3000);
  assert.ok(Object.values(addresses(s)).every((address) => address === ""));
});
