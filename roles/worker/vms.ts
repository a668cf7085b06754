/**
 * The worker's VMs: takes over what a former process left, accepts
 * assignments, feeds events through the state machine and lets time pass.
 * Decides nothing itself.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../model/assignment.ts";
import { AppError } from "../model/errors.ts";
import type { ObservedVm } from "../model/observed.ts";
import type { LogTail, VmExit, VmInstance } from "../../vmm/mod.ts";
import { Applier, type ApplyDeps } from "./apply.ts";
import { emptyLedger, type Ledger } from "./core/ledger.ts";
import { step } from "./core/vm_machine.ts";
import { newVm, restoreVm } from "./core/vm_restore.ts";
import { planAssignment } from "./core/vm_plan.ts";
import { observe, type Vm, type VmEvent, wakeAtMs } from "./core/vm_state.ts";

/** The clock counts in steps of 10 ms: looking more often shows nothing new. */
const MIN_SLEEP_MS = 10;
/** Looked at anyway, should an event ever be lost. */
const MAX_SLEEP_MS = 5000;
/** The loop looks at least every MAX_SLEEP_MS: after a silence this long the host slept, or we were frozen. */
const MAX_SILENCE_MS = 3 * MAX_SLEEP_MS;
/** Most of a log given out at once: a terminal's scrollback, and far below a message's limit. */
const MAX_LOG_BYTES = 1024 * 1024;

/** What the VMs are run with. */
export interface VmsOptions extends ApplyDeps {
  name: string;
  bootId: string;
  /** Called after something that a report shows has changed. */
  onChange: () => void;
}

interface Entry {
  vm: Vm;
  /** When it was last stepped. */
  at: number;
  /** What was last shown of it, to tell changes. */
  shown: string;
}

/** What became of an assignment. */
export interface Accepted {
  kind: "accepted" | "ignored" | "denied";
  reason: string;
}

export class Vms {
  #options: VmsOptions;
  #entries = new Map<string, Entry>();
  #applier: Applier;
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #leaseMs: number | null = null;
  #stopping = new AbortController();
  #wake = new AbortController();
  /** When the loop looks next: an event wakes it only to look sooner. */
  #plannedMs = 0;
  /** When anything was last looked at. */
  #lookedMs = 0;
  #loop: Promise<void> | null = null;
  #watch: Disposable | null = null;

  constructor(options: VmsOptions) {
    this.#options = options;
    this.#applier = new Applier(options, (id, event) => this.#tell(id, event));
  }

  /** The highest pair accepted. */
  get fence(): OrderFence {
    return this.#fence;
  }

  /** The lease's length by the last assignment; null before the first. */
  get leaseMs(): number | null {
    return this.#leaseMs;
  }

