/**
 * The QEMUs that run: connected by QMP, looked at once a second, their ends
 * told. Takes over what a former process left. Starts and stops none.
 *
 * @module
 */
import { removeIfThere } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { CopyConsole } from "../host/console.ts";
import type { LogBounds } from "../core/boot_log.ts";
import type { Recorded, RunRecord } from "../core/run_record.ts";
import { connectGuest } from "../host/guest_connection.ts";
import { readBootId } from "../host/process_table.ts";
import { adoptVms } from "../host/adopt.ts";
import { connectQmp, type Qmp, statusOf } from "./qmp.ts";
import { recoverTransfer } from "./transfer.ts";
import type { RunDirectory } from "../host/run_directory.ts";
import { boundSerialLog, readBootLog, tailOf } from "../host/serial_log.ts";
import type { GuardedEnd, Spawner } from "../host/spawner.ts";
import type { VmProcesses } from "../host/vm_process.ts";
import type { VmExit, VmInstance } from "../vmm.ts";

/** How often processes are looked at and logs bounded, beside the events of QMP. */
const WATCH_INTERVAL_MS = 1000;
/** Between two questions to the guard that has not noticed an end yet. */
const LOOK_AGAIN_MS = 20;
/** An adopted QEMU has to answer within this, else it is ended. */
const ADOPT_TIMEOUT_MS = 10_000;

/** A QEMU that runs. */
export interface Running {
  record: Recorded;
  instance: VmInstance;
  qmp: Qmp | null;
  /** QEMU's word for why it shuts down, once said. */
  shutdownReason: string | null;
  /** `stop` was called: the end is no exit to tell. */
  stopping: boolean;
  /** Its end was seen and is being told. */
  ended: boolean;
  readonly console: CopyConsole;
  /** It stands still since its disk could not be written, or a snapshot could not let it go: tried again with each look. */
  isStalled: boolean;
  /** Somebody is connected to the guest channel. */
  hasChannel: boolean;
}

/** What the fleet works with. */
export interface FleetDeps {
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  logBounds: LogBounds;
  /** A QEMU that has not answered by then is told as one that hangs. */
  requestTimeoutMs: number;
  spawner?: Spawner;
  onWarning: (message: string, error: unknown) => void;
}

