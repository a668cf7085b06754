/**
 * A worker that obeys orders as design.md has it, in steps, on a virtual
 * clock: it keeps copies by incarnation, and ends exclusive ones when its
 * lease has passed, as a guard does. How a VM behaves is written in its spec's
 * env: `behave`, `bootMs` and `closureMib`.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Assignment,
  compareFence,
  type Order,
  type OrderFence,
} from "../../roles/model/assignment.ts";
import type { ObservedVm, WorkerReport } from "../../roles/model/observed.ts";
import { placementKey } from "../../roles/master/core/documents.ts";
import { lostAfterMs } from "../../roles/master/core/liveness.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";

/** What `env.behave` may say: becomes healthy, never does, or meets a broken host on the named worker. */
type Behaviour = "healthy" | "fail" | `broken-on:${string}`;

const BOOT_MS = 2000;
const MIB = 2 ** 20;
/** Between two steps of a scenario passes at most as long. */
const LATEST_STEP_MS = 600;

/** What a spec takes to boot: its `env.bootMs`. */
function bootMsOf(spec: VmSpec): number {
  return Number(spec.env.bootMs ?? BOOT_MS);
}

interface FakeVm {
  order: Order;
  /** What runs; null: nothing. */
  runs: { spec: VmSpec; runtimeHash: string; generation: number } | null;
  sinceMs: number;
  settled: boolean;
  refused:
    | { runtimeHash: string; orderRevision: number; reason: string }
    | null;
}

/** What a worker calls: the service itself, or a client of it. */
export interface WorkerCalls {
  getAssignment(
    worker: string,
    lastSeen: OrderFence,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Assignment | null>;
  pushData(report: WorkerReport): Promise<unknown>;
}

/** A worker that does what it is told, in steps. */
export class FakeWorker {
  readonly name: string;
  /** Copies by `vm#incarnation`. */
  readonly vms = new Map<string, FakeVm>();
  /** False: cut off from the master. */
  isConnected = true;
  capacity: { cpuMilli: number; memoryMib: number };
  attributes: Record<string, string>;
  /** Store paths whose closures it keeps. */
  roots: string[] = [];
  fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  /** The last that was accepted; null: none. */
  assignment: Assignment | null = null;
  /** Every copy that was started, in order. */
  readonly starts: {
    vm: string;
    incarnation: number;
    runtimeHash: string;
    atMs: number;
  }[] = [];
  /** Boot-time milliseconds of the last poll that was answered, and how long its lease is. */
  #renewedMs = 0;
  #leaseMs = 0;
  #sequence = 0;
  readonly #process: string;
  readonly #clock: Clock;

  constructor(
    name: string,
    clock: Clock,
    options: {
      cpuMilli?: number;
      memoryMib?: number;
      attributes?: Record<string, string>;
    } = {},
  ) {
    this.name = name;
    this.#clock = clock;
    this.capacity = {
      cpuMilli: options.cpuMilli ?? 4000,
      memoryMib: options.memoryMib ?? 1024,
    };
    this.attributes = options.attributes ?? {};
    this.#process = name.split("").map((c) => c.charCodeAt(0).toString(16))
      .join("").padEnd(32, "0").slice(0, 32);
  }

  /** Asks for orders, does what is due, reports. */
  async step(master: WorkerCalls): Promise<void> {
    if (this.isConnected) {
      const never = new AbortController();
      const got = await master.getAssignment(
        this.name,
        this.fence,
        0,
        never.signal,
      );
      this.#renewedMs = this.#clock.bootMs();
      if (got !== null) this.#accept(got);
    }
    this.#fence();
    this.#advance();
    if (this.isConnected) await master.pushData(this.report());
  }

  /**
   * Without a lease nothing exclusive is started; what runs is ended as late
   * as the promise allows, less a step of the clock.
   */
  #fence(): void {
    const silentMs = this.#clock.bootMs() - this.#renewedMs;
    const isLeased = silentMs < this.#leaseMs;
    const isEnded = silentMs >= lostAfterMs(this.#leaseMs) - LATEST_STEP_MS;
    for (const vm of this.vms.values()) {
      if (vm.order.spec.fencing !== "exclusive" || vm.refused !== null) {
        continue;
      }
      if (isLeased && vm.runs === null) this.#start(vm, vm.order);
      else if (isEnded) vm.runs = null;
    }
  }

  /** Copies of a VM that run here now. */
  running(vm: string): FakeVm[] {
    return [...this.vms.values()].filter(({ order, runs }) =>
      order.vm === vm && runs !== null
    );
  }

  #accept(assignment: Assignment): void {
    assert.ok(
      compareFence(assignment, this.fence) > 0,
      "the pair of a worker never falls",
    );
    const { leaseEpoch, revision, orders } = assignment;
    this.fence = { leaseEpoch, revision };
    this.assignment = assignment;
    this.#leaseMs = assignment.leaseMs;
    const wanted = new Map(orders.map((order) => [placementKey(order), order]));
    const roles = new Set(orders.map(({ vm, surge }) => `${vm} ${surge}`));
    assert.equal(
      roles.size,
      orders.length,
      "one order per VM, and one for a copy beside it",
    );
    for (const id of [...this.vms.keys()]) {
      if (!wanted.has(id)) this.vms.delete(id);
    }
    for (const order of wanted.values()) this.#take(order);
  }

