/**
 * The worker's VMs: takes over what a former process left, accepts assignments
 * and hands their orders to the state machines (machines.ts), says what is here
 * and passes on what people ask. Decides nothing itself.
 *
 * @module
 */
import type { Assignment, OrderFence } from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { MAX_ROOTS, type ObservedVm } from "../../model/observed.ts";
import { Turns } from "../../turns/mod.ts";
import type { LogTail, VmExit } from "../../../vmm/mod.ts";
import type { Target } from "./core/ledger.ts";
import { planAssignment } from "./core/vm_plan.ts";
import { newVm } from "./core/vm_restore.ts";
import { leftBehind, takenOver } from "./left_behind.ts";
import { Machines, type MachinesDeps } from "./machines.ts";

/** One is asked for at a time; a few more may be late answers to polls that were given up. */
const MAX_ACCEPTING = 16;
/** Most of a log given out at once: a terminal's scrollback, and far below a message's limit. */
const MAX_LOG_BYTES = 1024 * 1024;

/** What the VMs are run with. */
export interface VmsOptions extends MachinesDeps {
  name: string;
  bootId: string;
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
  readonly #options: VmsOptions;
  readonly #machines: Machines;
  #leaseMs: number | null = null;
  readonly #accepting = new Turns({
    running: 1,
    waiting: MAX_ACCEPTING,
    what: "assignments",
  });
  #watch: Disposable | null = null;

  constructor(options: VmsOptions) {
    this.#options = options;
    this.#machines = new Machines(options);
  }

  /** The highest pair accepted. */
  get fence(): OrderFence {
    return this.#machines.fence;
  }

  /** The lease's length by the last assignment; null before the first. */
  get leaseMs(): number | null {
    return this.#leaseMs;
  }

  /** Takes over what is there and begins. */
  async start(): Promise<void> {
    const { vmm, store } = this.#options;
    const machines = this.#machines;
    const assignment = await store.loadAssignment();
    const ledgers = await store.loadAll();
    // Before the list: a VM that ends between the two must not count as running for ever.
    let early: VmExit[] | null = [];
    this.#watch = vmm.watch((exit) => {
      if (early === null) machines.exited(exit);
      else early.push(exit);
    });
    const found = await vmm.list();
    let { fence } = machines;
    if (assignment !== null && assignment.worker === this.#options.name) {
      const { leaseEpoch, revision, leaseMs } = assignment;
      fence = { leaseEpoch, revision };
      this.#leaseMs = leaseMs;
    }
    machines.fenceBy(fence);
    const known = leftBehind(assignment?.orders ?? [], ledgers, found);
    await this.#adoptRoots([...known.values()].map(({ copy }) => copy));
    await this.#options.provisions?.adopt(found);
    for (const each of known.values()) {
      const vm = await takenOver(each, this.#options);
      if (vm !== null) machines.put(vm);
    }
    if (assignment !== null) this.#options.network?.accept(assignment);
    machines.takenOver();
    for (const exit of early) machines.exited(exit);
    early = null;
    // Those without an order first: what they hold is wanted.
    const inOrder = [...known].sort(([, a], [, b]) =>
      Number(a.order !== null) - Number(b.order !== null)
    );
    for (const [key, { order }] of inOrder) {
      const at = machines.now();
      if (assignment === null) machines.tell(key, { kind: "tick", at });
      else machines.tell(key, { kind: "ordered", at, order });
    }
    machines.start();
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
    const machines = this.#machines;
    const plan = planAssignment({
      name: this.#options.name,
      fence: machines.fence,
      copies: machines.copies.all().map(({ vm }) => vm),
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
      if (order !== null && machines.copies.get(key) === undefined) {
        machines.put(newVm(copy, this.#options.bootId));
      }
      machines.tell(key, { kind: "ordered", at: machines.now(), order });
    }
    // Last: while one VM still has its old order, no exclusive one may start.
    machines.fenceBy(plan.fence);
    this.#options.onChange();
    return { kind: "accepted", reason: "" };
  }

  /** All copies of all VMs as they are now. */
  observed(): ObservedVm[] {
    return this.#machines.observed();
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
    const found = this.#machines.copies.meant(id, incarnation);
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
    return this.#machines.copies.all().map(({ vm: { id, incarnation } }) => ({
      id,
      incarnation,
    }));
  }

  /** Somebody asked for something beside the orders: see `vm_asked.ts`. */
  ask(copy: CopyId, asked: Asked): void {
    const at = this.#machines.now();
    this.#machines.tell(copyKey(copy), { ...asked, at });
  }

  /**
   * As {@linkcode ask}, and resolves when what is remembered of it is on disk:
   * it outlives this process then.
   *
   * @throws {AppError} `storage` when it cannot be kept, `unavailable` when the worker stops.
   */
  async askAndKeep(copy: CopyId, asked: Asked): Promise<void> {
    this.ask(copy, asked);
    await this.#machines.settled(copy);
    const { copies } = this.#machines;
    if (copies.get(copyKey(copy))?.vm.unsaved !== true) return;
    throw new AppError(
      "storage",
      `Cannot keep what was asked of "${copy.id}": the disk refuses it`,
      { hint: "free space or mend the disk that the run directory is on" },
    );
  }

  /** Lets go of the VMs; they keep running. */
  async stop(): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    await this.#machines.stop();
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
      const { copies } = this.#machines;
      const ledger = copies.get(copyKey(copy))?.vm.ledger;
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
}
