/**
 * The worker's VMs: takes over what a former process left, accepts
 * assignments, feeds events through the state machines, one for each copy of a
 * VM, and lets time pass. Tells copies of one VM of each other. Decides nothing
 * itself.
 *
 * @module
 */
import {
  type Assignment,
  MAX_ORDERS,
  type OrderFence,
} from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { MAX_ROOTS, type ObservedVm } from "../../model/observed.ts";
import { Turns } from "../../turns/mod.ts";
import type { LogTail, VmExit } from "../../../vmm/mod.ts";
import { Applier, type ApplyDeps } from "./apply.ts";
import { ClosureSizes } from "../closures/sizes.ts";
import {
  type Fencing,
  sameFencing,
  UNKNOWN_FENCING,
} from "../fencing/core/fencing.ts";
import { emptyLedger, type Target } from "./core/ledger.ts";
import { tidy } from "./core/tidying.ts";
import { step } from "./core/vm_machine.ts";
import { looksSame, observe } from "./core/vm_report.ts";
import { newVm, restoreVm } from "./core/vm_restore.ts";
import { planAssignment } from "./core/vm_plan.ts";
import type { VmEvent } from "./core/vm_messages.ts";
import { hasGuest, type Vm, wakeAtMs } from "./core/vm_state.ts";
import { type Left, leftBehind } from "./left_behind.ts";

/** The clock counts in steps of 10 ms: looking more often shows nothing new. */
const MIN_SLEEP_MS = 10;
/** Looked at anyway, should an event ever be lost. */
const MAX_SLEEP_MS = 5000;
/** The loop looks at least every MAX_SLEEP_MS: after a silence this long the host slept, or we were frozen. */
const MAX_SILENCE_MS = 3 * MAX_SLEEP_MS;
/** One is asked for at a time; a few more may be late answers to polls that were given up. */
const MAX_ACCEPTING = 16;
/** Why a sleep ends early: made once, since an abort without a reason makes an error with a stack trace each time. */
const WOKEN = "there is something to look at";
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

/** A report has room for as many copies as there may be orders. What runs comes first: left out, it would count as gone. */
function reported(entries: Entry[]): Entry[] {
  if (entries.length <= MAX_ORDERS) return entries;
  const runs = ({ vm }: Entry) => hasGuest(vm);
  const rest = entries.filter((entry) => !runs(entry));
  return [...entries.filter(runs), ...rest].slice(0, MAX_ORDERS);
}

/** The copy that is meant when a VM is named: ordered and no surge, with a guest, the newest. */
function mainFirst(a: Vm, b: Vm): number {
  const isMain = ({ desired }: Vm) =>
    desired.kind === "order" && !desired.order.surge;
  return Number(isMain(b)) - Number(isMain(a)) ||
    Number(hasGuest(b)) - Number(hasGuest(a)) ||
    b.incarnation - a.incarnation;
}

interface Entry {
  vm: Vm;
  /** When it was last stepped. */
  at: number;
  /** When a tick can next change something: the loop asks every copy at every look. */
  wakesAtMs: number;
  /** What was last shown of it, to tell changes; null: nothing yet. */
  shown: ObservedVm | null;
}

/** What became of an assignment. */
export interface Accepted {
  kind: "accepted" | "ignored" | "denied";
  reason: string;
}

/** What people ask of a copy beside its order. */
export type Asked =
  | { kind: "paused"; isPaused: boolean }
  | { kind: "again"; stops: boolean }
  | { kind: "remake" };

