import assert from "node:assert/strict";
import {
  COPY,
  hash,
  testSpec,
} from "../../../tests/support/worker_host_model.ts";
import { until } from "../../../tests/support/wait.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";
import type { Vmm } from "../../../vmm/mod.ts";
import { Applier, type ApplyDeps } from "./apply.ts";
import { type Closures, noClosures } from "../closures/closures.ts";
import { emptyLedger, type Target } from "./core/ledger.ts";
import type { LedgerStore } from "./ledger_store.ts";

function target(letter: string): Target {
  return {
    incarnation: 1,
    runtimeHash: hash(letter),
    generation: 1,
    spec: testSpec(),
  };
}

/** An applier of which only what is given is looked at. */
function applier(
  closures: Partial<Closures>,
  more: Partial<ApplyDeps> = {},
) {
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
    ...more,
  }, {
    tell: (_, { kind }) => told.push(kind),
    recorded: () => undefined,
  });
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

/** A switch that goes on until it is given up. */
function endlessSwitch() {
  const begun = Promise.withResolvers<void>();
  const givenUp = Promise.withResolvers<void>();
  const guests = {
    forget: () => undefined,
    switchTo: (_copy, _toplevel, { signal }) => {
      begun.resolve();
      return new Promise((resolve) =>
        signal?.addEventListener("abort", () => {
          givenUp.resolve();
          resolve({ kind: "lost", reason: "it was given up" });
        })
      );
    },
  } satisfies Partial<Guests>;
  return { begun, givenUp, guests: guests as unknown as Guests };
}

Deno.test("Applier: a stop gives up the switch that is under way, and does not wait for it", async () => {
  const { begun, givenUp, guests } = endlessSwitch();
  const stopped = Promise.withResolvers<void>();
  const vmm = { stop: () => Promise.resolve(stopped.resolve()) };
  const { applier: it, told } = applier({}, {
    guests,
    vmm: vmm as unknown as Vmm,
  });
  const timeoutMs = 60_000;
  it.perform(COPY, [{ kind: "switch", op: 1, target: target("b"), timeoutMs }]);
  await begun.promise;
  it.perform(COPY, [{ kind: "stop", op: 2, gentle: true }]);
  await givenUp.promise;
  await stopped.promise;
  await it.stop();
  assert.ok(told.includes("stopped") || told.includes("switchFailed"));
});

Deno.test("Applier: a switch is not asked for when the ledger could not be written", async () => {
  const { guests } = endlessSwitch();
  const store = { save: () => Promise.reject(new Error("No space left")) };
  const { applier: it, told } = applier({}, {
    guests,
    store: store as unknown as LedgerStore,
  });
  const ledger = emptyLedger(COPY, "boot-1");
  const timeoutMs = 60_000;
  it.perform(COPY, [
    { kind: "save", ledger, reason: "armed" },
    { kind: "switch", op: 1, target: target("b"), timeoutMs },
  ]);
  await until("both are told", () => told.length === 2, { timeoutMs: 10_000 });
  assert.deepEqual(told, ["saveFailed", "switchFailed"]);
  await it.stop();
});
