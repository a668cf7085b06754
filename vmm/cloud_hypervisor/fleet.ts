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
import type { CopyId } from "../../roles/model/ids.ts";
import type { Recorded } from "../core/run_record.ts";
import { CopyAccess } from "../host/copy_access.ts";
import {
  type RunningVm,
  runningVm,
  RunningVms,
  type VmHost,
} from "../host/running_vms.ts";
import type { GuardedEnd } from "../host/spawner.ts";
import { boundSerialLog } from "../host/serial_log.ts";
import { type Ending, VmWatch } from "../host/vm_watch.ts";
import type { GuestConnection } from "../vmm.ts";
import { adoptCloudHypervisors } from "./adopt.ts";
import type { CloudHypervisorClient } from "./client.ts";
import { endOf, NO_SIGNS } from "./core/events.ts";
import type { EventPipe } from "./events.ts";
import { clearStart, endedInOrder, lastWords, scratchDirOf } from "./files.ts";
import { runOn } from "./held.ts";
import { reconnectSerial, type SerialLine } from "./serial.ts";

/** How often events are listened to: a guest that resets itself is on its way up again meanwhile. */
const LISTEN_INTERVAL_MS = 200;
/** Every so many of them processes are looked at and logs bounded. */
const LOOK_EVERY = 5;

/** What connects us to a VMM. */
export interface Links {
  client: CloudHypervisorClient;
  /** Null when the pipe was lost: how it ends is then not known. */
  events: EventPipe | null;
  /** Null when the VMM does not serve it. */
  serial: SerialLine | null;
}

/** A VMM that runs. */
export interface Running extends RunningVm, Links {
  /** It may stand still for a snapshot that nobody waits for: let go of with each look. */
  isHeld: boolean;
  /** That is being asked for. */
  isLettingGo: boolean;
}

/** What the fleet works with. */
export interface FleetDeps extends VmHost {
  tempDir: string;
  requestTimeoutMs: number;
}

export class CloudHypervisorFleet {
  readonly vms: RunningVms<Running>;
  readonly access: CopyAccess<Running>;
  readonly ends: VmWatch<Running>;
  readonly #deps: FleetDeps;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
    this.vms = new RunningVms(() => adoptCloudHypervisors(this, deps));
    this.access = new CopyAccess(deps, this.vms);
    this.ends = new VmWatch(deps, this.vms, {
      intervalMs: LISTEN_INTERVAL_MS,
      look: async (running, round) => {
        await this.#listen(running);
        if (round % LOOK_EVERY === 0) await this.#look(running);
      },
      clear: (running) => this.#clear(running),
    });
  }

  /** Takes over a VMM that runs a guest. */
  watchOver(
    record: Recorded,
    links: Links,
    { isPaused = false, isHeld = false } = {},
  ): Running {
    const console = this.access.consoleOf(record, () => this.#inputOf(record));
    const running: Running = {
      ...runningVm(record, console, isPaused),
      ...links,
      isHeld,
      isLettingGo: false,
    };
    this.vms.add(running);
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
    if (serial === null) return;
    this.ends.endsWith(running, serial.closed, () => {
      running.serial = null;
    });
  }

  /** Its process has ended: nothing of it is left but its logs. */
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
    this.vms.remove(running);
  }

  /** Lets go of all; they run on. */
  async close(): Promise<void> {
    const serials = this.vms.all().map(({ serial }) => serial);
    await this.ends.close(({ client, events }) => {
      client.close();
      events?.close();
    });
    await Promise.all(serials.map((serial) => serial?.finish()));
  }

  async #inputOf(copy: CopyId): Promise<GuestConnection> {
    const { serial } = this.vms.required(copy, "type into");
    if (serial !== null) return serial.input();
    throw new AppError(
      "unavailable",
      `Cannot type into "${copy.id}": its VMM does not serve its serial port`,
    );
  }

  /** How it ended is in what is cleared. */
  async #clear(
    running: Running,
  ): Promise<(guarded: GuardedEnd | null) => Ending> {
    const paths = this.#deps.directory.paths(running.record);
    const signs = running.events?.look() ?? NO_SIGNS;
    // Its last event may have been on the way when it ended.
    const shutdown = signs.shutdown || await endedInOrder(paths);
    const words = await lastWords(paths.dir);
    await this.drop(running);
    return (guarded) =>
      endOf(
        { ...signs, shutdown },
        words || guarded?.stderrTail.trim() || "",
      );
  }

  async #listen(running: Running): Promise<void> {
    if (running.stopping || running.ended) return;
    if (running.events?.look().reset !== true) return;
    await this.#deps.processes.end(running.record);
    await this.ends.exited(running);
  }

  async #look(running: Running): Promise<void> {
    const { directory, processes } = this.#deps;
    if (running.stopping || running.ended) return;
    const facts = await processes.find(running.record);
    if (facts === null) return await this.ends.exited(running);
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
