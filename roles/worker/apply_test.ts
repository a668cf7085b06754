import assert from "node:assert/strict";
import { COPY, hash, testSpec } from "../../tests/support/worker_host_model.ts";
import type { Vmm } from "../../vmm/mod.ts";
import { Applier } from "./apply.ts";
import { type Closures, noClosures } from "./closures.ts";
import type { Target } from "./core/ledger.ts";
import type { LedgerStore } from "./ledger_store.ts";

function target(letter: string): Target {
  return {
    incarnation: 1,
    runtimeHash: hash(letter),
    generation: 1,
    spec: testSpec(),
  };
}

/** An applier of which only the closures are looked at. */
function applier(closures: Partial<Closures>) {
  const told: string[] = [];
  const unused = (name: string) => () => {
    throw new Error(`${name} is not meant to be called`);
  };
  const applier = new Applier({
    clock: {
      now: () => 0,
      bootMs: () => 0,
      sleep: () => Promise.resolve(),
    },
    vmm: { start: unused("start") } as unknown as Vmm,
    store: { save: unused("save") } as unknown as LedgerStore,
    closures: { ...noClosures, ...closures },
    checks: {
      probe: unused("probe"),
      forget: () => undefined,
    },
    volumesDir: "/nowhere",
    stopGraceMs: 0,
    onWarning: (message) => told.push(message),
  }, (_, { kind }) => told.push(kind));
  return { applier, told };
}

Deno.test("Applier: a stop does not wait for a fallback that is still being fetched", async () => {
  const begun = Promise.withResolvers<void>();
  let calls = 0;
  const { applier: it, told } = applier({
    ensure(_, signal) {
      if (++calls === 1) return Promise.resolve();
      begun.resolve();
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    },
  });
  it.perform(COPY, [{
    kind: "fetch",
    op: 1,
    target: target("b"),
    fallback: target("a"),
  }]);
  await begun.promise;
  await it.stop();
  assert.deepEqual(told, ["fetched"]);
});

Deno.test("Applier: what a settled change unpins spares what the next one has fetched", async () => {
  const pruned = Promise.withResolvers<readonly string[]>();
  const { applier: it } = applier({
    prune: (_, keep) => Promise.resolve(pruned.resolve(keep)),
  });
  it.perform(COPY, [{
    kind: "fetch",
    op: 1,
    target: target("c"),
    fallback: target("b"),
  }]);
  it.perform(COPY, [{ kind: "prune", keep: [hash("b"), hash("a")] }]);
  assert.deepEqual(await pruned.promise, [hash("b"), hash("a"), hash("c")]);
  await it.stop();
});