  #take(order: Order): void {
    const key = placementKey(order);
    const vm = this.vms.get(key);
    if (vm === undefined) {
      const fresh: FakeVm = {
        order,
        runs: null,
        sinceMs: 0,
        settled: false,
        refused: null,
      };
      this.vms.set(key, fresh);
      this.#start(fresh, order);
      return;
    }
    vm.order = order;
    if (
      vm.refused !== null && order.orderRevision > vm.refused.orderRevision
    ) vm.refused = null;
    if (vm.runs?.runtimeHash === order.runtimeHash) {
      vm.runs = { ...vm.runs, generation: order.generation };
    } else if (vm.refused === null) this.#start(vm, order);
  }

  #start(
    vm: FakeVm,
    what: { spec: VmSpec; runtimeHash: string; generation: number },
  ): void {
    const { spec, runtimeHash, generation } = what;
    vm.runs = { spec, runtimeHash, generation };
    vm.sinceMs = this.#clock.bootMs();
    vm.settled = false;
    this.starts.push({
      vm: vm.order.vm,
      incarnation: vm.order.incarnation,
      runtimeHash,
      atMs: this.#clock.bootMs(),
    });
  }

  #behaviour(vm: FakeVm): Behaviour {
    return (vm.runs?.spec.env.behave ?? "healthy") as Behaviour;
  }

  #isHealthy(vm: FakeVm): boolean {
    return vm.runs !== null && this.#behaviour(vm) !== "fail" &&
      !this.#isBroken(vm) &&
      this.#clock.bootMs() - vm.sinceMs >= bootMsOf(vm.runs.spec);
  }

  #isBroken(vm: FakeVm): boolean {
    return this.#behaviour(vm) === `broken-on:${this.name}`;
  }

  #advance(): void {
    for (const vm of this.vms.values()) {
      if (vm.runs === null || this.#isBroken(vm)) continue;
      const ageMs = this.#clock.bootMs() - vm.sinceMs;
      const { minHealthyTimeMs, healthyDeadlineMs } = vm.runs.spec.update;
      if (this.#isHealthy(vm)) {
        vm.settled ||= ageMs >= bootMsOf(vm.runs.spec) + minHealthyTimeMs;
      } else if (!vm.settled && ageMs >= healthyDeadlineMs) this.#fallBack(vm);
    }
  }

  #fallBack(vm: FakeVm): void {
    vm.refused = {
      runtimeHash: vm.order.runtimeHash,
      orderRevision: vm.order.orderRevision,
      reason: `not healthy within ${vm.order.spec.update.healthyDeadlineMs} ms`,
    };
    const { fallback } = vm.order;
    if (fallback.kind === "spec") this.#start(vm, fallback);
    else vm.runs = null;
  }

  report(): WorkerReport {
    return {
      worker: this.name,
      bootId: "boot",
      sequence: ++this.#sequence,
      process: this.#process,
      ...this.fence,
      capacity: this.capacity,
      attributes: this.attributes,
      versions: { procurator: "0.1.0" },
      vms: [...this.vms.values()].map((vm) => this.#observed(vm)),
      metrics: {},
      roots: this.roots,
    };
  }

  #observed(vm: FakeVm): ObservedVm {
    const isHealthy = this.#isHealthy(vm);
    const isBroken = this.#isBroken(vm);
    const runs = isBroken ? null : vm.runs;
    const ageMs = this.#clock.bootMs() - vm.sinceMs;
    const bootMs = vm.runs === null ? BOOT_MS : bootMsOf(vm.runs.spec);
    const closureMib = runs?.spec.env.closureMib;
    return {
      vm: vm.order.vm,
      incarnation: vm.order.incarnation,
      state: runs === null ? isBroken ? "Created" : "Shutdown" : "Running",
      runtimeHash: runs?.runtimeHash ?? null,
      generation: runs?.generation ?? 0,
      health: isHealthy ? "healthy" : "starting",
      healthyForMs: isHealthy ? ageMs - bootMs : null,
      settled: vm.settled,
      restarts: 0,
      address: `${vm.order.network?.address ?? "127.0.0.1"}:8080`,
      ports: [],
      rolledBack: vm.refused === null ? null : {
        runtimeHash: vm.refused.runtimeHash,
        orderRevision: vm.refused.orderRevision,
        generation: vm.order.generation,
        reason: vm.refused.reason,
      },
      hostFailure: isBroken
        ? { kind: "driver", message: "no such device" }
        : null,
      message: isHealthy ? "healthy" : "no answer yet",
      seconds: {
        copy: 0.5,
        boot: isHealthy ? bootMs / 1000 : null,
        healthy: vm.settled ? 1 : null,
      },
      closureBytes: closureMib === undefined ? null : Number(closureMib) * MIB,
    };
  }
}
