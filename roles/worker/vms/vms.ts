/**
 * The worker's VMs: takes over what a former process left, accepts
 * assignments, feeds events through the state machines, one for each copy of a
 * VM, and lets time pass. Tells copies of one VM of each other. Decides nothing
 * itself.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { MAX_ROOTS, type ObservedVm } from "../../model/observed.ts";
import { Turns } from "../../turns/mod.ts";
import type { LogTail, VmExit } from "../../../vmm/mod.ts";
import { Applier, type ApplyDeps } from "./apply.ts";
import { ClosureSizes } from "../closures/sizes.ts";
import { Copies, type Entry, release, shownOf, withhold } from "./copies.ts";
import {
  type Fencing,
  sameFencing,
  UNKNOWN_FENCING,
} from "../fencing/core/fencing.ts";
import type { Target } from "./core/ledger.ts";
import { tidy } from "./core/tidying.ts";
import { step } from "./core/vm_machine.ts";
import { looksSame } from "./core/vm_report.ts";
import { newVm } from "./core/vm_restore.ts";
import { planAssignment } from "./core/vm_plan.ts";
import { isVerdict, type VmEvent } from "./core/vm_messages.ts";
import { hasGuest, type Vm, wakeAtMs } from "./core/vm_state.ts";
import { leftBehind, takenOver } from "./left_behind.ts";
import { Looking } from "./looking.ts";

/** One is asked for at a time; a few more may be late answers to polls that were given up. */
const MAX_ACCEPTING = 16;
/** Most of a log given out at once: a terminal's scrollback, and far below a message's limit. */
const MAX_LOG_BYTES = 1024 * 1024;

/** What the VMs need to know of the lease. */
export interface LeaseView {
  /** What exclusive VMs may do now, under the orders of `accepted`. */
  fencing(accepted: OrderFence): Fencing;
  /** When that may change by time alone. */
  readonly endsAtMs: number;
  watch(onChange: () => void): Disposable;
}

const NO_LEASE: LeaseView = {
  fencing: () => ({
    kind: "shut",
    reason: "an exclusive VM needs a live guard, and this host has none",
    hostFault: true,
  }),
  endsAtMs: Infinity,
  watch: () => ({ [Symbol.dispose]: () => undefined }),
};

/** What the VMs are run with. */
export interface VmsOptions extends ApplyDeps {
  /** Absent: this host takes no exclusive VMs. */
  lease?: LeaseView;
  name: string;
  bootId: string;
  /** Called after something that a report shows has changed. */
  onChange: () => void;
}

/** What became of an assignment. */
export interface Accepted {
  kind: "accepted" | "ignored" | "denied";
  reason: string;
}

/** What people ask of a copy beside its order. */
export type Asked =
  | { kind: "paused"; isPaused: boolean; isKept?: boolean }
  | { kind: "again"; stops: boolean }
  | { kind: "remake" };

