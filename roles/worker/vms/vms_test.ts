import assert from "node:assert/strict";
import fc from "fast-check";
import {
  testOrder,
  testSpec,
  VM_ID,
} from "../../../tests/support/worker_host_model.ts";
import { MemoryFiles } from "../../../tests/support/memory_files.ts";
import { VirtualClock } from "../../../tests/support/virtual_clock.ts";
import { MemoryHost, SimulatedVmm } from "../../../vmm/mod.ts";
import type { Order } from "../../model/assignment.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { SimulatedChecks } from "./checks.ts";
import { noClosures } from "../closures/closures.ts";
import { LedgerStore } from "./ledger_store.ts";
import { Vms } from "./vms.ts";

const PUBLISHED = 8080;

/** Guests that take their time to power off. */
class SlowVmm extends SimulatedVmm {
  readonly #clock: VirtualClock;
  stopMs = 0;

  constructor(options: { host: MemoryHost; clock: VirtualClock }) {
    super(options);
    this.#clock = options.clock;
  }

  override async stop(copy: CopyId): Promise<void> {
    if (this.stopMs > 0) await this.#clock.sleep(this.stopMs);
    await super.stop(copy);
  }
}

/** One host with its disk, and one worker after the other. */
class Machine {
  readonly clock = new VirtualClock();
  readonly files = new MemoryFiles();
  readonly #host = new MemoryHost();
  readonly #alone: boolean;
  #revision = 0;
  #open: { vms: Vms; vmm: SlowVmm } | null = null;

  constructor(alone: boolean) {
    this.#alone = alone;
  }

  get #now(): { vms: Vms; vmm: SlowVmm } {
    assert.ok(this.#open !== null);
    return this.#open;
  }

  get vms(): Vms {
    return this.#now.vms;
  }

  set stopMs(ms: number) {
    this.#now.vmm.stopMs = ms;
  }