export class QemuFleet {
  readonly #deps: FleetDeps;
  /** By copy. */
  readonly #running = new Map<string, Running>();
  readonly #watchers = new Set<(exit: VmExit) => void>();
  readonly #closing = new AbortController();
  #adopted: Promise<void> | null = null;
  #watching: Promise<void> | null = null;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  get(copy: CopyId): Running | undefined {
    return this.#running.get(copyKey(copy));
  }

  /** @throws {AppError} `not_found` when the copy does not run. */
  required(copy: CopyId, what: string): Running {
    const running = this.get(copy);
    if (running !== undefined) return running;
    throw new AppError(
      "not_found",
      `Cannot ${what} "${copy.id}": it does not run here`,
    );
  }

  /** @throws {AppError} `not_found`, `conflict` when it is being ended, `unavailable` when QEMU is lost for a moment: the watch loop connects again. */
  monitor(copy: CopyId, what: string): { running: Running; qmp: Qmp } {
    const running = this.required(copy, what);
    const { qmp } = running;
    // What stands still hears no power button.
    if (running.stopping) {
      throw new AppError(
        "conflict",
        `Cannot ${what} "${copy.id}": it is being stopped`,
      );
    }
    if (qmp !== null) return { running, qmp };
    throw new AppError(
      "unavailable",
      `Cannot ${what} "${copy.id}": QEMU does not answer`,
    );
  }

  all(): Running[] {
    return [...this.#running.values()];
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    this.#watching ??= this.#watchLoop();
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  /** Takes over a QEMU that runs. @throws {AppError} when it does not answer. */
  async watchOver(record: Recorded): Promise<Running> {
    const running: Running = {
      record,
      instance: instanceOf(record, false),
      qmp: null,
      shutdownReason: null,
      stopping: false,
      ended: false,
      console: this.#consoleOf(record),
      isStalled: false,
      hasChannel: false,
    };
    await this.#connect(running, ADOPT_TIMEOUT_MS);
    this.#running.set(copyKey(record), running);
    return running;
  }

  /** It has been ended, by us. */
  drop(running: Running): void {
    this.#letGo(running);
    running.qmp?.close();
  }

  /** Its record is another one from now on. */
  async record(running: Running, record: Recorded): Promise<void> {
    await this.#deps.directory.write(record);
    running.record = record;
    running.instance = instanceOf(record, running.instance.paused);
  }

  /** Looks after everything in the run directory, once. */
  adopt(): Promise<void> {
    this.#adopted ??= this.#adoptAll().catch((error) => {
      this.#adopted = null;
      throw error;
    });
    return this.#adopted;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const running of this.#running.values()) {
      running.console.close();
      running.qmp?.close();
    }
    await this.#watching;
  }

  async #adoptAll(): Promise<void> {
    await adoptVms({
      ...this.#deps,
      bootId: await readBootId(),
      watchOver: (record) => this.#takeOver(record),
    });
  }

  /** A VM that was being kept or restored when its worker died is in between. */
  async #takeOver(record: Recorded): Promise<void> {
    const running = await this.watchOver(record);
    const { directory, clock } = this.#deps;
    const { saving: mark } = directory.paths(record);
    try {
      const { qmp } = running;
      if (qmp === null) return;
      if (await recoverTransfer(qmp, { id: record.id, mark, clock })) {
        running.instance = instanceOf(record, false);
      }
    } catch (error) {
      running.stopping = true;
      this.drop(running);
      throw error;
    }
  }

  #consoleOf(copy: CopyId): CopyConsole {
    const { directory, clock, logBounds } = this.#deps;
    const paths = directory.paths(copy);
    return new CopyConsole({
      id: copy.id,
      clock,
      tail: (maxBytes) => tailOf(paths.dir, maxBytes),
      read: (at) =>
        readBootLog(
          paths.dir,
          { ...at, generation: 0 },
          () => this.get(copy) !== undefined,
          logBounds,
        ),
      openInput: () =>
        connectGuest(paths.console, `the console of "${copy.id}"`),
    });
  }

  async #connect(running: Running, timeoutMs: number): Promise<void> {
    const { directory, requestTimeoutMs } = this.#deps;
    const { socket } = directory.paths(running.record);
    const qmp = await connectQmp(socket, {
      timeoutMs,
      requestTimeoutMs,
      onEvent: ({ event, data }) => {
        if (event === "SHUTDOWN") {
          running.shutdownReason ??= String(data.reason ?? "unknown");
        }
        // The host's disk is full or broken, which is no fault of the guest's.
        if (event === "BLOCK_IO_ERROR" && data.action === "stop") {
          running.isStalled = true;
        }
      },
    });
    const status = await statusOf(qmp);
    running.instance = instanceOf(running.record, status === "paused");
    running.isStalled = status === "io-error";
    running.qmp = qmp;
    qmp.closed.then(() => {
      running.qmp = null;
      if (!this.#closing.signal.aborted) return this.#onClosed(running);
    }).catch((error) =>
      this.#deps.onWarning(`cannot watch ${running.record.id}`, error)
    );
  }

  /** Attached consoles read to the end of the log and close by themselves. */
  #letGo(running: Running): void {
    this.#running.delete(copyKey(running.record));
  }

  // ---- ends ----

  async #onClosed(running: Running): Promise<void> {
    if (running.stopping || this.get(running.record) === undefined) return;
    const { clock, processes } = this.#deps;
    // QEMU closes the socket a moment before it is gone; a socket lost for another reason is connected again by the loop.
    const end = clock.bootMs() + WATCH_INTERVAL_MS;
    if (await processes.untilEnded(running.record, end)) {
      await this.#exited(running);
    }
  }

  async #exited(running: Running): Promise<void> {
    if (running.stopping || running.ended) return;
    running.ended = true;
    await this.#deps.directory.clear(running.record);
    this.#letGo(running);
    const end = running.record.guarded === true
      ? await this.#guardedEnd(running.record)
      : null;
    // A stop that came meanwhile tells of the end itself.
    if (running.stopping) return;
    const exit = exitOf(running, end);
    for (const watcher of this.#watchers) watcher(exit);
  }

  /** The guard's word for it; it may notice a moment after we did. */
  async #guardedEnd({ marker }: RunRecord): Promise<GuardedEnd | null> {
    const { spawner, clock } = this.#deps;
    const endMs = clock.bootMs() + WATCH_INTERVAL_MS;
    for (;;) {
      const end = await spawner?.endOf(marker) ?? null;
      if (end !== null || clock.bootMs() >= endMs) return end;
      await clock.sleep(LOOK_AGAIN_MS);
    }
  }

  // ---- the loop ----

  async #watchLoop(): Promise<void> {
    const { clock, onWarning } = this.#deps;
    while (!this.#closing.signal.aborted) {
      for (const running of this.all()) {
        try {
          await this.#look(running);
        } catch (error) {
          onWarning(`cannot look at ${running.record.id}`, error);
        }
      }
      await clock.sleep(WATCH_INTERVAL_MS, this.#closing.signal);
    }
  }

  async #look(running: Running): Promise<void> {
    const { directory, processes, logBounds } = this.#deps;
    const facts = await processes.find(running.record);
    if (facts === null) return await this.#exited(running);
    if (running.qmp === null && !running.stopping) {
      await this.#connect(running, WATCH_INTERVAL_MS);
    }
    const { dir, saving } = directory.paths(running.record);
    if (running.isStalled && running.qmp !== null) {
      running.isStalled = false;
      await letGoOn(running, running.qmp);
      await removeIfThere(saving);
    }
    await boundSerialLog(dir, facts.pid, logBounds);
  }
}

/** Told to run on, unless somebody has paused it meanwhile. */
async function letGoOn(running: Running, qmp: Qmp): Promise<void> {
  if (running.instance.paused) return;
  try {
    await qmp.execute("cont");
  } catch (error) {
    running.isStalled = true;
    throw error;
  }
}

function exitOf(running: Running, end: GuardedEnd | null): VmExit {
  const { record: { id, incarnation }, shutdownReason: reason } = running;
  return {
    kind: "exited",
    id,
    incarnation,
    clean: reason === "guest-shutdown",
    reason: end?.by === "fence"
      ? end.reason
      : reason === null
      ? "the VMM ended without a word"
      : `the VM ended: ${reason}`,
    ...(end?.by === "fence" ? { fenced: true } : {}),
  };
}

function instanceOf(record: Recorded, paused: boolean): VmInstance {
  return {
    id: record.id,
    incarnation: record.incarnation,
    runtimeHash: record.runtimeHash,
    pid: record.state.pid,
    host: record.host,
    ports: record.ports,
    startedAtMs: record.startedAtMs,
    paused,
  };
}
