/**
 * Feeds events through the state machines, one for each copy of a VM, has what
 * they want done, and lets time pass. Tells copies of one VM of each other, and
 * exclusive ones of the lease. Decides nothing itself, and knows of orders only
 * what an event says.
 *
 * @module
 */
import type { OrderFence } from "../../model/assignment.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type { VmExit } from "../../../vmm/mod.ts";
import { ClosureSizes } from "../closures/sizes.ts";
import {
  type Fencing,
  sameFencing,
  UNKNOWN_FENCING,
} from "../fencing/core/fencing.ts";
import { Applier, type ApplyDeps } from "./apply.ts";
import { Copies, type Entry, release, shownOf, withhold } from "./copies.ts";
import { tidy } from "./core/tidying.ts";
import { step } from "./core/vm_machine.ts";
import { isVerdict, type VmEvent } from "./core/vm_messages.ts";
import { looksSame } from "./core/vm_report.ts";
import { hasGuest, type Vm, wakeAtMs } from "./core/vm_state.ts";
import { type LeaseView, NO_LEASE } from "./lease_view.ts";
import { Looking } from "./looking.ts";

/** What the machines are run with. */
export interface MachinesDeps extends ApplyDeps {
  /** Absent: this host takes no exclusive VMs. */
  lease?: LeaseView;
  /** Called after something that a report shows has changed. */
  onChange: () => void;
}

export class Machines {
  readonly copies = new Copies();
  readonly #deps: MachinesDeps;
  readonly #lease: LeaseView;
  readonly #applier: Applier;
  readonly #sizes: ClosureSizes;
  readonly #looking: Looking;
  readonly #stopping = new AbortController();
  #fence: OrderFence = { leaseEpoch: 0, revision: 0 };
  #fencing: Fencing = UNKNOWN_FENCING;
  #leaseWatch: Disposable | null = null;

  constructor(deps: MachinesDeps) {
    this.#deps = deps;
    this.#lease = deps.lease ?? NO_LEASE;
    this.#applier = new Applier(deps, {
      tell: (copy, event) => this.tell(copyKey(copy), event),
      recorded: (copy) => this.#recorded(copyKey(copy)),
    });
    this.#sizes = new ClosureSizes({
      ...deps,
      onMeasured: () => deps.onChange(),
    });
    this.#looking = new Looking({
      clock: deps.clock,
      look: (at) => this.#look(at),
      nextMs: (at) => this.#nextMs(at),
    });
  }

  /** The highest pair accepted. */
  get fence(): OrderFence {
    return this.#fence;
  }

  /** By the orders of `fence` from now on: exclusive VMs are told what they may do. */
  fenceBy(fence: OrderFence): void {
    this.#fence = fence;
    this.#lookAtFence(this.now());
  }

  /** All that was left behind is put: events come from here on, and no silence before counts. */
  takenOver(): void {
    for (const entry of this.copies.all()) this.#lookBeside(entry);
    this.#looking.silenceMs(this.now());
  }

  /** Clears up what a former process left half done, and lets time pass. */
  start(): void {
    for (const { vm } of this.copies.all()) {
      this.#applier.perform(vm, tidy(vm));
    }
    this.#leaseWatch = this.#lease.watch(() => {
      this.#lookAtFence(this.now());
      this.#looking.wake();
    });
    this.#looking.start();
  }

  /** Nothing is told to any of them afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#leaseWatch?.[Symbol.dispose]();
    await this.#looking.stop();
    await this.#sizes.stop();
    await this.#applier.stop();
  }

  /** Resolves when what was wanted of the copy so far is done. */
  async settled(copy: CopyId): Promise<void> {
    await this.#applier.settled(copy);
  }

  /** All copies of all VMs as they are now. */
  observed(): ObservedVm[] {
    const at = this.now();
    return this.copies.reported().map((entry) => {
      const { guest } = entry.vm;
      return {
        ...shownOf(entry, at),
        closureBytes: guest.kind === "on"
          ? this.#sizes.of(guest.target.spec)
          : null,
      };
    });
  }

  put(vm: Vm): void {
    this.#noteRunning(vm, null);
    const known = { ...vm, fencing: this.#fencing };
    const at = this.now();
    const wakesAtMs = wakeAtMs(known, at);
    const entry = { vm: known, at, wakesAtMs, shown: null, former: null };
    this.copies.put(entry);
    this.#lookBeside(entry);
  }

  /** The network goes by what runs: an order may be for what comes next. */
  #noteRunning(vm: Vm, before: Vm | null): void {
    const { guest } = vm;
    const was = before?.guest.kind === "on" ? before.guest.target : null;
    if (guest.kind !== "on" || guest.target === was) return;
    this.#deps.network?.runs(vm, guest.target);
  }

  /** Before anything is told to it: what the state begins with. */
  #lookBeside(entry: Entry): void {
    entry.vm = { ...entry.vm, isBeside: this.copies.isBeside(entry) };
  }

  /** A copy has got or lost its guest: the others may have waited for it. */
  #tellOthers(entry: Entry, at: number): void {
    for (const other of this.copies.others(entry)) {
      const isBeside = this.copies.isBeside(other);
      if (isBeside === other.vm.isBeside) continue;
      this.tell(copyKey(other.vm), { kind: "beside", at, isBeside });
    }
  }

  /** A VM ended by itself. */
  exited(exit: VmExit): void {
    const { clean, reason, fenced = false } = exit;
    this.tell(copyKey(exit), {
      kind: "exited",
      at: this.now(),
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
    for (const key of this.copies.keys()) {
      this.tell(key, { kind: "fenced", at, fencing });
    }
  }

  /** Tells every VM of time in which nothing was looked at. */
  #noticeSilence(at: number): void {
    const ms = this.#looking.silenceMs(at);
    if (ms === 0) return;
    for (const key of this.copies.keys()) {
      this.tell(key, { kind: "slept", at, ms });
    }
  }

  tell(key: string, event: VmEvent): void {
    this.#noticeSilence(event.at);
    this.#lookAtFence(event.at);
    const entry = this.copies.get(key);
    if (entry === undefined || this.#stopping.signal.aborted) return;
    const before = hasGuest(entry.vm);
    const { vm, actions } = step(entry.vm, event);
    this.#noteRunning(vm, entry.vm);
    if (actions.some(isVerdict)) withhold(entry, entry.vm);
    entry.vm = vm;
    entry.at = event.at;
    entry.wakesAtMs = wakeAtMs(vm, event.at);
    if (vm.guest.kind === "forgotten") this.copies.drop(vm);
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
    this.#deps.onChange();
  }

  #recorded(key: string): void {
    const entry = this.copies.get(key);
    if (entry === undefined) return;
    release(entry);
    this.#show(entry, false);
  }

  #look(at: number): void {
    this.#noticeSilence(at);
    this.#lookAtFence(at);
    for (const [key, { wakesAtMs }] of this.copies.entries()) {
      if (wakesAtMs <= at) this.tell(key, { kind: "tick", at });
    }
  }

  #nextMs(at: number): number {
    const { endsAtMs } = this.#lease;
    let next = endsAtMs > at ? endsAtMs : Infinity;
    for (const [, { wakesAtMs }] of this.copies.entries()) {
      next = Math.min(next, wakesAtMs);
    }
    return next;
  }

  now(): number {
    return this.#deps.clock.bootMs();
  }
}