  async start(): Promise<void> {
    const { clock } = this;
    const vmm = new SlowVmm({ host: this.#host, clock });
    const store = new LedgerStore({
      stateDir: "/state",
      runDir: "/run",
      bootId: "boot-1",
      files: this.files,
      onUnreadable: (path, error) => assert.fail(`${path}: ${error}`),
    });
    await store.prepare();
    const vms = new Vms({
      name: "w1",
      bootId: "boot-1",
      clock,
      vmm,
      closures: noClosures,
      checks: new SimulatedChecks((copy) => vmm.answers(copy)),
      store,
      volumesDir: "/state/volumes",
      stopGraceMs: 0,
      onWarning: (message) => assert.fail(message),
      onChange: () => undefined,
    });
    await vms.start();
    this.#open = { vms, vmm };
  }

  async stop(): Promise<void> {
    const { vms, vmm } = this.#now;
    let ended = false;
    const ending = vms.stop().then(() => vmm.close()).then(() => ended = true);
    // What is under way is waited for, and may take time.
    while (!ended) await this.pass(100);
    await ending;
  }

  async assign(orders: Order[]): Promise<void> {
    const revision = ++this.#revision;
    const fence = { leaseEpoch: 1, revision, leaseMs: 10_000 };
    const { kind } = await this.vms.accept({ worker: "w1", ...fence, orders });
    assert.equal(kind, "accepted");
  }

  /** Lets time pass, and looks at what runs all the while. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      for (let turn = 0; turn < 4; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const running = await this.#host.load();
      if (this.#alone) assert.ok(running.length <= 1, "two on one volume");
      const ports = running.flatMap((vm) => vm.ports.map(({ host }) => host));
      assert.equal(new Set(ports).size, ports.length, "one port twice");
      assert.equal(new Set(running.map(copyKey)).size, running.length);
      for (const { hostFailure } of this.#open?.vms.observed() ?? []) {
        assert.equal(hostFailure, null, "a copy is in another one's way");
      }
    }
  }
}

const command = fc.oneof(
  fc.record({
    kind: fc.constant("assign" as const),
    copies: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    main: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("time" as const),
    ms: fc.integer({ min: 100, max: 8000 }),
  }),
  fc.constant({ kind: "restart" as const }),
  fc.record({
    kind: fc.constant("slow" as const),
    stopMs: fc.constantFrom(0, 300, 3000),
  }),
);

Deno.test("Vms: whatever copies are ordered, no volume and no port has two; the last one ends with the published port", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(command, { maxLength: 12 }),
      async (alone, commands) => {
        const spec = testSpec({
          network: { ports: [{ name: "http", guest: 80, publish: PUBLISHED }] },
          volumes: alone ? [{ name: "data", sizeMib: 8, mount: "/data" }] : [],
        });
        const order = (incarnation: number, surge: boolean) =>
          testOrder("a", { incarnation, surge, spec });
        const machine = new Machine(alone);
        await machine.start();
        for (const each of commands) {
          if (each.kind === "time") await machine.pass(each.ms);
          else if (each.kind === "slow") machine.stopMs = each.stopMs;
          else if (each.kind === "restart") {
            await machine.stop();
            await machine.start();
          } else {
            const orders = each.copies.map((incarnation, index) =>
              order(incarnation, index !== each.main)
            );
            await machine.assign(orders);
          }
        }
        await machine.assign([order(9, false)]);
        await machine.pass(60_000);
        const seen = machine.vms.observed();
        assert.deepEqual(
          seen.map(({ vm, incarnation }) => ({ vm, incarnation })),
          [{ vm: VM_ID, incarnation: 9 }],
        );
        assert.equal(seen[0]?.settled, true);
        assert.equal(seen[0]?.restarts, 0);
        assert.equal(seen[0]?.address, `127.0.0.1:${PUBLISHED}`);
        await machine.assign([]);
        await machine.pass(20_000);
        assert.deepEqual(machine.vms.observed(), []);
        await machine.stop();
        assert.equal(machine.files.size, 1, "only the assignment is left");
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("Vms: of assignments that come together only those above the last one are kept", async () => {
  const machine = new Machine(false);
  await machine.start();
  const { vms, files } = machine;
  const kept: number[] = [];
  const write = files.write.bind(files);
  files.write = (path, text) => {
    if (path.endsWith("/assignment.json")) {
      kept.push(JSON.parse(text).revision);
    }
    return write(path, text);
  };
  const accept = (revision: number) =>
    vms.accept({
      worker: "w1",
      leaseEpoch: 1,
      revision,
      leaseMs: 10_000,
      orders: [],
    });
  const answers = await Promise.all([2, 2, 1, 3].map(accept));
  assert.deepEqual(kept, [2, 3]);
  assert.deepEqual(answers.map(({ kind }) => kind === "accepted"), [
    true,
    false,
    false,
    true,
  ]);
  await machine.stop();
});

Deno.test("Vms: no verdict is told before it is on disk: a kill would take it back", async () => {
  const machine = new Machine(false);
  await machine.start();
  const { files, vms } = machine;
  const write = files.write.bind(files);
  let held = Promise.withResolvers<void>();
  const hold = (sign: string) => {
    held = Promise.withResolvers();
    files.write = async (path, text) => {
      if (path.endsWith("/ledger.json") && text.includes(sign)) {
        await held.promise;
      }
      return await write(path, text);
    };
  };
  const verdict = () => {
    const seen = vms.observed()[0];
    return { settled: seen?.settled, refused: seen?.rolledBack !== null };
  };
  const order = (letter: string, revision: number, outcome: string) =>
    testOrder(letter, {
      revision,
      spec: testSpec({
        image: {
          ...testSpec().image,
          cmdline: `quiet simulated.outcome=${outcome}`,
        },
      }),
    });

  hold('"settled":true');
  await machine.assign([order("a", 1, "healthy")]);
  await machine.pass(60_000);
  assert.deepEqual(verdict(), { settled: false, refused: false });
  held.resolve();
  await machine.pass(100);
  assert.deepEqual(verdict(), { settled: true, refused: false });

  hold('"reason":"not healthy');
  await machine.assign([order("b", 2, "never")]);
  await machine.pass(60_000);
  assert.deepEqual(verdict(), { settled: false, refused: false });
  held.resolve();
  await machine.pass(60_000);
  assert.equal(verdict().refused, true);
  await machine.stop();
});
