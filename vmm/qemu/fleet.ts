/**
 * The QEMUs that run: connected by QMP, looked at once a second, their ends
 * told. Takes over what a former process left. Starts and stops none.
 *
 * @module
 */
import { removeIfThere } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import type { Recorded } from "../core/run_record.ts";
import { adoptVms } from "../host/adopt.ts";
import { CopyAccess } from "../host/copy_access.ts";
import { connectGuest } from "../host/guest_connection.ts";
import { readBootId } from "../host/process_table.ts";
import {
  type RunningVm,
  runningVm,
  RunningVms,
  setPaused,
  setRecord,
  type VmHost,
} from "../host/running_vms.ts";
import { boundSerialLog } from "../host/serial_log.ts";
import { type Ending, VmWatch } from "../host/vm_watch.ts";
import { connectQmp, type Qmp, statusOf } from "./qmp.ts";
import { recoverTransfer } from "./transfer.ts";

/** How often processes are looked at and logs bounded, beside the events of QMP. */
const WATCH_INTERVAL_MS = 1000;
/** An adopted QEMU has to answer within this, else it is ended. */
const ADOPT_TIMEOUT_MS = 10_000;

/** A QEMU that runs. */
export interface Running extends RunningVm {
  /** Null while it is lost: connected again with the next look. */
  qmp: Qmp | null;
  /** QEMU's word for why it shuts down, once said. */
  shutdownReason: string | null;
  /** It stands still since its disk could not be written, or a snapshot could not let it go: tried again with each look. */
  isStalled: boolean;
}

/** What the fleet works with. */
export interface FleetDeps extends VmHost {
  /** A QEMU that has not answered by then is told as one that hangs. */
  requestTimeoutMs: number;
}

export class QemuFleet {
  readonly vms: RunningVms<Running>;
  readonly access: CopyAccess<Running>;
  readonly ends: VmWatch<Running>;
  readonly #deps: FleetDeps;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
    this.vms = new RunningVms(() => this.#adoptAll());
    this.access = new CopyAccess(deps, this.vms);
    this.ends = new VmWatch(deps, this.vms, {
      intervalMs: WATCH_INTERVAL_MS,
      look: (running) => this.#look(running),
      clear: async (running) => {
        await this.drop(running);
        return () => endingOf(running);
      },
    });
  }

  /** @throws {AppError} `not_found`, `conflict` when it is being ended, `unavailable` when QEMU is lost for a moment: the watch loop connects again. */
  monitor(copy: CopyId, what: string): { running: Running; qmp: Qmp } {
    const running = this.vms.lasting(copy, what);
    const { qmp } = running;
    if (qmp !== null) return { running, qmp };
    throw new AppError(
      "unavailable",
      `Cannot ${what} "${copy.id}": QEMU does not answer`,
    );
  }

  /** Takes over a QEMU that runs. @throws {AppError} when it does not answer. */
  async watchOver(record: Recorded): Promise<Running> {
    const { console } = this.#deps.directory.paths(record);
    const running: Running = {
      ...runningVm(
        record,
        this.access.consoleOf(
          record,
          () => connectGuest(console, `the console of "${record.id}"`),
        ),
      ),
      qmp: null,
      shutdownReason: null,
      isStalled: false,
    };
    await this.#connect(running, ADOPT_TIMEOUT_MS);
    this.vms.add(running);
    return running;
  }

  /** Its process has ended: nothing of it is left but its logs. Attached consoles read to their end and close by themselves. */
  async drop(running: Running): Promise<void> {
    running.qmp?.close();
    await this.#deps.directory.clear(running.record);
    this.vms.remove(running);
  }

  /** Its record is another one from now on. */
  async record(running: Running, record: Recorded): Promise<void> {
    await this.#deps.directory.write(record);
    setRecord(running, record);
  }

  /** Lets go of all; they run on. */
  async close(): Promise<void> {
    await this.ends.close(({ qmp }) => qmp?.close());
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
        setPaused(running, false);
      }
    } catch (error) {
      // Whoever adopts ends it, and clears what it leaves after that.
      running.stopping = true;
      running.qmp?.close();
      this.vms.remove(running);
      throw error;
    }
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
    setPaused(running, status === "paused");
    running.isStalled = status === "io-error";
    running.qmp = qmp;
    this.ends.endsWith(running, qmp.closed, () => {
      running.qmp = null;
    });
  }

  async #look(running: Running): Promise<void> {
    const { directory, processes, logBounds } = this.#deps;
    const facts = await processes.find(running.record);
    if (facts === null) return await this.ends.exited(running);
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

function endingOf({ shutdownReason: reason }: Running): Ending {
  return {
    clean: reason === "guest-shutdown",
    reason: reason === null
      ? "the VMM ended without a word"
      : `the VM ended: ${reason}`,
  };
}
