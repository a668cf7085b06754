/**
 * What people see of one VM and do to it, beside its orders: finds the copy
 * that is meant and passes on to who can. Changes no desired state: an order
 * that comes later counts.
 *
 * @module
 */
import { within } from "../../clock/within.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey, Name } from "../../model/ids.ts";
import { parseWith } from "../../model/parse.ts";
import type { Clock } from "../../model/ports.ts";
import type { SnapshotInfo } from "../../model/snapshot.ts";
import { TurnsByKey } from "../../turns/mod.ts";
import type {
  LogPiece,
  LogRequest,
  VmFigures,
  Vmm,
  VmmCapabilities,
} from "../../../vmm/mod.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";
import type { Target } from "../vms/core/ledger.ts";
import type { Vms } from "../vms/vms.ts";
import { type CommandSink, RunningCommand } from "./command.ts";
import { ConsoleAttachment, type ConsoleSink } from "./console.ts";
import { LogReader } from "./logs.ts";
import type { Restores } from "./restores.ts";
import type { Snapshots } from "./snapshots.ts";

/** Readers of consoles on one host: each holds some hundred KiB. */
const MAX_CONSOLES = 32;
/** Commands of people on one host: each holds a place on a guest's channel. */
const MAX_COMMANDS = 64;
/** A snapshot writes the guest's memory; the next one waits. */
const MAX_WAITING_ACTS = 4;
/** Stopping the guest and loading its memory; longer means that it will not come. */
const MAX_RESTORE_MS = 5 * 60_000;
const MIB = 1024 * 1024;
/** Words of a command and their length: Linux takes no longer single word. */
const MAX_WORDS = 1024;
const MAX_WORDS_CHARS = 128 * 1024;

/** What is asked of a log, and of which copy (0: the main one). */
export interface LogAsk extends LogRequest {
  incarnation: number;
  waitMs: number;
}

/** A part of a log, and whose. */
export interface CopyLogPiece extends LogPiece {
  incarnation: number;
}

export interface VmAccessDeps {
  vms: Pick<Vms, "copy" | "copies" | "ask" | "askAndKeep">;
  vmm: Vmm;
  /** The inside of guests; absent: this worker cannot reach it. */
  guests?: Guests;
  snapshots: Snapshots;
  restores: Restores;
  /** That so much may be written to the disk of snapshots. @throws {AppError} `storage`. */
  requireRoom: (bytes: number, what: string) => Promise<void>;
  clock: Clock;
}

