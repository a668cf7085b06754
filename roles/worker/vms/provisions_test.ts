import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { orderTarget } from "./core/vm_state.ts";
import { orderFor, testVmSpec } from "../../../tests/support/worker.ts";
import { vmConfigOf } from "../../../vmm/mod.ts";
import { type Provision, Provisions } from "./provisions.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const TARGET = orderTarget(orderFor(COPY.id, testVmSpec()));
const CONFIG = vmConfigOf({ ...TARGET, ...COPY, publishes: true }, {
  physical: (path) => path,
  volumesDir: "/v",
});

function recorder(
  name: string,
  log: string[],
  fails: { provide?: boolean; withdraw?: boolean } = {},
): Provision {
  const act = (what: string, isBroken = false) => {
    log.push(`${what} ${name}`);
    if (isBroken) throw new AppError("storage", "the disk is full");
    return Promise.resolve();
  };
  return {
    name,
    prepare: (_copy, _target, { onProgress }) => {
      onProgress(`making ${name}`);
      return act("prepare");
    },
    provide: async (_copy, _target, { cgroups = [] }) => {
      await act("provide", fails.provide);
      return { cgroups: [...cgroups, name] };
    },
    withdraw: () => act("withdraw", fails.withdraw),
    adopt: () => act("adopt"),
  };
}

Deno.test("provide() asks all in order, each sees what those before it have added", async () => {
  const log: string[] = [];
  const all = new Provisions([recorder("a", log), recorder("b", log)]);
  const { config } = await all.provide(COPY, TARGET, CONFIG);
  assert.deepEqual(config, { ...CONFIG, cgroups: ["a", "b"] });
  assert.deepEqual(log, ["provide a", "provide b"]);
});

const NIC = { tap: "tap1", mac: "02:00:00:00:00:01", address: "10.0.0.2" };

/** A provision whose card is foretold, and made when `made` resolves. */
function foretold(log: string[], made: Promise<void>): Provision {
  return {
    ...recorder("card", log),
    foretell: () => ({ nic: NIC }),
    provide: async () => {
      await made;
      log.push("made card");
      return { nic: NIC };
    },
  };
}

Deno.test("provide() does not wait for a card that is foretold", async () => {
  const log: string[] = [];
  const made = Promise.withResolvers<void>();
  const all = new Provisions([
    foretold(log, made.promise),
    recorder("b", log),
  ]);
  const { config, nicMade } = await all.provide(COPY, TARGET, CONFIG);
  assert.deepEqual(config.nic, NIC);
  assert.deepEqual(config.cgroups, ["b"]);
  log.push("begun");
  made.resolve();
  await nicMade;
  assert.deepEqual(log, ["provide b", "begun", "made card"]);
});

Deno.test("a foretold card that cannot be made is told to whoever waits for it", async () => {
  const made = Promise.withResolvers<void>();
  const all = new Provisions([foretold([], made.promise)]);
  const { nicMade } = await all.provide(COPY, TARGET, CONFIG);
  made.reject(new AppError("failed", "there is no bridge"));
  await assert.rejects(nicMade, { message: "there is no bridge" });
});

Deno.test("a card that is still being made is taken back only when it is there", async () => {
  const log: string[] = [];
  const made = Promise.withResolvers<void>();
  const all = new Provisions([
    foretold(log, made.promise),
    recorder("b", log, { provide: true }),
  ]);
  const provided = all.provide(COPY, TARGET, CONFIG);
  await Promise.resolve();
  made.resolve();
  await assert.rejects(() => provided, { code: "storage" });
  assert.deepEqual(log, [
    "provide b",
    "made card",
    "withdraw b",
    "withdraw card",
  ]);
});

Deno.test("prepare() is for those that have something to make ahead", async () => {
  const log: string[] = [];
  const { prepare: _, ...plain } = recorder("b", log);
  const all = new Provisions([recorder("a", log), plain]);
  const { signal } = new AbortController();
  await all.prepare(COPY, TARGET, {
    signal,
    onProgress: (message) => log.push(message),
  });
  assert.deepEqual(log, ["making a", "prepare a"]);
});

Deno.test("what was made before a failure is taken back, the failed one too", async () => {
  const log: string[] = [];
  const all = new Provisions([
    recorder("a", log),
    recorder("b", log, { provide: true }),
    recorder("c", log),
  ]);
  await assert.rejects(() => all.provide(COPY, TARGET, CONFIG), {
    code: "storage",
  });
  assert.deepEqual(log, ["provide a", "provide b", "withdraw b", "withdraw a"]);
});

Deno.test("withdraw() goes on after one that fails, and tells", async () => {
  const log: string[] = [];
  const all = new Provisions([
    recorder("a", log),
    recorder("b", log, { withdraw: true }),
  ]);
  await assert.rejects(() => all.withdraw(COPY), /Cannot clear the b of/);
  assert.deepEqual(log, ["withdraw b", "withdraw a"]);
});
