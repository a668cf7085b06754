/**
 * The VMMs that run: their events listened to, looked at once a second, their
 * ends told. Takes over what a former process left. Starts and stops none.
 *
 * A guest that resets itself would be booted again by its VMM: that is an end
 * here as under every driver, and whether it starts again is the worker's to
 * say.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { adoptCloudHypervisors } from "./adopt.ts";
import type { CloudHypervisorClient } from "./client.ts";
import type { EventPipe } from "./events.ts";
import { clearStart, endedInOrder, lastWords, scratchDirOf } from "./files.ts";
import { runOn } from "./held.ts";
import { reconnectSerial, type SerialLine } from "./serial.ts";
import { CopyConsole } from "../host/console.ts";
import { endOf, NO_SIGNS } from "./core/events.ts";
import type { Recorded, RunRecord } from "../core/run_record.ts";
import type { RunDirectory } from "../host/run_directory.ts";
import { boundSerialLog, readBootLog, tailOf } from "../host/serial_log.ts";
import type { GuardedEnd, Spawner } from "../host/spawner.ts";
import type { VmProcesses } from "../host/vm_process.ts";
import type { GuestConnection, VmExit, VmInstance } from "../vmm.ts";

/** How often events are listened to: a guest that resets itself is on its way up again meanwhile. */
const LISTEN_INTERVAL_MS = 200;
/** Every so many of them processes are looked at and logs bounded. */
const LOOK_EVERY = 5;
/** Its sockets close a moment before a process is gone. */
const ENDING_MS = 1000;
/** Between two questions to the guard that has not noticed an end yet. */
const LOOK_AGAIN_MS = 20;

/** What connects us to a VMM. */
export interface Links {
  client: CloudHypervisorClient;
  /** Null when the pipe was lost: how it ends is then not known. */
  events: EventPipe | null;
  /** Null when the VMM does not serve it. */
  serial: SerialLine | null;
}

/** A VMM that runs. */
export interface Running extends Links {
  record: Recorded;
  instance: VmInstance;
  /** `stop` was called: the end is no exit to tell. */
  stopping: boolean;
  /** Its end was seen and is being told. */
  ended: boolean;
  readonly console: CopyConsole;
  /** The one connection to the guest channel is open, or being opened. */
  hasChannel: boolean;
  /** It may stand still for a snapshot that nobody waits for: let go of with each look. */
  isHeld: boolean;
  /** That is being asked for. */
  isLettingGo: boolean;
}

/** What the fleet works with. */
export interface FleetDeps {
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  tempDir: string;
  requestTimeoutMs: number;
  spawner?: Spawner;
  onWarning: (message: string, error: unknown) => void;
}

export class CloudHypervisorFleet {
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