export class VmAccess {
  readonly #deps: VmAccessDeps;
  readonly #logs: LogReader;
  readonly #acts = new TurnsByKey({
    waiting: MAX_WAITING_ACTS,
    what: "requests for this VM",
  });
  readonly #consoles = new Set<ConsoleAttachment>();
  readonly #commands = new Set<RunningCommand>();

  constructor(deps: VmAccessDeps) {
    this.#deps = deps;
    this.#logs = new LogReader(deps);
  }

  async readLog(
    id: string,
    { incarnation, ...request }: LogAsk,
    signal: AbortSignal,
  ): Promise<CopyLogPiece> {
    const copy = this.#deps.vms.copy(id, incarnation);
    const piece = await this.#logs.read(copy, request, signal);
    return { ...piece, incarnation: copy.incarnation };
  }

  async figures(id: string): Promise<VmFigures & { atMs: number }> {
    const { vmm, vms, clock } = this.#deps;
    const figures = await vmm.figures(vms.copy(id));
    return { ...figures, atMs: clock.now() };
  }

  /** @throws {AppError} `overloaded`, and what the driver throws. */
  async console(id: string, sink: ConsoleSink): Promise<ConsoleAttachment> {
    const { vmm, vms, clock } = this.#deps;
    const copy = vms.copy(id);
    this.#assertCan("console", `attach to the console of "${id}"`);
    assertRoom(this.#consoles, MAX_CONSOLES, "consoles are attached");
    const attached = new ConsoleAttachment(
      await vmm.console(copy),
      sink,
      clock,
    );
    return kept(this.#consoles, attached);
  }

  /** Runs a command inside the guest, never on this host. */
  exec(
    id: string,
    request: { argv: readonly string[]; timeoutMs: number },
    sink: CommandSink,
  ): RunningCommand {
    const { guests, vms, clock } = this.#deps;
    const copy = vms.copy(id);
    assertCommand(request.argv);
    if (guests === undefined) {
      throw new AppError(
        "refused",
        `Cannot run a command inside "${id}": its worker has no way in`,
      );
    }
    this.#assertCan("guestChannel", `run a command inside "${id}"`);
    if (copy.target === null) {
      throw new AppError(
        "not_found",
        `Cannot run a command inside "${id}": it does not run`,
        { hint: "see: procurator status" },
      );
    }
    assertRoom(this.#commands, MAX_COMMANDS, "commands run inside guests");
    const command = new RunningCommand({ copy, ...request }, sink, {
      guests,
      clock,
    });
    return kept(this.#commands, command);
  }

  /** Its processors stand still until `resume`. Idempotent. */
  async pause(id: string): Promise<void> {
    await this.#onGuest(id, "pause", `pause "${id}"`, async (copy) => {
      const { vms, vmm } = this.#deps;
      // Told first: the checks of a guest that stands still must not fail it.
      try {
        await vms.askAndKeep(copy, { kind: "paused", isPaused: true });
        await vmm.pause(copy);
      } catch (error) {
        vms.ask(copy, { kind: "paused", isPaused: false });
        throw error;
      }
    });
  }

  /** Idempotent. */
  async resume(id: string): Promise<void> {
    await this.#onGuest(id, "pause", `resume "${id}"`, async (copy) => {
      await this.#deps.vmm.resume(copy);
      await this.#deps.vms.askAndKeep(copy, {
        kind: "paused",
        isPaused: false,
      });
    });
  }

  async snapshot(id: string, name: string): Promise<SnapshotInfo> {
    const parsed = snapshotName(name);
    const { vmm, snapshots, clock, vms, requireRoom } = this.#deps;
    const what = `make a snapshot of "${id}"`;
    return await this.#onGuest(
      id,
      "snapshot",
      what,
      async (copy, { runtimeHash, generation, spec }) => {
        const { paused } = await this.#asBooted(copy, runtimeHash);
        await snapshots.sweep(vms.copies());
        // A disk that it fills is that of running guests' volumes, too.
        await requireRoom(spec.memoryMib * MIB, what);
        using _held = this.#held(copy, paused);
        return await snapshots.make(copy, {
          name: parsed,
          createdAtMs: clock.now(),
          runtimeHash,
          generation,
        }, (dir) => vmm.snapshot(copy, dir));
      },
    );
  }

  async snapshots(id: string): Promise<SnapshotInfo[]> {
    return await this.#deps.snapshots.list(this.#deps.vms.copy(id));
  }

  async deleteSnapshot(id: string, name: string): Promise<void> {
    const parsed = snapshotName(name);
    const copy = this.#deps.vms.copy(id);
    await this.#acts.run(
      copyKey(copy),
      () => this.#deps.snapshots.remove(copy, parsed),
    );
  }

  /** The guest ends and goes on from the snapshot; it is started as usual when that does not load. */
  async restore(id: string, name: string): Promise<void> {
    const parsed = snapshotName(name);
    const what = `restore "${id}"`;
    await this.#onGuest(id, "snapshot", what, async (copy, target) => {
      const { snapshots, restores, vms, clock } = this.#deps;
      const { dir, info } = await snapshots.find(copy, parsed);
      if (info.runtimeHash !== target.runtimeHash) {
        throw new AppError(
          "refused",
          `Cannot ${what} from "${parsed}": it is of generation ${info.generation}, whose content was another one`,
          { hint: "a snapshot goes on only under the content it was made of" },
        );
      }
      using asked = restores.ask(copy, {
        dir,
        runtimeHash: info.runtimeHash,
      });
      vms.ask(copy, { kind: "again", stops: true });
      await within({
        clock,
        ms: MAX_RESTORE_MS,
        late: `"${id}" was not restored within ${MAX_RESTORE_MS / 1000} s`,
      }, () => asked.restored);
    });
  }

  /** Starts now what waits or has ended. */
  start(id: string): void {
    this.#deps.vms.ask(this.#deps.vms.copy(id), {
      kind: "again",
      stops: false,
    });
  }

  /** Ends the guest and drops what is kept of it but its volumes; what is ordered then begins as new. */
  async remake(id: string): Promise<void> {
    const { vms, snapshots } = this.#deps;
    const { id: vm, incarnation } = vms.copy(id);
    const copy = { id: vm, incarnation };
    await this.#acts.run(copyKey(copy), async () => {
      await snapshots.removeAll(copy);
      vms.ask(copy, { kind: "remake" });
    });
  }

  /**
   * After the worker's start: what a former process was killed in the middle
   * of. A guest that is told as paused is; snapshots of copies that are gone go.
   */
  async takeOver(paused: readonly CopyId[]): Promise<void> {
    const { vms, vmm, snapshots } = this.#deps;
    await snapshots.sweep(vms.copies());
    for (const copy of paused) {
      await vmm.pause(copy).catch(() =>
        vms.ask(copy, { kind: "paused", isPaused: false })
      );
    }
  }

  /** Detaches everybody. */
  async close(): Promise<void> {
    for (const attached of this.#consoles) attached.close();
    for (const command of this.#commands) command.end();
    await Promise.all(
      [...this.#consoles, ...this.#commands].map(({ ended }) => ended),
    );
  }

  /** On the main copy's guest, after what was asked before. */
  async #onGuest<T>(
    id: string,
    capability: keyof VmmCapabilities,
    what: string,
    act: (copy: CopyId, target: Target) => Promise<T>,
  ): Promise<T> {
    const { id: vm, incarnation } = this.#deps.vms.copy(id);
    this.#assertCan(capability, what);
    const copy = { id: vm, incarnation };
    return await this.#acts.run(copyKey(copy), async () => {
      const { target } = this.#deps.vms.copy(id, incarnation);
      if (target !== null) return await act(copy, target);
      throw new AppError("not_found", `Cannot ${what}: it does not run`, {
        hint: "see: procurator status",
      });
    });
  }

  /** Its checks do not fail it while it stands still for us; what a person has paused stays so. */
  #held(copy: CopyId, isPaused: boolean): Disposable {
    const tell = (isHeld: boolean) => {
      if (isPaused) return;
      this.#deps.vms.ask(copy, {
        kind: "paused",
        isPaused: isHeld,
        isKept: false,
      });
    };
    tell(true);
    return { [Symbol.dispose]: () => tell(false) };
  }

  /** What was switched in place goes on from a snapshot as neither: it would be lost by the restore. */
  async #asBooted(
    copy: CopyId,
    runtimeHash: string,
  ): Promise<{ paused: boolean }> {
    const key = copyKey(copy);
    const runs = (await this.#deps.vmm.list()).find((vm) =>
      copyKey(vm) === key
    );
    // The driver tells of one that does not run.
    if (runs === undefined) return { paused: false };
    if (runs.runtimeHash === runtimeHash) return runs;
    throw new AppError(
      "refused",
      `Cannot make a snapshot of "${copy.id}": it was switched in place since its boot, and could not be restored`,
      { hint: "it can be made once the VM has been started anew" },
    );
  }

  #assertCan(capability: keyof VmmCapabilities, what: string): void {
    const { vmm } = this.#deps;
    if (vmm.capabilities[capability]) return;
    throw new AppError(
      "refused",
      `Cannot ${what}: driver ${vmm.name} does not`,
    );
  }
}

function snapshotName(name: string): string {
  return parseWith(Name, name, { what: "the snapshot's name" });
}

function assertCommand(argv: readonly string[]): void {
  const chars = argv.reduce((sum, word) => sum + word.length, 0);
  const isSane = argv.length > 0 && argv[0] !== "" &&
    argv.length <= MAX_WORDS && chars <= MAX_WORDS_CHARS &&
    !argv.some((word) => word.includes("\0"));
  if (isSane) return;
  throw new AppError(
    "invalid",
    `Cannot run that: a command is 1 to ${MAX_WORDS} words, ${MAX_WORDS_CHARS} characters in all`,
  );
}

function assertRoom(
  set: ReadonlySet<unknown>,
  most: number,
  what: string,
): void {
  if (set.size < most) return;
  throw new AppError("overloaded", `${set.size} ${what} on this worker`, {
    hint: "end one of them, or try again later",
  });
}

/** In the set until it has ended. */
function kept<T extends { ended: Promise<void> }>(set: Set<T>, one: T): T {
  set.add(one);
  void one.ended.then(() => set.delete(one));
  return one;
}