export class Vms {
  #options: VmsOptions;
  readonly #lease: LeaseView;
  readonly #copies = new Copies();
  #applier: Applier;
  #sizes: ClosureSizes;
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #leaseMs: number | null = null;
  #fencing: Fencing = UNKNOWN_FENCING;
  #leaseWatch: Disposable | null = null;
  #stopping = new AbortController();
  readonly #accepting = new Turns({
    running: 1,
    waiting: MAX_ACCEPTING,
    what: "assignments",
  });
  readonly #looking: Looking;
  #watch: Disposable | null = null;

  constructor(options: VmsOptions) {
    this.#options = options;
    this.#lease = options.lease ?? NO_LEASE;
    this.#applier = new Applier(options, {
      tell: (copy, event) => this.#tell(copyKey(copy), event),
      recorded: (copy) => this.#recorded(copyKey(copy)),
    });
    this.#sizes = new ClosureSizes({
      ...options,
      onMeasured: () => options.onChange(),
    });
    this.#looking = new Looking({
      clock: options.clock,
      look: (at) => this.#look(at),
      nextMs: (at) => this.#nextMs(at),
    });
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
    const ledgers = await store.loadAll();
    // Before the list: a VM that ends between the two must not count as running for ever.
    let early: VmExit[] | null = [];
    this.#watch = vmm.watch((exit) => {
      if (early === null) this.#exited(exit);
      else early.push(exit);
    });
    const found = await vmm.list();
    if (assignment !== null && assignment.worker === this.#options.name) {
      const { leaseEpoch, revision, leaseMs } = assignment;
      this.#fence = { leaseEpoch, revision };
      this.#leaseMs = leaseMs;
    }
    this.#fencing = this.#lease.fencing(this.#fence);
    const known = leftBehind(assignment?.orders ?? [], ledgers, found);
    await this.#adoptRoots([...known.values()].map(({ copy }) => copy));
    await this.#options.provisions?.adopt(found);
    for (const each of known.values()) {
      const vm = await takenOver(each, this.#options);
      if (vm !== null) this.#put(vm);
    }
    if (assignment !== null) this.#options.network?.accept(assignment);
    for (const entry of this.#copies.all()) this.#lookBeside(entry);
    this.#looking.silenceMs(this.#now());
    for (const exit of early) this.#exited(exit);
    early = null;
    // Those without an order first: what they hold is wanted.
    const inOrder = [...known].sort(([, a], [, b]) =>
      Number(a.order !== null) - Number(b.order !== null)
    );
    for (const [key, { order }] of inOrder) {
      const at = this.#now();
      if (assignment === null) this.#tell(key, { kind: "tick", at });
      else this.#tell(key, { kind: "ordered", at, order });
    }
    for (const { vm } of this.#copies.all()) {
      this.#applier.perform(vm, tidy(vm));
    }
    this.#leaseWatch = this.#lease.watch(() => {
      this.#lookAtFence(this.#now());
      this.#looking.wake();
    });
    this.#looking.start();
  }

  /**
   * Accepts an assignment: kept on disk, then obeyed.
   *
   * @throws {AppError} `storage` when it cannot be kept; nothing has changed then.
   */
  accept(assignment: Assignment): Promise<Accepted> {
    // One after the other: what is kept while another is being kept could be the older one.
    return this.#accepting.run(() => this.#accept(assignment));
  }

  async #accept(assignment: Assignment): Promise<Accepted> {
    const plan = planAssignment({
      name: this.#options.name,
      fence: this.#fence,
      copies: this.#copies.all().map(({ vm }) => vm),
    }, assignment);
    if (plan.kind !== "accepted") {
      return {
        kind: plan.kind,
        reason: plan.kind === "denied" ? plan.reason : "",
      };
    }
    await this.#options.store.saveAssignment(assignment);
    this.#leaseMs = assignment.leaseMs;
    this.#options.network?.accept(assignment);
    for (const [key, { copy, order }] of plan.orders) {
      if (order !== null && this.#copies.get(key) === undefined) {
        this.#put(newVm(copy, this.#options.bootId));
      }
      this.#tell(key, { kind: "ordered", at: this.#now(), order });
    }
    // Last: while one VM still has its old order, no exclusive one may start.
    this.#fence = plan.fence;
    this.#lookAtFence(this.#now());
    this.#options.onChange();
    return { kind: "accepted", reason: "" };
  }

  /** All copies of all VMs as they are now. */
  observed(): ObservedVm[] {
    const at = this.#now();
    return this.#copies.reported().map((entry) => {
      const { guest } = entry.vm;
      return {
        ...shownOf(entry, at),
        closureBytes: guest.kind === "on"
          ? this.#sizes.of(guest.target.spec)
          : null,
      };
    });
  }

  /** Store paths kept on this host, as many as a report may name. */
  roots(): string[] {
    return this.#options.closures.roots().slice(0, MAX_ROOTS);
  }

  /**
   * The end of a VM's log: of its main copy where there are several.
   *
   * @throws {AppError} `not_found`.
   */
  async logs(id: string, maxBytes: number): Promise<LogTail> {
    const bytes = Math.min(Math.max(maxBytes, 1), MAX_LOG_BYTES);
    return await this.#options.vmm.serialTail(this.copy(id), bytes);
  }

  /**
   * The copy that is meant by a VM's id, or that very incarnation, with what
   * runs of it.
   *
   * @throws {AppError} `not_found`.
   */
  copy(id: string, incarnation = 0): CopyId & { target: Target | null } {
    const found = this.#copies.meant(id, incarnation);
    if (found === undefined) {
      const copy = incarnation === 0 ? "" : ` in incarnation ${incarnation}`;
      throw new AppError(
        "not_found",
        `There is no VM "${id}"${copy} on worker "${this.#options.name}"`,
      );
    }
    const { guest } = found;
    return {
      id,
      incarnation: found.incarnation,
      target: guest.kind === "on" ? guest.target : null,
    };
  }

  /** Every copy that is here. */
  copies(): CopyId[] {
    return this.#copies.all().map(({ vm: { id, incarnation } }) => ({
      id,
      incarnation,
    }));
  }

  /** Somebody asked for something beside the orders: see `vm_asked.ts`. */
  ask(copy: CopyId, asked: Asked): void {
    this.#tell(copyKey(copy), { ...asked, at: this.#now() });
  }

  /**
   * As {@linkcode ask}, and resolves when what is remembered of it is on disk:
   * it outlives this process then.
   *
   * @throws {AppError} `storage` when it cannot be kept, `unavailable` when the worker stops.
   */
  async askAndKeep(copy: CopyId, asked: Asked): Promise<void> {
    this.ask(copy, asked);
    await this.#applier.settled(copy);
    if (this.#copies.get(copyKey(copy))?.vm.unsaved !== true) return;
    throw new AppError(
      "storage",
      `Cannot keep what was asked of "${copy.id}": the disk refuses it`,
      { hint: "free space or mend the disk that the run directory is on" },
    );
  }

  /** Lets go of the VMs; they keep running. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watch?.[Symbol.dispose]();
    this.#leaseWatch?.[Symbol.dispose]();
    await this.#looking.stop();
    await this.#sizes.stop();
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
    await Promise.all(running.map(async (copy) => {
      await vmm.stop(copy, { graceMs: stopGraceMs });
      const ledger = this.#copies.get(copyKey(copy))?.vm.ledger;
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

  async #adoptRoots(copies: readonly CopyId[]): Promise<void> {
    try {
      await this.#options.closures.adopt(copies);
    } catch (error) {
      // They stay as they are; what is missing is pinned again with the next fetch.
      this.#options.onWarning("cannot take over roots", error);
    }
  }

  #put(vm: Vm): void {
    this.#noteRunning(vm, null);
    const known = { ...vm, fencing: this.#fencing };
    const at = this.#now();
    const wakesAtMs = wakeAtMs(known, at);
    const entry = { vm: known, at, wakesAtMs, shown: null, former: null };
    this.#copies.put(entry);
    this.#lookBeside(entry);
  }

  /** The network goes by what runs: an order may be for what comes next. */
  #noteRunning(vm: Vm, before: Vm | null): void {
    const { guest } = vm;
    const was = before?.guest.kind === "on" ? before.guest.target : null;
    if (guest.kind !== "on" || guest.target === was) return;
    this.#options.network?.runs(vm, guest.target);
  }

  /** Before anything is told to it: what the state begins with. */
  #lookBeside(entry: Entry): void {
    entry.vm = { ...entry.vm, isBeside: this.#copies.isBeside(entry) };
  }

  /** A copy has got or lost its guest: the others may have waited for it. */
  #tellOthers(entry: Entry, at: number): void {
    for (const other of this.#copies.others(entry)) {
      const isBeside = this.#copies.isBeside(other);
      if (isBeside === other.vm.isBeside) continue;
      this.#tell(copyKey(other.vm), { kind: "beside", at, isBeside });
    }
  }

  #exited(exit: VmExit): void {
    const { clean, reason, fenced = false } = exit;
    this.#tell(copyKey(exit), {
      kind: "exited",
      at: this.#now(),
      clean,
      reason,
      fenced,
    });
  }

  /** Tells every VM of what exclusive ones may do now, if it has changed. */
  #lookAtFence(at: number): void {
    const fencing = this.#lease.fencing(this.#fence);
    if (sameFencing(fencing, this.#fencing)) return;
    this.#fencing = fencing;
    for (const key of this.#copies.keys()) {
      this.#tell(key, { kind: "fenced", at, fencing });
    }
  }

  /** Tells every VM of time in which nothing was looked at. */
  #noticeSilence(at: number): void {
    const ms = this.#looking.silenceMs(at);
    if (ms === 0) return;
    for (const key of this.#copies.keys()) {
      this.#tell(key, { kind: "slept", at, ms });
    }
  }

  #tell(key: string, event: VmEvent): void {
    this.#noticeSilence(event.at);
    this.#lookAtFence(event.at);
    const entry = this.#copies.get(key);
    if (entry === undefined || this.#stopping.signal.aborted) return;
    const before = hasGuest(entry.vm);
    const { vm, actions } = step(entry.vm, event);
    this.#noteRunning(vm, entry.vm);
    if (actions.some(isVerdict)) withhold(entry, entry.vm);
    entry.vm = vm;
    entry.at = event.at;
    entry.wakesAtMs = wakeAtMs(vm, event.at);
    if (vm.guest.kind === "forgotten") this.#copies.drop(vm);
    // Before it runs: a budget is judged by what the first healthy report says.
    if (event.kind === "fetched" && vm.supply.kind === "ready") {
      this.#sizes.of(vm.supply.target.spec);
    }
    this.#applier.perform(vm, actions);
    this.#show(entry, vm.guest.kind === "forgotten");
    this.#looking.wakeBy(entry.wakesAtMs);
    if (hasGuest(vm) !== before) this.#tellOthers(entry, event.at);
  }

  #show(entry: Entry, gone: boolean): void {
    const { shown } = entry;
    entry.shown = shownOf(entry, entry.at);
    if (shown !== null && looksSame(shown, entry.shown) && !gone) return;
    this.#options.onChange();
  }

  #recorded(key: string): void {
    const entry = this.#copies.get(key);
    if (entry === undefined) return;
    release(entry);
    this.#show(entry, false);
  }

  #look(at: number): void {
    this.#noticeSilence(at);
    this.#lookAtFence(at);
    for (const [key, { wakesAtMs }] of this.#copies.entries()) {
      if (wakesAtMs <= at) this.#tell(key, { kind: "tick", at });
    }
  }

  #nextMs(at: number): number {
    const { endsAtMs } = this.#lease;
    let next = endsAtMs > at ? endsAtMs : Infinity;
    for (const [, { wakesAtMs }] of this.#copies.entries()) {
      next = Math.min(next, wakesAtMs);
    }
    return next;
  }

  #now(): number {
    return this.#options.clock.bootMs();
  }
}
