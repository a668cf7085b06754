import assert from "node:assert/strict";
import fc from "fast-check";
import { observed } from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import {
  hash,
  HOLDING,
  LAPSED,
  NO_GUARD,
  openUnder,
  switchableSpec,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_orders.ts";
import { hasGuest } from "./vm_state.ts";

/** What may happen to a VM, its host and its orders. */
const command = fc.oneof(
  // Often enough that a guest that runs is ordered to be another.
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("order" as const),
      letter: fc.constantFrom("a", "b", "c"),
      fallback: fc.constantFrom("a", "b", undefined),
      raise: fc.boolean(),
      policy: fc.constantFrom("always" as const, "never" as const),
      surge: fc.boolean(),
      publish: fc.constantFrom(8080, undefined),
    }),
  },
  fc.constant({ kind: "remove" as const }),
  fc.record({ kind: fc.constant("exit" as const), clean: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      ms: fc.integer({ min: 1, max: 15_000 }),
    }),
  },
  fc.constant({ kind: "ops" as const }),
  fc.constant({ kind: "restart" as const }),
  fc.record({ kind: fc.constant("disk" as const), full: fc.boolean() }),
  fc.record({ kind: fc.constant("beside" as const), is: fc.boolean() }),
  fc.record({
    kind: fc.constant("paused" as const),
    isPaused: fc.boolean(),
    isKept: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("again" as const), stops: fc.boolean() }),
  fc.constant({ kind: "remake" as const }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("switching" as const),
      outcome: fc.constantFrom(
        "switched" as const,
        "refused" as const,
        "failed" as const,
        "lost" as const,
        "hangs" as const,
      ),
    }),
  },
  fc.record({
    kind: fc.constant("fence" as const),
    fencing: fc.constantFrom(
      openUnder("g.1"),
      openUnder("g.2"),
      NO_GUARD,
      LAPSED,
      HOLDING,
    ),
  }),
  fc.record({
    kind: fc.constant("host" as const),
    failure: fc.constantFrom("cache" as const, "driver" as const, null),
  }),
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** A host to which commands happen. */
class Walk {
  readonly host = new HostModel();
  readonly #fencing: "exclusive" | "none";
  readonly #hasStore: boolean;
  #revision = 1;
  #last: ReturnType<typeof testOrder> | null = null;

  constructor(options: { isExclusive: boolean; hasStore: boolean }) {
    this.#fencing = options.isExclusive ? "exclusive" : "none";
    this.#hasStore = options.hasStore;
    this.host.healthy.add(hash("a"));
    this.host.healthy.add(hash("c"));
  }

  get isForgotten(): boolean {
    return this.host.vm.guest.kind === "forgotten";
  }

  obey(each: Command): void {
    const { host } = this;
    switch (each.kind) {
      case "order":
        return this.#order(each);
      case "remove":
        this.#last = null;
        return host.order(null);
      case "exit":
        return host.exit(each.clean);
      case "time":
        return host.run(each.ms);
      case "ops":
        return host.settleOps();
      case "restart":
        return host.restartWorker(this.#last);
      case "disk":
        host.diskFull = each.full;
        return;
      case "beside": {
        // What runs alone and has a guest lets no other copy start.
        const isAlone = this.#fencing === "exclusive" && hasGuest(host.vm);
        return host.beside(each.is && !isAlone);
      }
      case "fence":
        return host.fence(each.fencing);
      case "switching":
        host.switching = each.outcome;
        return;
      case "paused":
      case "again":
      case "remake":
        return host.tell({ ...each, at: host.at });
      case "host":
        host.hostFailure = each.failure === null
          ? null
          : { kind: each.failure, message: "" };
    }
  }

  #order(each: Extract<Command, { kind: "order" }>): void {
    if (each.raise) this.#revision++;
    // Only user space differs: what one guest can be switched to from another.
    const publish = each.publish === undefined || this.#hasStore
      ? {}
      : { publish: each.publish };
    const more = {
      fencing: this.#fencing,
      restart: { policy: each.policy },
      network: { ports: [{ name: "http", guest: 80, ...publish }] },
    };
    const specOf = (letter: string) =>
      this.#hasStore ? switchableSpec(letter, more) : testSpec(more);
    this.#last = testOrder(each.letter, {
      revision: this.#revision,
      spec: specOf(each.letter),
      fallbackSpec: specOf(each.fallback ?? each.letter),
      surge: each.surge,
      ...(each.fallback === undefined ? {} : { fallback: each.fallback }),
    });
    this.host.order(this.#last);
  }

  /** Everything is mended. */
  calm(): void {
    const { host } = this;
    host.diskFull = false;
    host.hostFailure = null;
    // A switch that hangs is of the orders before the last.
    host.switching = "switched";
    host.run(11_000);
    host.tell({ kind: "paused", at: host.at, isPaused: false });
    host.beside(false);
    host.fence(openUnder("g.3"));
  }

  /** A last order comes true, and its removal leaves nothing. */
  converge(): void {
    const { host } = this;
    const ports = [{ name: "http", guest: 80, publish: 8080 }];
    const spec = testSpec({ network: { ports }, fencing: this.#fencing });
    host.order(testOrder("c", { revision: this.#revision + 1, spec }));
    host.run(200_000);
    assert.equal(observed(host).runtimeHash, hash("c"));
    assert.equal(observed(host).settled, true);
    assert.equal(observed(host).address, "127.0.0.1:8080");
    host.order(null);
    host.run(1000);
    assert.equal(host.vm.guest.kind, "forgotten");
    assert.equal(host.running, null);
  }
}

Deno.test("no sequence of events starts a refused hash, runs two VMs or starts unarmed; then it converges", () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      (commands, isExclusive, hasStore) => {
        const walk = new Walk({ isExclusive, hasStore });
        for (const each of commands) {
          if (walk.isForgotten) break;
          walk.obey(each);
        }
        walk.calm();
        if (!walk.isForgotten) walk.converge();
      },
    ),
    { numRuns: 1000 },
  );
});
