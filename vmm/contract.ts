/**
 * What every driver must do: the worker relies on each line of it. Run by
 * contract_test.ts for the simulated driver and by the integration tests for
 * the ones that boot machines.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { VmConfig } from "./core/vm_config.ts";
import type { VmExit, Vmm } from "./vmm.ts";

/** What a guest of the contract does. */
export type GuestKind = "serves" | "silent" | "powers-off" | "panics";

/** How one driver is put under the contract. */
export interface ContractHost {
  /** A driver over the same run directory each time: a second one stands for a restarted worker. */
  open(): Promise<Vmm>;
  config(id: string, guest: GuestKind): VmConfig;
  /** Whether the guest's port answers now. */
  answers(vmm: Vmm, id: string): Promise<boolean>;
  /** Waits for a condition, letting the driver's time pass. */
  until(what: string, look: () => Promise<boolean>): Promise<void>;
  /** Ends the VMM as a crash would; absent where there is no process. */
  kill?(vmm: Vmm, id: string): Promise<void>;
}

/** One case of the contract. */
export interface ContractCase {
  name: string;
  run(host: ContractHost): Promise<void>;
}

const ID = "contract/vm-0";
const OTHER = "contract/vm-1";

async function ids(vmm: Vmm): Promise<string[]> {
  return (await vmm.list()).map(({ id }) => id).sort();
}

async function opened(
  host: ContractHost,
  use: (vmm: Vmm) => Promise<void>,
): Promise<void> {
  const vmm = await host.open();
  try {
    await use(vmm);
  } finally {
    for (const id of await ids(vmm)) await vmm.stop(id, { graceMs: 0 });
    await vmm.close();
  }
}

async function exitsOf(
  host: ContractHost,
  guest: GuestKind,
): Promise<VmExit[]> {
  const exits: VmExit[] = [];
  await opened(host, async (vmm) => {
    using _watch = vmm.watch((exit) => exits.push(exit));
    await vmm.start(host.config(ID, guest));
    await host.until(
      "the exit is told",
      () => Promise.resolve(exits.length > 0),
    );
    assert.deepEqual(await ids(vmm), []);
  });
  return exits;
}

/** The contract. */
export const VMM_CONTRACT: readonly ContractCase[] = [
  {
    name: "a started VM is listed as it was asked for and answers on its port",
    run: (host) =>
      opened(host, async (vmm) => {
        const config = host.config(ID, "serves");
        const started = await vmm.start(config);
        assert.equal(started.id, ID);
        assert.equal(started.incarnation, config.incarnation);
        assert.equal(started.runtimeHash, config.runtimeHash);
        assert.deepEqual(
          started.ports.map(({ name, guest }) => ({ name, guest })),
          config.ports.map(({ name, guest }) => ({ name, guest })),
        );
        assert.deepEqual(await vmm.list(), [started]);
        const port = started.ports[0];
        assert.ok(port !== undefined);
        assert.equal(await vmm.accepts(ID, port, 10), false);
        await host.until("the guest answers", () => host.answers(vmm, ID));
        assert.equal(await vmm.accepts(ID, port, 10_000), true);
        const log = await vmm.serialTail(ID, 65_536);
        assert.match(log.text, /ready/);
        const short = await vmm.serialTail(ID, 5);
        assert.equal(short.truncated, true);
        assert.equal(
          new TextEncoder().encode(short.text).byteLength <= 5,
          true,
        );
      }),
  },
  {
    name: "two VMs run side by side on ports of their own",
    run: (host) =>
      opened(host, async (vmm) => {
        const first = await vmm.start(host.config(ID, "silent"));
        const second = await vmm.start(host.config(OTHER, "silent"));
        assert.notEqual(first.ports[0]?.host, second.ports[0]?.host);
        assert.deepEqual(await ids(vmm), [ID, OTHER]);
        await vmm.stop(ID, { graceMs: 0 });
        assert.deepEqual(await ids(vmm), [OTHER]);
      }),
  },
  {
    name: "an id that runs is not started again",
    run: (host) =>
      opened(host, async (vmm) => {
        await vmm.start(host.config(ID, "silent"));
        await assert.rejects(vmm.start(host.config(ID, "silent")), {
          code: "conflict",
        });
        assert.deepEqual(await ids(vmm), [ID]);
      }),
  },
  {
    name: "a published port is the host port, and is refused while taken",
    run: (host) =>
      opened(host, async (vmm) => {
        const first = await vmm.start(host.config(ID, "silent"));
        const taken = first.ports[0]?.host ?? 0;
        const config = host.config(OTHER, "silent");
        config.ports = [{ name: "http", guest: 80, publish: taken }];
        await assert.rejects(vmm.start(config), { code: "overloaded" });
        await vmm.stop(ID, { graceMs: 0 });
        const second = await vmm.start(config);
        assert.equal(second.ports[0]?.host, taken);
      }),
  },
  {
    name: "stopping is graceful, tells no exit, and may be repeated",
    run: (host) =>
      opened(host, async (vmm) => {
        const exits: VmExit[] = [];
        using _watch = vmm.watch((exit) => exits.push(exit));
        await vmm.start(host.config(ID, "serves"));
        await host.until("the guest answers", () => host.answers(vmm, ID));
        await vmm.stop(ID, { graceMs: 20_000 });
        await vmm.stop(ID, { graceMs: 0 });
        await vmm.stop("contract/unknown-0", { graceMs: 0 });
        assert.deepEqual(await ids(vmm), []);
        assert.deepEqual(exits, []);
        assert.match((await vmm.serialTail(ID, 65_536)).text, /\S/);
        await vmm.forget(ID);
        assert.equal((await vmm.serialTail(ID, 65_536)).text, "");
      }),
  },
  {
    name: "a guest that powers itself off is told as a clean exit",
    run: async (host) => {
      const [exit] = await exitsOf(host, "powers-off");
      assert.equal(exit?.id, ID);
      assert.equal(exit?.clean, true);
    },
  },
  {
    name:
      "a guest that panics is told as a failure, and the id can start again",
    run: async (host) => {
      const exits = await exitsOf(host, "panics");
      assert.deepEqual(exits.map(({ clean }) => clean), [false]);
      await opened(host, async (vmm) => {
        await vmm.start(host.config(ID, "silent"));
        assert.deepEqual(await ids(vmm), [ID]);
      });
    },
  },
  {
    name: "VMs outlive the driver and are found by the next one",
    run: async (host) => {
      const first = await host.open();
      const started = await first.start(host.config(ID, "serves"));
      await first.close();
      await opened(host, async (second) => {
        assert.deepEqual(await second.list(), [started]);
        await host.until("the guest answers", () => host.answers(second, ID));
        await assert.rejects(second.start(host.config(ID, "serves")), {
          code: "conflict",
        });
        await second.stop(ID, { graceMs: 20_000 });
        assert.deepEqual(await ids(second), []);
      });
    },
  },
  {
    name: "the end of an adopted VM is told",
    run: async (host) => {
      if (host.kill === undefined) return;
      const first = await host.open();
      await first.start(host.config(ID, "silent"));
      await first.close();
      await opened(host, async (second) => {
        const exits: VmExit[] = [];
        using _watch = second.watch((exit) => exits.push(exit));
        await host.kill?.(second, ID);
        await host.until(
          "the exit is told",
          () => Promise.resolve(exits.length === 1),
        );
        assert.equal(exits[0]?.clean, false);
      });
    },
  },
];
