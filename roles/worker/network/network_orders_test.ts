import assert from "node:assert/strict";
import { SimulatedNetwork } from "./simulated_network.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import {
  testOrder,
  testSpec,
} from "../../../tests/support/worker_host_model.ts";
import { MemoryHost, SimulatedVmm, type VmConfig } from "../../../vmm/mod.ts";
import type { Assignment, Order } from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";
import { orderTarget } from "../vms/core/vm_state.ts";
import { userNetwork } from "./network.ts";
import { NetworkOrders } from "./network_orders.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const PEERS = [
  { name: "db", addresses: ["10.201.1.2"] },
  { name: "old", addresses: ["10.201.1.3"] },
];
const PORT = { name: "http", guest: 80, publish: 8080 };

const spec = (allowedPeers: string[]) =>
  testSpec({
    network: { allowedPeers, ports: [{ name: "http", guest: 80 }] },
  });

function networked(letter: string, allowedPeers = ["db"]): Order {
  const order = testOrder(letter, { spec: spec(allowedPeers) });
  const network = { address: "10.201.0.2", peers: PEERS, sources: [] };
  return { ...order, network };
}

function assignment(revision: number, ...orders: Order[]): Assignment {
  return {
    worker: "w1",
    leaseEpoch: 1,
    revision,
    leaseMs: 10_000,
    orders,
    network: { subnet: "10.201.0.0/24", routes: [] },
  };
}

function opened() {
  const network = new SimulatedNetwork();
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const orders = new NetworkOrders({
    network,
    clock,
    onWarning: (message) => warnings.push(message),
  });
  const config = { ports: [] } as unknown as VmConfig;
  const provide = (order: Order) =>
    orders.provide(COPY, orderTarget(order), config);
  return { network, clock, warnings, orders, provide };
}

/** Lets promises go as far as they can. */
async function turn(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve();
}

Deno.test("a start waits until the network is as its order says", async () => {
  const { network, orders, provide } = opened();
  const gate = Promise.withResolvers<void>();
  network.delay = () => gate.promise;
  const order = networked("a");
  orders.accept(assignment(1, order));
  let given: unknown = null;
  const started = provide(order).then((config) => given = config);
  await turn();
  assert.equal(given, null);
  gate.resolve();
  await started;
  assert.deepEqual(given, {
    nic: { tap: "tap1", mac: "02:00:00:00:00:01", address: "10.201.0.2" },
  });
  await orders.stop();
});

Deno.test("a start waits for what was told last, not for what was made before", async () => {
  const { network, orders, provide } = opened();
  orders.accept(assignment(1));
  await turn();
  const gate = Promise.withResolvers<void>();
  network.delay = () => gate.promise;
  const order = networked("a");
  orders.accept(assignment(2, order));
  let isGiven = false;
  const started = provide(order).then(() => isGiven = true);
  await turn();
  assert.equal(isGiven, false);
  gate.resolve();
  await started;
  await orders.stop();
});

Deno.test("what is told while it is being made is made next, and only the newest", async () => {
  const { network, orders } = opened();
  const gate = Promise.withResolvers<void>();
  network.delay = () => gate.promise;
  orders.accept(assignment(1));
  orders.accept(assignment(2));
  orders.accept(assignment(3, networked("a")));
  gate.resolve();
  await turn();
  assert.equal(network.configured, 2);
  assert.equal(network.plan?.guests.length, 1);
  orders.accept(assignment(4));
  await turn();
  assert.equal(network.configured, 3, "it begins again after it was quiet");
  await orders.stop();
});

Deno.test("peers are those of the spec that runs, not of the one that comes next", async () => {
  const { network, orders, provide } = opened();
  const before = networked("a", ["old"]);
  orders.accept(assignment(1, before));
  await provide(before);
  const after = networked("b", ["db"]);
  orders.accept(assignment(2, after));
  await turn();
  const names = () =>
    network.guest(COPY)?.network.peers.map(({ name }) => name);
  assert.deepEqual(names(), ["old"]);
  orders.runs(COPY, orderTarget(after));
  await turn();
  assert.deepEqual(names(), ["db"], "a switch inside the guest moves it too");
  await orders.stop();
});

Deno.test("a network that cannot be made fails the start, and is tried again", async () => {
  const { network, clock, warnings, orders, provide } = opened();
  network.failure = new AppError("missing_dependency", "there is no nft");
  const order = networked("a");
  orders.accept(assignment(1, order));
  await assert.rejects(provide(order), /no nft/);
  assert.match(orders.problem ?? "", /no nft/);
  network.failure = null;
  for (let second = 0; second < 3; second++) {
    clock.advance(1000);
    await turn();
  }
  assert.equal(orders.problem, null);
  assert.equal(network.configured, 1);
  assert.equal(warnings.length, 1);
  await provide(order);
  await orders.stop();
});

Deno.test("a guest without an address does not start on another network", async () => {
  const { orders, provide } = opened();
  const { network: _none, ...order } = networked("a");
  orders.accept(assignment(1, order));
  await assert.rejects(provide(order), /no address yet/);
  await orders.stop();
});

Deno.test("published ports go by the network the guest is on", async () => {
  const { network, orders, provide, clock } = opened();
  const vmm = new SimulatedVmm({ host: new MemoryHost(), clock });
  const order = networked("a");
  orders.accept(assignment(1, order));
  await provide(order);
  const reached = [{ name: "http", guest: 80, host: 80 }];
  const what = { host: "10.201.0.2", reached, ports: [PORT] };
  assert.deepEqual(await orders.publish(vmm, COPY, what), {
    ports: reached,
    forwarded: [PORT],
  });
  const ssh = { name: "ssh", guest: 22, publish: 2222 };
  const both = await orders.publish(vmm, COPY, { ...what, ports: [ssh] });
  assert.deepEqual(both.forwarded, [PORT, ssh], "those it has are kept");
  // Of a former process, on its VMM's own network.
  const old = { ...what, host: "127.0.0.1" };
  await assert.rejects(orders.publish(vmm, COPY, old), { code: "not_found" });
  assert.deepEqual(network.published(COPY), [PORT, ssh]);
  await orders.stop();
  await vmm.close();
});

Deno.test("where guests have their VMM's own network nothing is done", async () => {
  const orders = new NetworkOrders({
    network: userNetwork,
    clock: new VirtualClock(),
    onWarning: () => assert.fail("nothing to warn of"),
  });
  const order = networked("a");
  orders.accept(assignment(1, order));
  const config = { ports: [] } as unknown as VmConfig;
  assert.deepEqual(await orders.provide(COPY, orderTarget(order), config), {});
  await orders.stop();
});
