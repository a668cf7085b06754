import assert from "node:assert/strict";
import {
  hash,
  HostModel,
  switchableSpec,
  testOrder,
} from "../../../../tests/support/worker_host_model.ts";
import { tidy } from "./tidying.ts";
import { observe } from "./vm_report.ts";

function observed(host: HostModel) {
  return observe(host.vm, host.at);
}

/** What was done to the guest. */
function touches(host: HostModel): string[] {
  return host.done.map(({ kind }) => kind)
    .filter((kind) => ["start", "switch", "stop"].includes(kind));
}

/** What the VMM that runs now was started as. */
function bootedOf(host: HostModel): string | undefined {
  return host.running?.booted;
}

/** An order for the user space of this letter, back to a's. */
function orderOf(letter: string, more: Record<string, unknown> = {}) {
  return testOrder(letter, {
    revision: letter.charCodeAt(0),
    spec: switchableSpec(letter, more),
    ...(letter === "a"
      ? {}
      : { fallback: "a", fallbackSpec: switchableSpec("a", more) }),
  });
}

/** A host on which the user space of a is settled. */
function settledOn(more: Record<string, unknown> = {}): HostModel {
  const host = new HostModel();
  host.healthy.add(hash("a"));
  if ("fencing" in more) host.fence({ kind: "open", lease: "g.1" });
  host.order(orderOf("a", more));
  host.run(5000);
  assert.equal(observed(host).settled, true);
  host.done = [];
  return host;
}

Deno.test("a change of user space alone is switched in the guest that runs, and settles after its healthy time", () => {
  const host = settledOn();
  const { startedAtMs } = host.running ?? {};
  host.healthy.add(hash("b"));
  host.order(orderOf("b"));
  host.run(1000);
  assert.equal(observed(host).settled, false);
  assert.equal(observed(host).health, "healthy");
  assert.equal(observed(host).message, "switched in place");
  assert.equal(observed(host).change, "switched in place");
  assert.equal(host.saved?.attempt?.deadlineMs, host.at - 1000 + 10_000);
  host.run(4000);
  const vm = observed(host);
  assert.deepEqual(touches(host), ["switch"]);
  assert.equal(vm.runtimeHash, hash("b"));
  assert.equal(vm.generation, 2);
  assert.equal(vm.settled, true);
  assert.equal(vm.restarts, 0);
  assert.equal(vm.message, "");
  assert.equal(vm.change, undefined, "once it is committed it is history");
  assert.equal(host.running?.startedAtMs, startedAtMs, "no restart");
  const prune = host.done.find((action) => action.kind === "prune");
  assert.ok(
    prune?.kind === "prune" && prune.keep.includes(hash("a")),
    "what still runs from the booted closure keeps it",
  );
  assert.deepEqual(
    tidy(host.vm).map((action) => action.kind === "prune" && action.keep),
    [[hash("b"), hash("a")]],
  );
});

Deno.test("while a guest is being switched nobody is told that it is healthy: another could be taken down meanwhile", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.order(orderOf("b"));
  const fetch = host.pending.shift();
  assert.ok(fetch?.kind === "fetch");
  host.tell({ kind: "fetched", at: host.at, op: fetch.op });
  assert.equal(host.vm.guest.kind, "switching");
  assert.equal(observed(host).health, "unknown");
  assert.equal(observed(host).healthyForMs, null);
  assert.equal(observed(host).runtimeHash, hash("a"));
});

Deno.test("unhealthy after a switch: refused on disk, and reverted the same way", () => {
  const host = settledOn();
  const { startedAtMs } = host.running ?? {};
  host.order(orderOf("b"));
  host.run(15_000);
  const vm = observed(host);
  assert.deepEqual(touches(host), ["switch", "switch"]);
  assert.equal(vm.runtimeHash, hash("a"));
  assert.equal(vm.health, "healthy");
  assert.match(
    vm.rolledBack?.reason ?? "",
    /not healthy within 10000 ms: http: refused/,
  );
  assert.match(vm.message, /^rolled back: .*; switched in place$/);
  assert.equal(host.running?.startedAtMs, startedAtMs);
});

