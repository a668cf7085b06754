/**
 * What every driver must do: the worker relies on each line of it. Run by
 * contract_test.ts for the simulated driver and by the integration tests for
 * the ones that boot machines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { VmConfig } from "../core/vm_config.ts";
import {
  type ContractCase,
  type ContractHost,
  COPY,
  type GuestKind,
  leaving,
  opened,
} from "./host.ts";
import { LIVE_CONTRACT } from "./live.ts";
import type { VmExit, VmInstance, Vmm } from "../vmm.ts";

export type { ContractCase, ContractHost, GuestKind };

/** The same VM once more, as green runs beside blue. */
const NEXT: CopyId = { ...COPY, incarnation: 2 };
const OTHER: CopyId = { id: "contract/vm-1", incarnation: 1 };

/** Where a VM's first port is reached: at a port of this host, or at an address of its own. */
function placeOf({ host, ports }: VmInstance): string {
  return `${host}:${ports[0]?.host}`;
}

async function keys(vmm: Vmm): Promise<string[]> {
  return (await vmm.list()).map(copyKey).sort();
}

async function exitsOf(
  host: ContractHost,
  guest: GuestKind,
): Promise<VmExit[]> {
  const exits: VmExit[] = [];
  await opened(host, async (vmm) => {
    using _watch = vmm.watch((exit) => exits.push(exit));
    await vmm.start(host.config(COPY, guest));
    await host.until(
      "the exit is told",
      () => Promise.resolve(exits.length > 0),
    );
    assert.deepEqual(await keys(vmm), []);
  });
  return exits;
}

/** Below the ports that Linux hands out: what a VM lets go of nobody else takes by chance. */
const PUBLISHED_FROM = 21_000;
const PUBLISHED_COUNT = 10_000;
const MAX_PORT_TRIES = 20;

/** Starts a VM that has a published port, whichever is free. */
async function startPublished(
  vmm: Vmm,
  config: VmConfig,
): Promise<VmInstance> {
  for (let tries = 1;; tries++) {
    const publish = PUBLISHED_FROM +
      Math.floor(Math.random() * PUBLISHED_COUNT);
    const ports = config.ports.map((port) => ({ ...port, publish }));
    try {
      return await vmm.start({ ...config, ports });
    } catch (error) {
      if (tries === MAX_PORT_TRIES) throw error;
    }
  }
}

const published = (publish: number) => [{ name: "http", publish }];

/** A copy takes the port of another that ends; as it is reached then. */
async function takeOver(host: ContractHost, vmm: Vmm): Promise<VmInstance> {
  const old = await startPublished(vmm, host.config(COPY, "silent"));
  const publish = old.ports[0]?.host ?? 0;
  const started = await vmm.start(host.config(NEXT, "serves"));
  await assert.rejects(vmm.publish(NEXT, published(publish)), {
    code: "overloaded",
    message: new RegExp(`port ${publish} .*taken`),
  });
  assert.deepEqual((await vmm.list()).at(-1)?.ports, started.ports);
  await vmm.stop(COPY, { graceMs: 0 });
  await assert.rejects(vmm.publish(COPY, published(publish)), {
    code: "not_found",
  });
  const moved = await vmm.publish(NEXT, published(publish));
  assert.deepEqual(moved, {
    ...started,
    ports: [{ name: "http", guest: 80, host: publish }],
  });
  assert.deepEqual(await vmm.publish(NEXT, published(publish)), moved);
  return moved;
}

