import assert from "node:assert/strict";
import { SimulatedNetwork } from "./simulated_network.ts";
import { MemoryFiles } from "../../../tests/support/memory_files.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import {
  hash,
  testOrder,
  testSpec,
  VM_ID,
} from "../../../tests/support/worker_host_model.ts";
import { MemoryHost, SimulatedVmm } from "../../../vmm/mod.ts";
import type { Order } from "../../model/assignment.ts";
import type { Checks, ProbeTarget } from "../vms/checks.ts";
import { noClosures } from "../closures/closures.ts";
import { LedgerStore } from "../vms/ledger_store.ts";
import { NetworkOrders } from "./network_orders.ts";
import { Provisions } from "../vms/provisions.ts";
import { Vms } from "../vms/vms.ts";

const PUBLISHED = 8080;

/** A host with a bridge, and one worker after the other on it. */
class Machine {
  readonly clock = new VirtualClock();
  readonly network = new SimulatedNetwork();
  readonly probed = new Set<string>();
  readonly #files = new MemoryFiles();
  readonly #host = new MemoryHost();
  #revision = 0;
  #stop: (() => Promise<void>) | null = null;
  vms!: Vms;

  async start(): Promise<void> {
    const { clock, network } = this;
    const vmm = new SimulatedVmm({ host: this.#host, clock });
    const store = new LedgerStore({
      stateDir: "/state",
      runDir: "/run",
      bootId: "boot-1",
      files: this.#files,
      onUnreadable: (path, error) => assert.fail(`${path}: ${error}`),
    });
    await store.prepare();
    const onWarning = (message: string) => assert.fail(message);
    const orders = new NetworkOrders({ network, clock, onWarning });
    const checks: Checks = {
      probe: async ({ copy, host, ports, check }: ProbeTarget) => {
        const port = ports.find(({ guest }) => guest === check.port);
        this.probed.add(`${host}:${port?.host}`);
        return { ok: await vmm.answers(copy), message: "" };
      },
      forget: () => undefined,
    };
    this.vms = new Vms({
      name: "w1",
      bootId: "boot-1",
      clock,
      vmm,
      closures: noClosures,
      checks,
      store,
      volumesDir: "/state/volumes",
      stopGraceMs: 0,
      provisions: new Provisions([orders]),
      network: orders,
      onWarning,
      onChange: () => undefined,
    });
    await this.vms.start();
    this.#stop = async () => {
      await this.vms.stop();
      await orders.stop();
      await vmm.close();
    };
  }

  async stop(): Promise<void> {
    let ended = false;
    const ending = this.#stop?.().then(() => ended = true);
    while (!ended) await this.pass(100);
    await ending;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    }
  }

  async order(...orders: Order[]): Promise<void> {
    const revision = ++this.#revision;
    await this.vms.accept({
      worker: "w1",
      leaseEpoch: 1,
      revision,
      leaseMs: 10_000,
      orders,
      network: { subnet: "10.201.0.0/24", routes: [] },
    });
    await this.pass(5000);
  }

  get main() {
    const found = this.vms.observed().find(({ incarnation }) =>
      incarnation === this.vms.copy(VM_ID).incarnation
    );
    assert.ok(found !== undefined);
    return found;
  }
}

const spec = testSpec({
  network: {
    ports: [
      { name: "http", guest: 80, publish: PUBLISHED },
      { name: "ssh", guest: 22 },
    ],
  },
});

function networked(letter: string, incarnation: number, surge = false): Order {
  return {
    ...testOrder(letter, { spec, incarnation, surge, revision: incarnation }),
    network: {
      address: `10.201.0.${incarnation + 1}`,
      peers: [],
      sources: [],
    },
  };
}

Deno.test("a guest on the bridge is probed and reported at its address, its published port at the host's", async () => {
  const machine = new Machine();
  await machine.start();
  await machine.order(networked("a", 1));
  const { address, ports, health } = machine.main;
  assert.equal(health, "healthy");
  assert.equal(address, "10.201.0.2:80");
  assert.deepEqual(ports, [
    { name: "http", guest: 80, host: PUBLISHED },
    { name: "ssh", guest: 22, host: 22 },
  ]);
  assert.deepEqual([...machine.probed], ["10.201.0.2:80"]);
  await machine.stop();
});

Deno.test("a worker that starts again without its master keeps addresses, cards and ports", async () => {
  const machine = new Machine();
  await machine.start();
  await machine.order(networked("a", 1));
  const before = machine.main;
  await machine.stop();
  const { configured } = machine.network;
  await machine.start();
  await machine.pass(3000);
  assert.deepEqual(machine.main.ports, before.ports);
  assert.equal(machine.main.address, before.address);
  assert.equal(machine.main.restarts, 0);
  assert.ok(machine.network.configured > configured, "made again as it was");
  assert.deepEqual([...machine.network.cards.values()], ["10.201.0.2"]);
  await machine.stop();
});

Deno.test("published ports go to the copy that is promoted, once the other has ended", async () => {
  const machine = new Machine();
  await machine.start();
  await machine.order(networked("a", 1));
  await machine.order(networked("a", 1), networked("b", 2, true));
  assert.equal(machine.main.address, "10.201.0.2:80");
  await machine.order(networked("b", 2));
  await machine.pass(5000);
  assert.equal(machine.main.runtimeHash, hash("b"));
  assert.equal(machine.main.address, "10.201.0.3:80");
  assert.equal(machine.main.ports[0]?.host, PUBLISHED);
  assert.deepEqual([...machine.network.cards.values()], ["10.201.0.3"]);
  await machine.stop();
});

Deno.test("a guest that runs is left as it is when its order names another address", async () => {
  const machine = new Machine();
  await machine.start();
  const order = networked("a", 1);
  await machine.order(order);
  const network = { address: "10.201.0.9", peers: [], sources: [] };
  await machine.order({ ...order, network });
  assert.equal(machine.main.restarts, 0);
  assert.equal(machine.main.address, "10.201.0.2:80");
  await machine.stop();
});