Deno.test("a switch that fails is rolled back at once, by switching back", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.switching = "failed";
  host.order(orderOf("b"));
  // The fetch, then the switch.
  while (host.vm.ledger.refused === null) {
    const [next] = host.pending;
    assert.ok(next !== undefined);
    if (next.kind === "switch") {
      const { at } = host;
      host.pending.shift();
      if (host.running !== null) host.running.isMixed = true;
      host.tell({
        kind: "switchFailed",
        at,
        op: next.op,
        outcome: "failed",
        message: "switch-to-configuration ended with 4",
        failure: null,
      });
    } else if (next.kind === "fetch") {
      host.pending.shift();
      host.tell({ kind: "fetched", at: host.at, op: next.op });
    } else host.pending.shift();
  }
  assert.equal(host.saved?.refused?.runtimeHash, hash("b"), "on disk first");
  host.switching = "switched";
  host.run(5000);
  assert.deepEqual(touches(host), ["switch", "switch"]);
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.equal(observed(host).health, "healthy");
  assert.equal(
    observed(host).rolledBack?.reason,
    "switch-to-configuration ended with 4",
  );
});

Deno.test("a guest that got lost in a switch is restarted on the fallback", () => {
  for (const switching of ["lost", "hangs"] as const) {
    const host = settledOn();
    host.switching = switching;
    host.order(orderOf("b"));
    host.run(20_000);
    assert.deepEqual(touches(host), ["switch", "stop", "start"], switching);
    const vm = observed(host);
    assert.equal(vm.runtimeHash, hash("a"));
    assert.equal(vm.health, "healthy");
    assert.equal(vm.restarts, 0, "its own doing, not the guest's");
    assert.match(
      vm.rolledBack?.reason ?? "",
      switching === "lost" ? /got lost/ : /not switched within 10000 ms/,
    );
  }
});

Deno.test("unreachable on the way back: restarted on the fallback", () => {
  for (const switching of ["refused", "failed", "lost"] as const) {
    const host = settledOn();
    host.order(orderOf("b"));
    host.run(5000);
    assert.equal(observed(host).runtimeHash, hash("b"));
    host.switching = switching;
    host.run(15_000);
    assert.deepEqual(
      touches(host),
      ["switch", "switch", "stop", "start"],
      switching,
    );
    assert.equal(observed(host).runtimeHash, hash("a"));
    assert.equal(observed(host).health, "healthy");
    assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
  }
});

Deno.test("a guest that cannot be switched is restarted on the new spec, and says why", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.switching = "refused";
  host.order(orderOf("b"));
  host.run(500);
  assert.equal(observed(host).message, "restarted: it refused");
  host.run(5000);
  assert.deepEqual(touches(host), ["switch", "stop", "start"]);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).rolledBack, null);
});

Deno.test("more than user space changed: restarted, and the reason is told", () => {
  const base = switchableSpec("b").image;
  const kernelPath = `/nix/store/${"c".repeat(32)}-linux/bzImage`;
  const port = { name: "http", guest: 80 };
  const table: [more: Record<string, unknown>, message: string][] = [
    [{ image: { ...base, kernelPath } }, "the kernel changed"],
    [{ image: { ...base, initrdPath: kernelPath } }, "the initrd changed"],
    [
      { image: { ...base, diskImagePath: kernelPath } },
      "the disk image changed",
    ],
    [
      { image: { ...base, cmdline: `loud ${base.cmdline}` } },
      "the kernel's command line changed",
    ],
    [{ cpuMilli: 200 }, "its processors changed"],
    [{ memoryMib: 256 }, "its memory changed"],
    [{ env: { MODE: "x" } }, "its environment changed"],
    [{ network: { ports: [port], rateLimitMbit: 8 } }, "its network changed"],
    [
      { volumes: [{ name: "data", sizeMib: 8, mount: "/data" }] },
      "its volumes changed",
    ],
    [{ backend: "qemu" }, "its backend changed"],
    [{ image: { ...base, root: "initrd" } }, "its system is in its initrd"],
  ];
  for (const [more, message] of table) {
    const host = settledOn();
    host.healthy.add(hash("b"));
    host.order(orderOf("b", more));
    host.run(500);
    assert.deepEqual(touches(host), ["stop", "start"], message);
    assert.equal(observed(host).message, `restarted: ${message}`);
  }
});

