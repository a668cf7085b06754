/**
 * Performs the actions of the state machine and tells it what came of them. A
 * switch; every condition worth testing is in core/.
 *
 * @module
 */
import { MAX_ORDERS } from "../model/assignment.ts";
import { storePathsOf } from "../model/blueprint.ts";
import { AppError, toAppError } from "../model/errors.ts";
import type { HostFailure } from "../model/observed.ts";
import type { Clock } from "../model/ports.ts";
import { failpoint } from "../process/failpoint.ts";
import { Turns, TurnsByKey } from "../turns/mod.ts";
import { directoryName, vmConfigOf, type Vmm } from "../../vmm/mod.ts";
import type { Checks } from "./checks.ts";
import type { Closures } from "./closures.ts";
import type { Target } from "./core/ledger.ts";
import type { Action, SaveReason, VmEvent } from "./core/vm_state.ts";
import type { LedgerStore } from "./ledger_store.ts";

/** QEMU reads kernels and translates code when it starts: more at once only slow each other down. */
const MAX_STARTS = 4;
/** Probes are small; a host with a thousand VMs must not open thousands of sockets in one moment. */
const MAX_PROBES = 64;
/** One for each VM, so that none is refused its place in line. */
const MAX_WAITING_STARTS = MAX_ORDERS;
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
  /** Told when something is left undone on purpose. */
  onWarning: (message: string, error: unknown) => void;
}

/** What an error says about the host; null when the image is to blame. */
export function hostFailureOf(
  error: AppError,
  otherwise: HostFailure["kind"],
): HostFailure | null {
  const message = error.hint === undefined
    ? error.message
    : `${error.message} (${error.hint})`;
  const failure = (kind: HostFailure["kind"]): HostFailure => ({
    kind,
    message: message.slice(0, 2000),
  });
  if (/no space left|disk is full|quota exceeded/i.test(error.message)) {
    return failure("disk");
  }
  switch (error.code) {
    case "invalid":
      return otherwise === "driver" ? null : failure(otherwise);
    case "storage":
      return failure("disk");
    case "missing_dependency":
      return failure("driver");
    case "overloaded":
      return failure("capacity");
    case "not_found":
      return failure("cache");
    default:
      return failure(otherwise);
  }
}