  /** As {@linkcode required}, and nobody is ending it: what stands still hears no power button. @throws {AppError} `conflict`. */
  lasting(copy: CopyId, what: string): Running {
    const running = this.required(copy, what);
    if (!running.stopping) return running;
    throw new AppError(
      "conflict",
      `Cannot ${what} "${copy.id}": it is being stopped`,
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

  /** Takes over a VMM that runs a guest. */
  watchOver(
    record: Recorded,
    links: Links,
    { isPaused = false, isHeld = false } = {},
  ): Running {
    const running: Running = {
      ...links,
      record,
      instance: instanceOf(record, isPaused),
      stopping: false,
      ended: false,
      console: this.#consoleOf(record),
      hasChannel: false,
      isHeld,
      isLettingGo: false,
    };
    this.#running.set(copyKey(record), running);
    this.#listenTo(running, links.serial);
    this.#letRunOn(running);
    return running;
  }

  /** Beside all else: its VMM may be busy for minutes. */
  #letRunOn(running: Running): void {
    if (!running.isHeld || running.isLettingGo) return;
    running.isLettingGo = true;
    const scratchDir = scratchDirOf(this.#deps.tempDir, running.record);
    runOn(running.client, scratchDir, () => running.instance.paused).then(
      () => {
        running.isHeld = false;
      },
      // Asked again with the next look.
      () => undefined,
    ).finally(() => {
      running.isLettingGo = false;
    });
  }

  #listenTo(running: Running, serial: SerialLine | null): void {
    running.serial = serial;
    void serial?.closed.then(() => this.#onSerialClosed(running)).catch(
      (error) =>
        this.#deps.onWarning(`cannot watch ${running.record.id}`, error),
    );
  }

  /** It is paused, or no more. */
  setPaused(running: Running, isPaused: boolean): void {
    running.instance = instanceOf(running.record, isPaused);
  }

  /** Its process has been ended, by us: nothing of it is left but its logs. */
  async drop(running: Running): Promise<void> {
    const { directory, tempDir } = this.#deps;
    const { record } = running;
    running.client.close();
    running.events?.close();
    running.serial?.close();
    await running.serial?.closed;
    const scratchDir = scratchDirOf(tempDir, record);
    await clearStart(directory.paths(record), scratchDir);
    await directory.clear(record);
    // Last: the next start of this copy must not meet what is being cleared.
    this.#running.delete(copyKey(record));
  }

  /** Looks after everything in the run directory, once. */
  adopt(): Promise<void> {
    this.#adopted ??= adoptCloudHypervisors(this, this.#deps).catch((error) => {
      this.#adopted = null;
      throw error;
    });
    return this.#adopted;
  }

  /** Lets go of all; they run on. */
  async close(): Promise<void> {
    this.#closing.abort();
    const serials = this.all().map(({ serial }) => serial);
    for (const { console, client, events } of this.all()) {
      console.close();
      client.close();
      events?.close();
    }
    await this.#watching;
    await Promise.all(serials.map((serial) => serial?.finish()));
  }

  #consoleOf(copy: CopyId): CopyConsole {
    const { directory, clock } = this.#deps;
    const { dir } = directory.paths(copy);
    return new CopyConsole({
      id: copy.id,
      clock,
      tail: (maxBytes) => tailOf(dir, maxBytes),
      read: (at) =>
        readBootLog(
          dir,
          { ...at, generation: 0 },
          () => this.get(copy) !== undefined,
        ),
      openInput: () => this.#inputOf(copy),
    });
  }

  async #inputOf(copy: CopyId): Promise<GuestConnection> {
    const { serial } = this.required(copy, "type into");
    if (serial !== null) return serial.input();
    throw new AppError(
      "unavailable",
      `Cannot type into "${copy.id}": its VMM does not serve its serial port`,
    );
  }

  // ---- ends ----

  /** Mostly its end; a socket lost for another reason is connected again by the loop. */
  async #onSerialClosed(running: Running): Promise<void> {
    running.serial = null;
    if (this.#closing.signal.aborted || running.stopping || running.ended) {
      return;
    }
    const { clock, processes } = this.#deps;
    const endMs = clock.bootMs() + ENDING_MS;
    if (await processes.untilEnded(running.record, endMs)) {
      await this.#exited(running);
    }
  }

  async #exited(running: Running): Promise<void> {
    if (running.stopping || running.ended) return;
    running.ended = true;
    const { record } = running;
    const paths = this.#deps.directory.paths(record);
    const signs = running.events?.look() ?? NO_SIGNS;
    // Its last event may have been on the way when it ended.
    const shutdown = signs.shutdown || await endedInOrder(paths);
    const words = await lastWords(paths.dir);
    await this.drop(running);
    const guarded = record.guarded === true
      ? await this.#guardedEnd(record)
      : null;
    // A stop that came meanwhile tells of the end itself.
    if (running.stopping) return;
    const { id, incarnation } = record;
    const exit: VmExit = guarded?.by === "fence"
      ? {
        kind: "exited",
        id,
        incarnation,
        clean: false,
        reason: guarded.reason,
        fenced: true,
      }
      : {
        kind: "exited",
        id,
        incarnation,
        ...endOf(
          { ...signs, shutdown },
          words || guarded?.stderrTail.trim() || "",
        ),
      };
    for (const watcher of this.#watchers) watcher(exit);
  }

  /** The guard's word for it; it may notice a moment after we did. */
  async #guardedEnd({ marker }: RunRecord): Promise<GuardedEnd | null> {
    const { spawner, clock } = this.#deps;
    const endMs = clock.bootMs() + ENDING_MS;
    for (;;) {
      const end = await spawner?.endOf(marker) ?? null;
      if (end !== null || clock.bootMs() >= endMs) return end;
      await clock.sleep(LOOK_AGAIN_MS);
    }
  }

  // ---- the loop ----

  async #watchLoop(): Promise<void> {
    const { clock, onWarning } = this.#deps;
    for (let turn = 0; !this.#closing.signal.aborted; turn++) {
      for (const running of this.all()) {
        try {
          await this.#listen(running);
          if (turn % LOOK_EVERY === 0) await this.#look(running);
        } catch (error) {
          onWarning(`cannot look at ${running.record.id}`, error);
        }
      }
      await clock.sleep(LISTEN_INTERVAL_MS, this.#closing.signal);
    }
  }

  async #listen(running: Running): Promise<void> {
    if (running.stopping || running.ended) return;
    if (running.events?.look().reset !== true) return;
    await this.#deps.processes.end(running.record);
    await this.#exited(running);
  }

  async #look(running: Running): Promise<void> {
    const { directory, processes } = this.#deps;
    if (running.stopping || running.ended) return;
    const facts = await processes.find(running.record);
    if (facts === null) return await this.#exited(running);
    const { dir, console } = directory.paths(running.record);
    if (running.serial === null) {
      const on = { ...this.#deps, dir, socketPath: console };
      this.#listenTo(running, await reconnectSerial(running.record.id, on));
    }
    this.#letRunOn(running);
    // The log is ours to write, so no limit of the VMM's has to be moved on.
    await boundSerialLog(dir, 0);
    running.serial?.goOn();
  }
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