Deno.test("a new worker process knows what a switched guest runs, and switches again what it finds half done", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.order(orderOf("b"));
  host.run(1000);
  host.restartWorker(orderOf("b"));
  assert.equal(observed(host).runtimeHash, hash("b"));
  host.run(5000);
  assert.deepEqual(touches(host), ["switch"]);
  assert.equal(observed(host).settled, true);

  host.done = [];
  host.healthy.add(hash("c"));
  host.switching = "hangs";
  host.order(orderOf("c"));
  host.run(1000);
  assert.equal(host.running?.isMixed, true);
  host.switching = "switched";
  // Meanwhile the order has gone back to what ran before: it is not taken for running.
  host.restartWorker(orderOf("b"));
  assert.equal(observed(host).health, "unknown");
  host.run(5000);
  assert.deepEqual(touches(host), ["switch", "switch"]);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).health, "healthy");
  assert.equal(host.vm.ledger.switched?.booted, hash("a"));
});

Deno.test("a switched guest that ends is started anew, as what it was switched to", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.order(orderOf("b"));
  host.run(5000);
  host.exit(false);
  host.run(5000);
  assert.deepEqual(touches(host), ["switch", "start"]);
  assert.equal(host.running?.booted, hash("b"));
  assert.equal(observed(host).restarts, 1);
  assert.equal(host.vm.ledger.switched, null);

  const ends = settledOn();
  ends.healthy.add(hash("b"));
  ends.switching = "hangs";
  ends.order(orderOf("b"));
  ends.run(1000);
  ends.exit(false);
  ends.run(5000);
  assert.deepEqual(touches(ends), ["switch", "start"]);
  assert.equal(observed(ends).runtimeHash, hash("b"));
});

Deno.test("what a switch left on record of a VMM that ended with nobody there says nothing of the next one", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.order(orderOf("b"));
  host.run(5000);
  host.running = null;
  host.restartWorker(orderOf("b"));
  host.run(10_000);
  assert.equal(bootedOf(host), hash("b"));
  assert.equal(observed(host).settled, true);

  host.order(orderOf("a"));
  host.run(5000);
  host.done = [];
  host.switching = "hangs";
  host.order(orderOf("b", { priority: 1 }));
  host.run(1000);
  host.switching = "switched";
  host.restartWorker(orderOf("b", { priority: 1 }));
  assert.equal(
    observed(host).health,
    "unknown",
    "a mixture answers for nobody",
  );
  host.run(5000);
  assert.deepEqual(touches(host), ["switch", "switch"]);
  assert.equal(observed(host).settled, true);
});

Deno.test("an order that takes the VM away does not wait for a switch", () => {
  const host = settledOn();
  host.switching = "hangs";
  host.order(orderOf("b"));
  host.run(1000);
  host.order(null);
  host.run(1000);
  assert.equal(host.running, null);
  assert.equal(host.vm.guest.kind, "forgotten");
});

Deno.test("a full disk keeps a switch from being asked for", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.diskFull = true;
  host.order(orderOf("b"));
  host.run(20_000);
  assert.equal(host.running?.target.runtimeHash, hash("a"));
  assert.equal(observed(host).health, "healthy");
  assert.equal(observed(host).hostFailure?.kind, "disk");
  assert.equal(observed(host).rolledBack, null);
  host.diskFull = false;
  host.run(40_000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).settled, true);
  assert.equal(touches(host).filter((kind) => kind !== "switch").length, 0);
});

Deno.test("an exclusive VM is switched under its lease only, and ended without one in the midst of it", () => {
  const host = settledOn({ fencing: "exclusive" });
  host.healthy.add(hash("b"));
  host.fence({ kind: "holding", reason: "newer orders are on their way" });
  host.order(orderOf("b", { fencing: "exclusive" }));
  host.run(5000);
  assert.deepEqual(touches(host), [], "the order may be taken back");
  assert.equal(observed(host).runtimeHash, hash("a"));
  host.fence({ kind: "open", lease: "g.2" });
  host.run(5000);
  assert.deepEqual(touches(host), ["switch"]);
  assert.equal(observed(host).settled, true);

  host.switching = "hangs";
  host.healthy.add(hash("c"));
  host.order(orderOf("c", { fencing: "exclusive" }));
  host.run(1000);
  host.fence({ kind: "shut", reason: "the lease has ended", hostFault: false });
  host.run(5000);
  assert.equal(host.running, null);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).restarts, 0);
});

Deno.test("a paused guest is restarted, and a switch of one is not asked for", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.tell({ kind: "paused", at: host.at, isPaused: true });
  host.order(orderOf("b"));
  host.run(500);
  assert.deepEqual(touches(host), ["stop", "start"]);
  assert.equal(observed(host).message, "restarted: it is paused");
});
