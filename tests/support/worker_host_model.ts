/**
 * A host for tests of the VM state machine: performs actions on a model that
 * fails when the machine asks for what must never happen.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Order } from "../../roles/model/assignment.ts";
import type { HostFailure, ObservedVm } from "../../roles/model/observed.ts";
import {
  type Fencing,
  UNKNOWN_FENCING,
} from "../../roles/worker/fencing/core/fencing.ts";
import type { Ledger, Target } from "../../roles/worker/vms/core/ledger.ts";
import { type Step, step } from "../../roles/worker/vms/core/vm_machine.ts";
import { newVm, restoreVm } from "../../roles/worker/vms/core/vm_restore.ts";
import type {
  Action,
  PublishedPort,
  VmEvent,
} from "../../roles/worker/vms/core/vm_messages.ts";
import {
  runsAlone,
  type Vm,
  wakeAtMs,
} from "../../roles/worker/vms/core/vm_state.ts";
import { COPY } from "./worker_orders.ts";

export {
  COPY,
  hash,
  switchableSpec,
  testOrder,
  testSpec,
  VM_ID,
} from "./worker_orders.ts";

/** A host with one VM. Everything it is asked to do happens when the test lets it. */
export class HostModel {
  at = 1000;
  vm: Vm = newVm(COPY, "boot-1");
  /** What runs on the host, by the VMM's word. */
  running: {
    target: Target;
    startedAtMs: number;
    /** Since when it is what it is: its start, or its last switch. */
    sinceMs: number;
    /** What its VMM was started as, by which the driver knows it. */
    booted: string;
    /** A switch has left it neither one nor the other. */
    isMixed: boolean;
  } | null = null;
  /** What comes of a switch; `hangs`: nothing, until its time is over. */
  switching: "switched" | "refused" | "failed" | "lost" | "hangs" = "switched";
  /** The switch that hangs. */
  #hanging: { op: number; endsAtMs: number } | null = null;
  /** What is on disk. */
  saved: Ledger | null = null;
  /** Operations the machine waits for. */
  pending: Exclude<Action, { kind: "save" | "prune" | "cancelFetch" }>[] = [];
  /** Every action, for tests to look back on. */
  done: Action[] = [];
  diskFull = false;
  /** The last save failed. */
  unsaved = false;
  /** The published ports are something else's. */
  portsTaken = false;
  /** Where the guest is reached. */
  ports: ObservedVm["ports"] = [];
  /** Another copy has a guest here, and with it the published ports. */
  isBeside = false;
  /** Runtimes whose guest answers. */
  healthy = new Set<string>();
  hostFailure: HostFailure | null = null;
  /** What exclusive VMs may do on this host. */
  fencing: Fencing = UNKNOWN_FENCING;

  tell(event: VmEvent): void {
    this.#perform(step(this.vm, event));
  }

  order(order: Order | null): void {
    this.tell({ kind: "ordered", at: this.at, order });
  }

  /** Another copy's guest has come or gone. */
  beside(isBeside: boolean): void {
    this.isBeside = isBeside;
    if (this.vm.guest.kind === "forgotten") return;
    this.tell({ kind: "beside", at: this.at, isBeside });
  }

  /** Completes what is pending, again and again, without letting time pass. */
  settleOps(): void {
    // Probes at one moment end: each is due again an interval later.
    for (let turns = 0; this.pending.length > 0; turns++) {
      assert.ok(turns < 100, "the machine keeps asking");
      const action = this.pending.shift();
      if (action !== undefined) this.#complete(action);
    }
  }

  /** Lets time pass until nothing happens any more or `ms` are over. */
  run(ms: number): void {
    const end = this.at + ms;
    this.settleOps();
    while (this.at < end) {
      const hangs = this.#hanging?.endsAtMs ?? Infinity;
      const wake = Math.min(wakeAtMs(this.vm, this.at), hangs);
      this.at = Math.min(end, Math.max(wake, this.at + 1));
      this.tell({ kind: "tick", at: this.at });
      this.#endHanging();
      this.settleOps();
    }
  }

  #endHanging(): void {
    const { at } = this;
    if (this.#hanging === null || at < this.#hanging.endsAtMs) return;
    const { op } = this.#hanging;
    this.#hanging = null;
    const outcome = "lost";
    const message = "its time is over";
    const failure = null;
    this.tell({ kind: "switchFailed", at, op, outcome, message, failure });
  }