export class Vms {
  #options: VmsOptions;
  readonly #lease: LeaseView;
  /** By copy. */
  #entries = new Map<string, Entry>();
  /** The copies of each VM, by its id. */
  #copies = new Map<string, Map<string, Entry>>();
  #applier: Applier;
  #sizes: ClosureSizes;
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #leaseMs: number | null = null;
  #fencing: Fencing = UNKNOWN_FENCING;
  #leaseWatch: Disposable | null = null;
  #stopping = new AbortController();
  #wake = new AbortController();
  /** When the loop looks next: an event wakes it only to look sooner. */
  #plannedMs = 0;
  /** When anything was last looked at. */
  readonly #accepting = new Turns({
    running: 1,
    waiting: MAX_ACCEPTING,
    what: "assignments",
  });
  #lookedMs = 0;
  #loop: Promise<void> | null = null;
  #watch: Disposable | null = null;

  constructor(options: VmsOptions) {
    this.#options = options;
    this.#lease = options.lease ?? NO_LEASE;
    this.#applier = new Applier(
      options,
      (copy, event) => this.#tell(copyKey(copy), event),
    );
    this.#sizes = new ClosureSizes({
      ...options,
      onMeasured: () => options.onChange(),
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
    for (const each of known.values()) await this.#takeOver(each);
    if (assignment !== null) this.#options.network?.accept(assignment);
    for (const entry of this.#entries.values()) this.#lookBeside(entry);
    this.#lookedMs = this.#now();
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
    for (const { vm } of this.#entries.values()) {
      this.#applier.perform(vm, tidy(vm));
    }
    this.#leaseWatch = this.#lease.watch(() => {
      this.#lookAtFence(this.#now());
      this.#wake.abort(WOKEN);
    });
    this.#loop = this.#run();
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
      copies: [...this.#entries.values()].map(({ vm }) => vm),
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
      if (order !== null && !this.#entries.has(key)) {
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
    return reported([...this.#entries.values()]).map(({ vm }) => ({
      ...observe(vm, at),
      closureBytes: vm.guest.kind === "on"
        ? this.#sizes.of(vm.guest.target.spec)
        : null,
    }));
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
    const copies = [...this.#copies.get(id)?.values() ?? []]
      .map(({ vm }) => vm)
      .filter((vm) => incarnation === 0 || vm.incarnation === incarnation);
    const found = copies.sort(mainFirst)[0];
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
    return [...this.#entries.values()].map(({ vm: { id, incarnation } }) => ({
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
    if (this.#entries.get(copyKey(copy))?.vm.unsaved !== true) return;
    throw new AppError(
      "storage",
      `Cannot keep what was asked of "${copy.id}": the disk refuses it`,
      { hint: "free space or mend the disk that the run directory is on" },
    );
  }

  /** Lets go of the VMs; they keep running. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort(WOKEN);
    this.#watch?.[Symbol.dispose]();
    this.#leaseWatch?.[Symbol.dispose]();
    await this.#loop;
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
      const ledger = this.#entries.get(copyKey(copy))?.vm.ledger;
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

  async #takeOver({ copy, order, ledger: known, found }: Left): Promise<void> {
    const ledger = known ?? emptyLedger(copy, this.#options.bootId);
    const guest = found === null ? null : { ...found, ports: [...found.ports] };
    let vm = restoreVm({ ledger, order, found: guest }, this.#now());
    if (vm === null) {
      this.#options.onWarning(
        `ending ${copyKey(copy)}: it runs what nobody ordered`,
        null,
      );
      await this.#options.vmm.stop(copy, { graceMs: 0 });
      vm = restoreVm({ ledger, order, found: null }, this.#now());
    }
    if (vm !== null) this.#put(vm);
  }

  #put(vm: Vm): void {
    this.#noteRunning(vm, null);
    const known = { ...vm, fencing: this.#fencing };
    const at = this.#now();
    const wakesAtMs = wakeAtMs(known, at);
    const entry: Entry = { vm: known, at, wakesAtMs, shown: null };
    const key = copyKey(vm);
    this.#entries.set(key, entry);
    const copies = this.#copies.get(vm.id) ?? new Map<string, Entry>();
    this.#copies.set(vm.id, copies.set(key, entry));
    this.#lookBeside(entry);
  }

  /** The network goes by what runs: an order may be for what comes next. */
  #noteRunning(vm: Vm, before: Vm | null): void {
    const { guest } = vm;
    const was = before?.guest.kind === "on" ? before.guest.target : null;
    if (guest.kind !== "on" || guest.target === was) return;
    this.#options.network?.runs(vm, guest.target);
  }

  #drop(vm: Vm): void {
    const key = copyKey(vm);
    this.#entries.delete(key);
    const copies = this.#copies.get(vm.id);
    copies?.delete(key);
    if (copies?.size === 0) this.#copies.delete(vm.id);
  }

  #others({ vm }: Entry): Entry[] {
    const copies = [...this.#copies.get(vm.id)?.values() ?? []];
    return copies.filter((other) => other.vm.incarnation !== vm.incarnation);
  }

  #isBeside(entry: Entry): boolean {
    return this.#others(entry).some(({ vm }) => hasGuest(vm));
  }

  /** Before anything is told to it: what the state begins with. */
  #lookBeside(entry: Entry): void {
    entry.vm = { ...entry.vm, isBeside: this.#isBeside(entry) };
  }

  /** A copy has got or lost its guest: the others may have waited for it. */
  #tellOthers(entry: Entry, at: number): void {
    for (const other of this.#others(entry)) {
      const isBeside = this.#isBeside(other);
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
    for (const key of [...this.#entries.keys()]) {
      this.#tell(key, { kind: "fenced", at, fencing });
    }
  }

  /** Tells every VM of time in which nothing was looked at. */
  #noticeSilence(at: number): void {
    const ms = at - this.#lookedMs;
    this.#lookedMs = at;
    if (ms <= MAX_SILENCE_MS) return;
    for (const key of [...this.#entries.keys()]) {
      this.#tell(key, { kind: "slept", at, ms });
    }
  }

  #tell(key: string, event: VmEvent): void {
    this.#noticeSilence(event.at);
    this.#lookAtFence(event.at);
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#stopping.signal.aborted) return;
    const before = hasGuest(entry.vm);
    const { vm, actions } = step(entry.vm, event);
    this.#noteRunning(vm, entry.vm);
    entry.vm = vm;
    entry.at = event.at;
    entry.wakesAtMs = wakeAtMs(vm, event.at);
    if (vm.guest.kind === "forgotten") this.#drop(vm);
    // Before it runs: a budget is judged by what the first healthy report says.
    if (event.kind === "fetched" && vm.supply.kind === "ready") {
      this.#sizes.of(vm.supply.target.spec);
    }
    this.#applier.perform(vm, actions);
    this.#show(entry, vm.guest.kind === "forgotten");
    if (entry.wakesAtMs < this.#plannedMs) this.#wake.abort(WOKEN);
    if (hasGuest(vm) !== before) this.#tellOthers(entry, event.at);
  }

  #show(entry: Entry, gone: boolean): void {
    const { shown } = entry;
    entry.shown = observe(entry.vm, entry.at);
    if (shown !== null && looksSame(shown, entry.shown) && !gone) return;
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      const at = this.#now();
      this.#noticeSilence(at);
      this.#lookAtFence(at);
      // Events of this very pass need no waking: what they make due is looked at below.
      this.#plannedMs = 0;
      for (const [key, { wakesAtMs }] of this.#entries) {
        if (wakesAtMs <= at) this.#tell(key, { kind: "tick", at });
      }
      this.#plannedMs = this.#nextWakeMs(at);
      const sleepMs = Math.max(MIN_SLEEP_MS, this.#plannedMs - at);
      await this.#options.clock.sleep(sleepMs, this.#wake.signal);
    }
  }

  #nextWakeMs(at: number): number {
    const { endsAtMs } = this.#lease;
    let next = at + MAX_SLEEP_MS;
    if (endsAtMs > at) next = Math.min(next, endsAtMs);
    for (const { wakesAtMs } of this.#entries.values()) {
      next = Math.min(next, wakesAtMs);
    }
    return next;
  }

  #now(): number {
    return this.#options.clock.bootMs();
  }
}