  /** Takes over what is there and begins. */
  async start(): Promise<void> {
    const { vmm, store } = this.#options;
    const assignment = await store.loadAssignment();
    const ledgers = new Map(
      (await store.loadAll()).map((ledger) => [ledger.vm, ledger]),
    );
    // Before the list: a VM that ends between the two must not count as running for ever.
    let early: VmExit[] | null = [];
    this.#watch = vmm.watch((exit) => {
      if (early === null) this.#exited(exit);
      else early.push(exit);
    });
    const found = new Map((await vmm.list()).map((vm) => [vm.id, vm]));
    if (assignment !== null && assignment.worker === this.#options.name) {
      const { leaseEpoch, revision, leaseMs } = assignment;
      this.#fence = { leaseEpoch, revision };
      this.#leaseMs = leaseMs;
    }
    const orders = new Map(
      (assignment?.orders ?? []).map((order) => [order.vm, order]),
    );
    const ids = new Set([...ledgers.keys(), ...found.keys(), ...orders.keys()]);
    for (const id of ids) {
      await this.#takeOver(id, ledgers.get(id), {
        order: orders.get(id) ?? null,
        found: found.get(id) ?? null,
      });
    }
    this.#lookedMs = this.#now();
    for (const exit of early) this.#exited(exit);
    early = null;
    for (const id of ids) {
      const order = orders.get(id);
      if (order !== undefined) {
        this.#tell(id, { kind: "ordered", at: this.#now(), order });
      } else if (assignment !== null) {
        this.#tell(id, { kind: "ordered", at: this.#now(), order: null });
      } else this.#tell(id, { kind: "tick", at: this.#now() });
    }
    this.#loop = this.#run();
  }

  /**
   * Accepts an assignment: kept on disk, then obeyed.
   *
   * @throws {AppError} `storage` when it cannot be kept; nothing has changed then.
   */
  async accept(assignment: Assignment): Promise<Accepted> {
    const plan = planAssignment({
      name: this.#options.name,
      fence: this.#fence,
      vms: this.#entries.keys(),
    }, assignment);
    if (plan.kind !== "accepted") {
      return {
        kind: plan.kind,
        reason: plan.kind === "denied" ? plan.reason : "",
      };
    }
    await this.#options.store.saveAssignment(assignment);
    this.#fence = plan.fence;
    this.#leaseMs = assignment.leaseMs;
    for (const [id, order] of plan.orders) {
      if (order !== null && !this.#entries.has(id)) {
        this.#put(id, newVm(id, this.#options.bootId));
      }
      this.#tell(id, { kind: "ordered", at: this.#now(), order });
    }
    this.#options.onChange();
    return { kind: "accepted", reason: "" };
  }

  /** All VMs as they are now. */
  observed(): ObservedVm[] {
    const at = this.#now();
    return [...this.#entries.values()].map(({ vm }) => observe(vm, at));
  }

  /** @throws {AppError} `not_found`. */
  async logs(id: string, maxBytes: number): Promise<LogTail> {
    if (!this.#entries.has(id)) {
      throw new AppError(
        "not_found",
        `There is no VM "${id}" on worker "${this.#options.name}"`,
      );
    }
    const bytes = Math.min(Math.max(maxBytes, 1), MAX_LOG_BYTES);
    return await this.#options.vmm.serialTail(id, bytes);
  }

  /** Lets go of the VMs; they keep running. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    this.#watch?.[Symbol.dispose]();
    await this.#loop;
    await this.#applier.stop();
  }

  /**
   * Stops every VM as well, not for good: the next process starts them again.
   * Nothing is decided any more afterwards.
   */
  async stopVms(): Promise<void> {
    await this.stop();
    const { vmm, stopGraceMs, store } = this.#options;
    const running = await vmm.list();
    await Promise.all(running.map(async ({ id }) => {
      await vmm.stop(id, { graceMs: stopGraceMs });
      const ledger = this.#entries.get(id)?.vm.ledger;
      if (ledger?.attempt == null) return;
      // Not ended by itself: the next process must not count it as a crash.
      await store.save({
        ...ledger,
        attempt: {
          ...ledger.attempt,
          startedAtMs: null,
          healthySinceMs: null,
          deadlineMs: null,
        },
      });
    }));
  }

  async #takeOver(
    id: string,
    known: Ledger | undefined,
    { order, found }: {
      order: Assignment["orders"][number] | null;
      found: VmInstance | null;
    },
  ): Promise<void> {
    const ledger = known ?? emptyLedger(id, this.#options.bootId);
    const guest = found === null ? null : { ...found, ports: [...found.ports] };
    let vm = restoreVm({ ledger, order, found: guest }, this.#now());
    if (vm === null) {
      this.#options.onWarning(
        `ending ${id}: it runs what nobody ordered`,
        null,
      );
      await this.#options.vmm.stop(id, { graceMs: 0 });
      vm = restoreVm({ ledger, order, found: null }, this.#now());
    }
    if (vm !== null) this.#put(id, vm);
  }

  #put(id: string, vm: Vm): void {
    this.#entries.set(id, { vm, at: this.#now(), shown: "" });
  }

  #exited({ id, clean, reason }: VmExit): void {
    this.#tell(id, { kind: "exited", at: this.#now(), clean, reason });
  }

  /** Tells every VM of time in which nothing was looked at. */
  #noticeSilence(at: number): void {
    const ms = at - this.#lookedMs;
    this.#lookedMs = at;
    if (ms <= MAX_SILENCE_MS) return;
    for (const id of [...this.#entries.keys()]) {
      this.#tell(id, { kind: "slept", at, ms });
    }
  }

  #tell(id: string, event: VmEvent): void {
    this.#noticeSilence(event.at);
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#stopping.signal.aborted) return;
    const { vm, actions } = step(entry.vm, event);
    entry.vm = vm;
    entry.at = event.at;
    if (vm.guest.kind === "forgotten") this.#entries.delete(id);
    this.#applier.perform(id, actions);
    this.#show(entry, vm.guest.kind === "forgotten");
    if (wakeAtMs(vm, entry.at) < this.#plannedMs) this.#wake.abort();
  }

  #show(entry: Entry, gone: boolean): void {
    const { healthyForMs: _, ...rest } = observe(entry.vm, entry.at);
    const shown = JSON.stringify(rest);
    if (shown === entry.shown && !gone) return;
    entry.shown = shown;
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const at = this.#now();
      this.#noticeSilence(at);
      // Events of this very pass need no waking: what they make due is looked at below.
      this.#plannedMs = 0;
      for (const [id, entry] of [...this.#entries]) {
        if (wakeAtMs(entry.vm, entry.at) <= at) {
          this.#tell(id, { kind: "tick", at });
        }
      }
      this.#plannedMs = this.#nextWakeMs(at);
      const sleepMs = Math.max(MIN_SLEEP_MS, this.#plannedMs - at);
      await this.#options.clock.sleep(sleepMs, this.#wake.signal);
    }
  }

  #nextWakeMs(at: number): number {
    let next = at + MAX_SLEEP_MS;
    for (const { vm, at: stepped } of this.#entries.values()) {
      next = Math.min(next, wakeAtMs(vm, stepped));
    }
    return next;
  }

  #now(): number {
    return this.#options.clock.bootMs();
  }
}