  /** The guest ends by itself. */
  exit(clean: boolean): void {
    if (this.running === null) return;
    this.running = null;
    this.#exited(clean, false);
  }

  /** What exclusive VMs may do has changed; the fence ends what it must. */
  fence(fencing: Fencing): void {
    this.fencing = fencing;
    const exclusive = this.running?.target.spec.fencing === "exclusive";
    this.tell({ kind: "fenced", at: this.at, fencing });
    if (fencing.kind !== "shut" || !exclusive) return;
    this.running = null;
    this.#exited(false, true);
  }

  #exited(clean: boolean, fenced: boolean): void {
    const { at } = this;
    this.tell({ kind: "exited", at, clean, reason: "it ended", fenced });
  }

  /** The worker process dies and another one takes over; the guest runs on. */
  restartWorker(order: Order | null): void {
    this.pending = [];
    this.#hanging = null;
    const ledger = this.saved ?? newVm(COPY, "boot-1").ledger;
    const found = this.running === null ? null : {
      incarnation: this.running.target.incarnation,
      runtimeHash: this.running.booted,
      host: "127.0.0.1",
      ports: this.ports,
      startedAtMs: this.running.startedAtMs,
    };
    let vm = restoreVm({ ledger, order, found }, this.at);
    if (vm === null) {
      this.running = null;
      vm = restoreVm({ ledger, order, found: null }, this.at);
    }
    assert.ok(vm !== null);
    this.vm = { ...vm, isBeside: this.isBeside, fencing: this.fencing };
    if (order === null) this.tell({ kind: "tick", at: this.at });
    else this.order(order);
  }

  #perform({ vm, actions }: Step): void {
    this.vm = vm;
    const failed = this.diskFull &&
      actions.some(({ kind }) => kind === "save");
    for (const action of actions) {
      this.done.push(action);
      if (action.kind === "publish") {
        const { desired } = this.vm;
        const isMain = desired.kind === "order" && !desired.order.surge;
        assert.ok(isMain, "a surge copy publishes");
      }
      if (action.kind === "save") {
        if (!failed) this.saved = action.ledger;
      } else if (
        failed && (action.kind === "start" || action.kind === "stop" ||
          action.kind === "switch")
      ) {
        continue;
      } else if (action.kind === "cancelFetch") {
        this.pending = this.pending.filter(({ kind }) => kind !== "fetch");
      } else if (action.kind !== "prune") this.pending.push(action);
    }
    if (failed) this.#saveFailed(actions);
    else if (this.unsaved && actions.some(({ kind }) => kind === "save")) {
      this.unsaved = false;
      this.tell({ kind: "saved", at: this.at });
    }
  }

  #saveFailed(actions: Action[]): void {
    this.unsaved = true;
    const { at } = this;
    const failure = { kind: "disk", message: "full" } as const;
    this.tell({ kind: "saveFailed", at, failure });
    for (const action of actions) {
      if (action.kind === "start") {
        const { op } = action;
        this.tell({ kind: "startFailed", at, op, failure, message: "full" });
      }
      if (action.kind === "stop") {
        this.tell({ kind: "stopFailed", at, op: action.op, failure });
      }
      if (action.kind === "switch") {
        const { op } = action;
        const outcome = "unsaved";
        const message = "full";
        this.tell({ kind: "switchFailed", at, op, outcome, message, failure });
      }
    }
  }

  #complete(
    action: Exclude<Action, { kind: "save" | "prune" | "cancelFetch" }>,
  ) {
    const { at } = this;
    switch (action.kind) {
      case "fetch":
        return this.tell(
          this.hostFailure?.kind === "cache"
            ? {
              kind: "fetchFailed",
              at,
              op: action.op,
              failure: this.hostFailure,
            }
            : { kind: "fetched", at, op: action.op },
        );
      case "start":
        return this.#start(action);
      case "switch":
        return this.#switch(action);
      case "stop":
        this.running = null;
        return this.tell({ kind: "stopped", at, op: action.op });
      case "forget":
        assert.equal(this.running, null, "forgotten while it runs");
        this.saved = null;
        return this.tell({ kind: "forgotten", at, op: action.op });
      case "publish":
        return this.#publish(action);
      case "probe": {
        const runs = this.running?.target.runtimeHash ?? "";
        const { startedAtMs } = action;
        // A new worker process knows of the start alone.
        const isOfNow = this.running?.sinceMs === startedAtMs ||
          this.running?.startedAtMs === startedAtMs;
        const ok = this.healthy.has(runs) && !this.running?.isMixed && isOfNow;
        const { check: { name: check } } = action;
        const message = ok ? "" : "refused";
        return this.tell({
          kind: "probed",
          at,
          check,
          ok,
          message,
          startedAtMs,
        });
      }
    }
  }

  #switch(
    { op, target, timeoutMs }: Extract<Action, { kind: "switch" }>,
  ): void {
    const { at, running, saved } = this;
    assert.ok(running !== null, "switched while nothing runs");
    const { kernelPath, root } = target.spec.image;
    assert.equal(root, "store", "switched without a store");
    assert.equal(kernelPath, running.target.spec.image.kernelPath);
    assert.ok(saved?.switched?.isMixed, "switched without a word on disk");
    assert.equal(saved.switched.booted, running.booted);
    assert.equal(saved.attempt?.target.runtimeHash, target.runtimeHash);
    assert.ok(
      target.spec.fencing !== "exclusive" || this.fencing.kind === "open",
      "an exclusive VM is changed without a lease",
    );
    const outcome = this.switching;
    if (outcome === "hangs") {
      running.isMixed = true;
      this.#hanging = { op, endsAtMs: at + timeoutMs };
      return;
    }
    if (outcome === "switched") {
      this.running = { ...running, target, sinceMs: at, isMixed: false };
      return this.tell({ kind: "switched", at, op });
    }
    if (outcome !== "refused") this.running = { ...running, isMixed: true };
    const message = `it ${outcome}`;
    const failure = null;
    this.tell({ kind: "switchFailed", at, op, outcome, message, failure });
  }

  #publish(
    { op, ports }: { op: number; ports: readonly PublishedPort[] },
  ): void {
    const { at } = this;
    if (this.isBeside || this.portsTaken) {
      const message = `port ${ports[0]?.publish} is taken`;
      return this.tell({ kind: "publishFailed", at, op, message });
    }
    this.ports = this.ports.map((port) => ({
      ...port,
      host: ports.find(({ name }) => name === port.name)?.publish ?? port.host,
    }));
    this.tell({ kind: "published", at, op, ports: this.ports });
  }

  #start(
    { op, target, publishes, lease }: Extract<Action, { kind: "start" }>,
  ): void {
    const { at } = this;
    assert.equal(this.running, null, "two VMs for one id");
    const refused = this.saved?.refused;
    assert.ok(
      refused?.runtimeHash !== target.runtimeHash ||
        this.vm.ledger.refused === null ||
        (this.vm.ledger.order?.orderRevision ?? 0) > refused.orderRevision,
      "a refused hash is started",
    );
    assert.equal(
      this.saved?.attempt?.target.runtimeHash,
      target.runtimeHash,
      "started without an armed ledger",
    );
    if (this.hostFailure !== null && this.hostFailure.kind !== "cache") {
      const failure = this.hostFailure;
      return this.tell({ kind: "startFailed", at, op, failure, message: "" });
    }
    assert.ok(
      !this.isBeside || !runsAlone(target.spec),
      "two copies on one volume",
    );
    assert.equal(
      lease !== null,
      target.spec.fencing === "exclusive",
      "a lease is for exclusive VMs, and they need one",
    );
    const open = this.fencing.kind === "open" ? this.fencing.lease : null;
    if (lease !== null && lease !== open) {
      const failure = { kind: "driver", message: "refused" } as const;
      return this.tell({ kind: "startFailed", at, op, failure, message: "" });
    }
    const booted = target.runtimeHash;
    const isMixed = false;
    this.running = { target, startedAtMs: at, sinceMs: at, booted, isMixed };
    this.ports = target.spec.network.ports.map(({ name, guest, publish }) => ({
      name,
      guest,
      host: (publishes ? publish : undefined) ?? 40_000,
    }));
    this.tell({
      kind: "started",
      at,
      op,
      host: "127.0.0.1",
      ports: this.ports,
      startedAtMs: at,
    });
  }
}
