import assert from "node:assert/strict";
import { AppError } from "../model/errors.ts";
import { orderTarget } from "./core/vm_state.ts";
import { orderFor, testVmSpec } from "../../tests/support/worker.ts";
import { type Provision, Provisions } from "./provisions.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const TARGET = orderTarget(orderFor(COPY.id, testVmSpec()));

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
    provide: async () => {
      await act("provide", fails.provide);
      return { cgroups: [name] };
    },
    withdraw: () => act("withdraw", fails.withdraw),
    adopt: () => act("adopt"),
  };
}

Deno.test("provide() asks all in order, the last word counts", async () => {
  const log: string[] = [];
  const all = new Provisions([recorder("a", log), recorder("b", log)]);
  assert.deepEqual(await all.provide(COPY, TARGET), { cgroups: ["b"] });
  assert.deepEqual(log, ["provide a", "provide b"]);
});

Deno.test("what was made before a failure is taken back, the failed one too", async () => {
  const log: string[] = [];
  const all = new Provisions([
    recorder("a", log),
    recorder("b", log, { provide: true }),
    recorder("c", log),
  ]);
  await assert.rejects(() => all.provide(COPY, TARGET), { code: "storage" });
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