/** Performs actions of many VMs: those of one VM in order, fetches and probes beside. */
export class Applier {
  #deps: ApplyDeps;
  #tell: (vm: string, event: VmEvent) => void;
  #steps = new TurnsByKey({
    waiting: MAX_WAITING_STEPS,
    what: "steps of one VM",
  });
  #fetches = new Map<string, AbortController>();
  /** The runtimes last fetched for each VM: what an older change unpins must not be among them. */
  #fetched = new Map<string, readonly string[]>();
  #starts = new Turns({
    running: MAX_STARTS,
    waiting: MAX_WAITING_STARTS,
    what: "starting VMs",
  });
  #probes = new Turns({
    running: MAX_PROBES,
    waiting: MAX_WAITING_PROBES,
    what: "probes",
  });
  #underWay = new Set<Promise<void>>();
  #ending = new AbortController();

  constructor(deps: ApplyDeps, tell: (vm: string, event: VmEvent) => void) {
    this.#deps = deps;
    this.#tell = (vm, event) => {
      if (!this.#stopped) tell(vm, event);
    };
  }

  /** Takes the actions of one step. */
  perform(vm: string, actions: readonly Action[]): void {
    const inOrder = actions.filter((action) => !this.#beside(vm, action));
    if (inOrder.length === 0) return;
    this.#track(this.#steps.run(vm, () => this.#inOrder(vm, inOrder)));
  }

  /** Ends fetches and what waits in line, waits for what is under way; tells nothing any more. */
  async stop(): Promise<void> {
    this.#ending.abort(new AppError("unavailable", "The worker is stopping"));
    for (const controller of this.#fetches.values()) controller.abort();
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
  #beside(vm: string, action: Action): boolean {
    switch (action.kind) {
      case "fetch":
        this.#fetches.get(vm)?.abort();
        this.#track(this.#fetch(vm, action));
        return true;
      case "cancelFetch":
        this.#fetches.get(vm)?.abort();
        return true;
      case "probe":
        this.#track(this.#probe(vm, action));
        return true;
      case "save":
      case "start":
      case "stop":
      case "forget":
      case "prune":
        return false;
    }
  }

  async #inOrder(vm: string, actions: readonly Action[]): Promise<void> {
    let unsaved: HostFailure | null = null;
    for (const action of actions) {
      if (this.#stopped) return;
      switch (action.kind) {
        case "save":
          unsaved = await this.#save(vm, action.ledger, action.reason) ??
            unsaved;
          break;
        case "start":
          await this.#start(vm, action, unsaved);
          break;
        case "stop":
          await this.#stop(vm, action, unsaved);
          break;
        case "forget":
          await this.#forget(vm, action.op);
          break;
        case "prune":
          await this.#prune(vm, action.keep);
          break;
        default:
          break;
      }
    }
  }

  async #save(
    vm: string,
    ledger: Parameters<LedgerStore["save"]>[0],
    reason: SaveReason,
  ): Promise<HostFailure | null> {
    try {
      await this.#deps.store.save(ledger);
      if (reason === "armed") failpoint("worker.ledger.armed");
      if (reason === "settled") failpoint("worker.vm.settled");
      if (reason === "rolledBack") failpoint("worker.rollback.recorded");
      return null;
    } catch (error) {
      const { message } = toAppError(error);
      const failure: HostFailure = { kind: "disk", message };
      this.#tell(vm, { kind: "saveFailed", at: this.#now(), failure });
      return failure;
    }
  }

  async #fetch(
    vm: string,
    action: Extract<Action, { kind: "fetch" }>,
  ): Promise<void> {
    const { target, fallback } = action;
    const controller = new AbortController();
    this.#fetches.set(vm, controller);
    const wanted = fallback === null ? [target] : [target, fallback];
    this.#fetched.set(vm, wanted.map(({ runtimeHash }) => runtimeHash));
    try {
      await this.#fetchBoth(vm, action, controller.signal);
    } finally {
      if (this.#fetches.get(vm) === controller) this.#fetches.delete(vm);
    }
  }

  async #fetchBoth(
    vm: string,
    { op, target, fallback }: Extract<Action, { kind: "fetch" }>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#bring(vm, target, signal);
    } catch (error) {
      if (signal.aborted) return;
      const failure = hostFailureOf(toAppError(error), "cache") ??
        { kind: "cache", message: String(error) };
      return this.#tell(vm, {
        kind: "fetchFailed",
        at: this.#now(),
        op,
        failure,
      });
    }
    this.#tell(vm, { kind: "fetched", at: this.#now(), op });
    if (fallback === null || signal.aborted) return;
    // The way back should not need the cache; that it may is no reason not to go.
    await this.#bring(vm, fallback, signal).catch((error) => {
      if (signal.aborted) return;
      this.#deps.onWarning(`cannot fetch the fallback of ${vm}`, error);
    });
  }

  async #prune(vm: string, keep: readonly string[]): Promise<void> {
    const kept = [...new Set([...keep, ...this.#fetched.get(vm) ?? []])];
    await this.#deps.closures.prune(vm, kept).catch((error) =>
      this.#deps.onWarning(`cannot unpin closures of ${vm}`, error)
    );
  }

  async #bring(
    vm: string,
    target: Target,
    signal: AbortSignal,
  ): Promise<void> {
    const paths = storePathsOf([target.spec]);
    await this.#deps.closures.ensure(paths, signal);
    await this.#deps.closures.pin(vm, target.runtimeHash, paths);
  }

  async #start(
    vm: string,
    { op, target }: Extract<Action, { kind: "start" }>,
    unsaved: HostFailure | null,
  ): Promise<void> {
    const failed = (failure: HostFailure | null, message: string) =>
      this.#tell(vm, {
        kind: "startFailed",
        at: this.#now(),
        op,
        failure,
        message,
      });
    if (unsaved !== null) return failed(unsaved, unsaved.message);
    const { vmm, closures, volumesDir } = this.#deps;
    try {
      const config = vmConfigOf({ id: vm, ...target }, {
        physical: (path) => closures.physical(path),
        volumesDir: `${volumesDir}/${directoryName(vm)}`,
      });
      const { host, ports, startedAtMs } = await this.#starts.run(
        () => vmm.start(config),
        this.#ending.signal,
      );
      failpoint("worker.vm.started");
      this.#tell(vm, {
        kind: "started",
        at: this.#now(),
        op,
        host,
        ports: [...ports],
        startedAtMs,
      });
    } catch (error) {
      const known = toAppError(error);
      if (known.code === "conflict") {
        // The driver runs what the machine knows nothing of: ended, so that the next try finds room.
        await vmm.stop(vm, { graceMs: 0 }).catch((cause) =>
          this.#deps.onWarning(`cannot end the unknown ${vm}`, cause)
        );
      }
      failed(hostFailureOf(known, "driver"), known.message);
    }
  }

  async #stop(
    vm: string,
    { op, gentle }: Extract<Action, { kind: "stop" }>,
    unsaved: HostFailure | null,
  ): Promise<void> {
    const failed = (failure: HostFailure) =>
      this.#tell(vm, { kind: "stopFailed", at: this.#now(), op, failure });
    if (unsaved !== null) return failed(unsaved);
    const graceMs = gentle ? this.#deps.stopGraceMs : CURT_GRACE_MS;
    try {
      await this.#deps.vmm.stop(vm, { graceMs });
      failpoint("worker.vm.stopped");
      this.#tell(vm, { kind: "stopped", at: this.#now(), op });
    } catch (error) {
      const { message } = toAppError(error);
      failed({ kind: "driver", message });
    }
  }

  async #forget(vm: string, op: number): Promise<void> {
    this.#fetches.get(vm)?.abort();
    this.#fetched.delete(vm);
    try {
      await this.#deps.closures.prune(vm, []);
      await this.#deps.vmm.forget(vm);
      this.#deps.checks.forget(vm);
      await this.#deps.store.remove(vm);
    } catch (error) {
      // What is left of it is stale files: the VM is gone all the same.
      this.#deps.onWarning(`cannot clear up after ${vm}`, error);
    }
    this.#tell(vm, { kind: "forgotten", at: this.#now(), op });
  }

  async #probe(
    vm: string,
    action: Extract<Action, { kind: "probe" }>,
  ): Promise<void> {
    const { check, startedAtMs } = action;
    const { ok, message } = await this.#probes.run(
      () => this.#deps.checks.probe({ vm, ...action }),
      this.#ending.signal,
    );
    this.#tell(vm, {
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