/** What holds for start, stop, list, watch and ports. */
const CORE_CONTRACT: readonly ContractCase[] = [
  {
    name: "a started VM is listed as it was asked for and answers on its port",
    run: (host) =>
      opened(host, async (vmm) => {
        const config = host.config(COPY, "serves");
        const started = await vmm.start(config);
        assert.equal(started.id, COPY.id);
        assert.equal(started.incarnation, config.incarnation);
        assert.equal(started.runtimeHash, config.runtimeHash);
        assert.deepEqual(
          started.ports.map(({ name, guest }) => ({ name, guest })),
          config.ports.map(({ name, guest }) => ({ name, guest })),
        );
        assert.deepEqual(await vmm.list(), [started]);
        const port = started.ports[0];
        assert.ok(port !== undefined);
        assert.equal(await vmm.accepts(COPY, port, 10), false);
        await host.until("the guest answers", () => host.answers(vmm, COPY));
        assert.equal(await vmm.accepts(COPY, port, 10_000), true);
        const log = await vmm.serialTail(COPY, 65_536);
        assert.match(log.text, /ready/);
        const short = await vmm.serialTail(COPY, 5);
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
        const first = await vmm.start(host.config(COPY, "silent"));
        const second = await vmm.start(host.config(OTHER, "silent"));
        assert.notEqual(placeOf(first), placeOf(second));
        assert.deepEqual(await keys(vmm), [COPY, OTHER].map(copyKey));
        await vmm.stop(COPY, { graceMs: 0 });
        assert.deepEqual(await keys(vmm), [copyKey(OTHER)]);
      }),
  },
  {
    name: "a copy that runs is not started again",
    run: (host) =>
      opened(host, async (vmm) => {
        await vmm.start(host.config(COPY, "silent"));
        await assert.rejects(vmm.start(host.config(COPY, "silent")), {
          code: "conflict",
        });
        assert.deepEqual(await keys(vmm), [copyKey(COPY)]);
      }),
  },
  {
    name: "a published port is the host port, and is refused while taken",
    run: (host) =>
      opened(host, async (vmm) => {
        // On a card of its own a guest's ports are published by its network.
        if (!vmm.capabilities.publish) return;
        const first = await startPublished(vmm, host.config(COPY, "silent"));
        const taken = first.ports[0]?.host ?? 0;
        const config = host.config(OTHER, "silent");
        config.ports = [{ name: "http", guest: 80, publish: taken }];
        await assert.rejects(vmm.start(config), { code: "overloaded" });
        await vmm.stop(COPY, { graceMs: 0 });
        const second = await vmm.start(config);
        assert.equal(second.ports[0]?.host, taken);
      }),
  },
  {
    name: "two copies of one VM run side by side, each with its own end",
    run: (host) =>
      opened(host, async (vmm) => {
        const exits: VmExit[] = [];
        using _watch = vmm.watch((exit) => exits.push(exit));
        const first = await vmm.start(host.config(COPY, "serves"));
        const second = await vmm.start(host.config(NEXT, "powers-off"));
        assert.notEqual(placeOf(first), placeOf(second));
        await host.until("one ends", () => Promise.resolve(exits.length > 0));
        assert.deepEqual(exits.map(copyKey), [copyKey(NEXT)]);
        await host.until("the other answers", () => host.answers(vmm, COPY));
        assert.deepEqual(await keys(vmm), [copyKey(COPY)]);
        await vmm.forget(NEXT);
        assert.equal((await vmm.serialTail(NEXT, 65_536)).text, "");
        assert.match((await vmm.serialTail(COPY, 65_536)).text, /ready/);
      }),
  },
  {
    name: "a copy takes a published port over while it runs, once it is free",
    run: async (host) => {
      const moved = await leaving(
        host,
        (first) => first.capabilities.publish ? takeOver(host, first) : null,
      );
      if (moved === null) return;
      const publish = moved.ports[0]?.host ?? 0;
      await opened(host, async (second) => {
        assert.deepEqual(await second.list(), [moved]);
        assert.deepEqual(await second.publish(NEXT, published(publish)), moved);
        await host.until("it answers there", () => host.answers(second, NEXT));
        const [port] = moved.ports;
        assert.ok(port !== undefined);
        assert.equal(await second.accepts(NEXT, port, 10_000), true);
      });
    },
  },
  {
    name: "stopping is graceful, tells no exit, and may be repeated",
    run: (host) =>
      opened(host, async (vmm) => {
        const exits: VmExit[] = [];
        using _watch = vmm.watch((exit) => exits.push(exit));
        await vmm.start(host.config(COPY, "serves"));
        await host.until("the guest answers", () => host.answers(vmm, COPY));
        await vmm.stop(COPY, { graceMs: 20_000 });
        await vmm.stop(COPY, { graceMs: 0 });
        await vmm.stop({ id: "contract/unknown-0", incarnation: 1 }, {
          graceMs: 0,
        });
        assert.deepEqual(await keys(vmm), []);
        assert.deepEqual(exits, []);
        assert.match((await vmm.serialTail(COPY, 65_536)).text, /\S/);
        await vmm.forget(COPY);
        assert.equal((await vmm.serialTail(COPY, 65_536)).text, "");
      }),
  },
  {
    name: "a guest that powers itself off is told as a clean exit",
    run: async (host) => {
      const [exit] = await exitsOf(host, "powers-off");
      assert.equal(exit?.id, COPY.id);
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
        await vmm.start(host.config(COPY, "silent"));
        assert.deepEqual(await keys(vmm), [copyKey(COPY)]);
      });
    },
  },
  {
    name: "VMs outlive the driver and are found by the next one",
    run: async (host) => {
      const started = await leaving(
        host,
        (first) => first.start(host.config(COPY, "serves")),
      );
      await opened(host, async (second) => {
        assert.deepEqual(await second.list(), [started]);
        await host.until("the guest answers", () => host.answers(second, COPY));
        await assert.rejects(second.start(host.config(COPY, "serves")), {
          code: "conflict",
        });
        await second.stop(COPY, { graceMs: 20_000 });
        assert.deepEqual(await keys(second), []);
      });
    },
  },
  {
    name: "the end of an adopted VM is told",
    run: async (host) => {
      if (host.kill === undefined) return;
      await leaving(
        host,
        (first) => first.start(host.config(COPY, "silent")),
      );
      await opened(host, async (second) => {
        const exits: VmExit[] = [];
        using _watch = second.watch((exit) => exits.push(exit));
        await host.kill?.(second, COPY);
        await host.until(
          "the exit is told",
          () => Promise.resolve(exits.length === 1),
        );
        assert.equal(exits[0]?.clean, false);
      });
    },
  },
];

/** The contract. */
export const VMM_CONTRACT: readonly ContractCase[] = [
  ...CORE_CONTRACT,
  ...LIVE_CONTRACT,
];
