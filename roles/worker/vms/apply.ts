/**
 * Performs the actions of the state machine and tells it what came of them. A
 * switch; every condition worth testing is in core/.
 *
 * @module
 */
import { MAX_ORDERS } from "../../model/assignment.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { HostFailure } from "../../model/observed.ts";
import type { Clock } from "../../model/ports.ts";
import { failpoint } from "../../process/failpoint.ts";
import { Turns, TurnsByKey } from "../../turns/mod.ts";
import type { Vmm } from "../../../vmm/mod.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";
import type { Checks } from "./checks.ts";
import type { Closures } from "../closures/closures.ts";
import {
  type Action,
  isVerdict,
  type SaveReason,
  type VmEvent,
} from "./core/vm_messages.ts";
import { errorWords } from "./core/host_failure.ts";
import { Fetches } from "../closures/fetches.ts";
import type { LedgerStore } from "./ledger_store.ts";
import type { NetworkOrders } from "../network/network_orders.ts";
import { Switches } from "./switches.ts";
import { Provisions } from "./provisions.ts";
import { Starts } from "./starts.ts";
import type { Restores } from "../seeing/restores.ts";

/** Probes are small; a host with a thousand VMs must not open thousands of sockets in one moment. */
const MAX_PROBES = 64;
/** One for each check of each VM, of which a spec has at most 64. */
const MAX_WAITING_PROBES = 64 * MAX_ORDERS;
/** Steps of one VM that wait for its stop to end, which may take ten minutes: some ten in a second. */
const MAX_WAITING_STEPS = 10_000;
/** A guest that never answered has probably no power button either. */
const CURT_GRACE_MS = 500;

/** What actions are performed with. */
export interface ApplyDeps {
  clock: Clock;
  vmm: Vmm;
  closures: Closures;
  checks: Checks;
  store: LedgerStore;
  volumesDir: string;
  stopGraceMs: number;
  /** What guests need on this host beside their VMM; absent: nothing. */
  provisions?: Provisions;
  /** The guests' network on this host; absent: their VMM's own. */
  network?: NetworkOrders;
  /** The way to the inside of guests; absent: none. */
  guests?: Guests;
  /** Guests that are to go on from a snapshot; absent: none ever. */
  restores?: Restores;
  /** Told when something is left undone on purpose. */
  onWarning: (message: string, error: unknown) => void;
}

/** Who is told what came of actions. */
export interface ApplyNews {
  tell: (copy: CopyId, event: VmEvent) => void;
  /** A save that writes a verdict has ended, well or not. */
  recorded: (copy: CopyId) => void;
}

