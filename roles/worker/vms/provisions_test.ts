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
  assert.deepEqual(await all.provide(COPY, TARGET, CONFIG), {
    ...CONFIG,
    cgroups: ["a", "b"],
  });
  assert.deepEqual(log, ["provide a", "provide b"]);
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