/** Performs actions of many copies: those of one copy in order, fetches and probes beside. */
export class Applier {
  #deps: ApplyDeps;
  readonly #provisions: Provisions;
  #tell: ApplyNews["tell"];
  readonly #recorded: ApplyNews["recorded"];
  #steps = new TurnsByKey({
    waiting: MAX_WAITING_STEPS,
    what: "steps of one VM",
  });
  readonly #fetches: Fetches;
  readonly #switches: Switches;
  /** The copies whose last save failed. */
  #unsaved = new Set<string>();
  readonly #starts: Starts;
  #probes = new Turns({
    running: MAX_PROBES,
    waiting: MAX_WAITING_PROBES,
    what: "probes",
  });
  #underWay = new Set<Promise<void>>();
  #ending = new AbortController();

  constructor(deps: ApplyDeps, { tell, recorded }: ApplyNews) {
    this.#deps = deps;
    this.#provisions = deps.provisions ?? new Provisions([]);
    this.#tell = (copy, event) => {
      if (!this.#stopped) tell(copy, event);
    };
    this.#recorded = recorded;
    const parts = { ...deps, provisions: this.#provisions };
    this.#fetches = new Fetches(parts, this.#tell);
    this.#starts = new Starts(parts, {
      tell: this.#tell,
      ending: this.#ending.signal,
    });
    this.#switches = new Switches(deps, this.#tell);
  }

  /** Takes the actions of one step. */
  perform(copy: CopyId, actions: readonly Action[]): void {
    const inOrder = actions.filter((action) => !this.#beside(copy, action));
    if (inOrder.length === 0) return;
    this.#track(
      this.#steps.run(copyKey(copy), () => this.#inOrder(copy, inOrder)),
    );
  }

  /** Resolves when the copy's actions so far are done. */
  async settled(copy: CopyId): Promise<void> {
    await this.#steps.run(
      copyKey(copy),
      () => Promise.resolve(),
      this.#ending.signal,
    );
  }

  /** Ends fetches and what waits in line, waits for what is under way; tells nothing any more. */
  async stop(): Promise<void> {
    this.#ending.abort(new AppError("unavailable", "The worker is stopping"));
    this.#fetches.cancelAll();
    this.#switches.giveUpAll();
    while (this.#underWay.size > 0) await Promise.all([...this.#underWay]);
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch((error) => {
      if (error === this.#ending.signal.reason) return;
      this.#deps.onWarning("an action failed unexpectedly", error);
    }).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** True when the action needs no turn and has been begun. */
  #beside(copy: CopyId, action: Action): boolean {
    switch (action.kind) {
      case "fetch":
        this.#track(this.#fetches.fetch(copy, action));
        return true;
      case "cancelFetch":
        this.#fetches.cancel(copy);
        return true;
      case "probe":
        this.#track(this.#probe(copy, action));
        return true;
      case "save":
      case "start":
      case "switch":
      case "stop":
      case "forget":
      case "prune":
      case "publish":
        return false;
    }
  }

  async #inOrder(
    copy: CopyId,
    actions: readonly Action[],
  ): Promise<void> {
    let unsaved: HostFailure | null = null;
    for (const action of actions) {
      if (this.#stopped) return;
      switch (action.kind) {
        case "save":
          unsaved = await this.#save(copy, action.ledger, action.reason) ??
            unsaved;
          if (isVerdict(action)) this.#recorded(copy);
          break;
        case "start":
          await this.#starts.run(copy, action, unsaved);
          break;
        case "switch":
          // Beside what follows: a stop must not wait for it.
          this.#track(this.#switches.run(copy, action, unsaved));
          break;
        case "stop":
          await this.#stop(copy, action, unsaved);
          break;
        case "forget":
          await this.#forget(copy, action.op);
          break;
        case "prune":
          await this.#prune(copy, action.keep);
          break;
        case "publish":
          await this.#publish(copy, action);
          break;
        default:
          break;
      }
    }
  }

  async #save(
    copy: CopyId,
    ledger: Parameters<LedgerStore["save"]>[0],
    reason: SaveReason,
  ): Promise<HostFailure | null> {
    try {
      await this.#deps.store.save(ledger);
      if (this.#unsaved.delete(copyKey(copy))) {
        this.#tell(copy, { kind: "saved", at: this.#now() });
      }
      if (reason === "armed") failpoint("worker.ledger.armed");
      if (reason === "settled") failpoint("worker.vm.settled");
      if (reason === "rolledBack") failpoint("worker.rollback.recorded");
      return null;
    } catch (error) {
      const message = errorWords(toAppError(error));
      const failure: HostFailure = { kind: "disk", message };
      this.#unsaved.add(copyKey(copy));
      this.#tell(copy, { kind: "saveFailed", at: this.#now(), failure });
      return failure;
    }
  }

  async #prune(copy: CopyId, keep: readonly string[]): Promise<void> {
    const kept = [...new Set([...keep, ...this.#fetches.fetched(copy)])];
    await this.#deps.closures.prune(copy, kept).catch((error) =>
      this.#deps.onWarning(`cannot unpin closures of ${copyKey(copy)}`, error)
    );
  }

  async #stop(
    copy: CopyId,
    { op, gentle }: Extract<Action, { kind: "stop" }>,
    unsaved: HostFailure | null,
  ): Promise<void> {
    const failed = (failure: HostFailure) =>
      this.#tell(copy, { kind: "stopFailed", at: this.#now(), op, failure });
    if (unsaved !== null) return failed(unsaved);
    this.#switches.giveUp(copy);
    const graceMs = gentle ? this.#deps.stopGraceMs : CURT_GRACE_MS;
    try {
      await this.#deps.vmm.stop(copy, { graceMs });
      this.#deps.guests?.forget(copy);
      await this.#provisions.withdraw(copy);
      failpoint("worker.vm.stopped");
      this.#tell(copy, { kind: "stopped", at: this.#now(), op });
    } catch (error) {
      failed({ kind: "driver", message: errorWords(toAppError(error)) });
    }
  }

  /** Takes published ports for a guest that runs; its health does not depend on them. */
  async #publish(
    copy: CopyId,
    { op, ...what }: Extract<Action, { kind: "publish" }>,
  ): Promise<void> {
    const { vmm, network } = this.#deps;
    try {
      const published = network === undefined
        ? { ports: [...(await vmm.publish(copy, what.ports)).ports] }
        : await network.publish(vmm, copy, what);
      this.#tell(copy, {
        kind: "published",
        at: this.#now(),
        op,
        ...published,
      });
    } catch (error) {
      const message = errorWords(toAppError(error));
      this.#tell(copy, {
        kind: "publishFailed",
        at: this.#now(),
        op,
        message,
      });
    }
  }

  async #forget(copy: CopyId, op: number): Promise<void> {
    this.#fetches.forget(copy);
    this.#unsaved.delete(copyKey(copy));
    try {
      await this.#provisions.withdraw(copy);
      await this.#deps.closures.prune(copy, []);
      await this.#deps.vmm.forget(copy);
      this.#deps.guests?.forget(copy);
      this.#deps.checks.forget(copy);
      await this.#deps.store.remove(copy);
    } catch (error) {
      // What is left of it is stale files: the VM is gone all the same.
      this.#deps.onWarning(`cannot clear up after ${copyKey(copy)}`, error);
    }
    this.#tell(copy, { kind: "forgotten", at: this.#now(), op });
  }

  async #probe(
    copy: CopyId,
    action: Extract<Action, { kind: "probe" }>,
  ): Promise<void> {
    const { check, startedAtMs } = action;
    const { ok, message } = await this.#probes.run(
      () => this.#deps.checks.probe({ copy, ...action }),
      this.#ending.signal,
    );
    this.#tell(copy, {
      kind: "probed",
      at: this.#now(),
      check: check.name,
      ok,
      message,
      startedAtMs,
    });
  }

  get #stopped(): boolean {
    return this.#ending.signal.aborted;
  }

  #now(): number {
    return this.#deps.clock.bootMs();
  }
}
