/**
 * The QEMU driver. QEMU daemonizes, so that it holds nothing of ours and its
 * start ends with a verdict: exit code 0 once the machine exists, its reasons
 * on standard error otherwise. The pidfile, which QEMU locks, lets no second
 * QEMU run for one VM.
 *
 * ```text
 *  record "starting" -> qemu -daemonize -> record "running" -> QMP connected
 *        |  killed here: the next process finds QEMU by the record's marker
 * ```
 *
 * An exclusive VM is started by the guard and stays its child
 * (guarded_launch.ts): it is adopted only while the guard knows it.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { type CopyId, copyKey } from "../roles/model/ids.ts";
import type { Clock } from "../roles/model/ports.ts";
import type { QemuAccel } from "./core/qemu_args.ts";
import { isPortTaken, qemuStartError } from "./core/qemu_errors.ts";
import {
  type Recorded,
  recordedOf,
  type RunRecord,
} from "./core/run_record.ts";
import type { VmConfig } from "./core/vm_config.ts";
import { readBootId } from "./process_table.ts";
import { launchQemu, qemuVersion, startRecord } from "./qemu_launch.ts";
import { adoptVms } from "./qemu_adopt.ts";
import { prepareFiles } from "./qemu_files.ts";
import { connectQmp, type Qmp } from "./qmp.ts";
import { RunDirectory } from "./run_directory.ts";
import { boundSerialLog, readSerialTail } from "./serial_log.ts";
import { VmProcesses } from "./vm_process.ts";
import { addForwards, guestAccepts } from "./usernet.ts";
import type { GuardedEnd, Spawner } from "./spawner.ts";
import { Unsupported } from "./unsupported.ts";
import type {
  LogTail,
  PortMapping,
  PublishedPort,
  VmExit,
  VmInstance,
  Vmm,
  VmmCapabilities,
} from "./vmm.ts";

/** A port found free can be taken before QEMU binds it; five in a row is no accident. */
const MAX_PORT_TRIES = 5;
/** How often processes are looked at and logs bounded, beside the events of QMP. */
const WATCH_INTERVAL_MS = 1000;
/** Between two questions to the guard that has not noticed an end yet. */
const LOOK_AGAIN_MS = 20;
/** An adopted QEMU has to answer within this, else it is ended. */
const ADOPT_TIMEOUT_MS = 10_000;

/** How to run QEMU. */
export interface QemuOptions {
  runDir: string;
  /** Holds what QEMU writes to disk for itself: the overlay of read-only disks. */
  tempDir: string;
  clock: Clock;
  qemuPath?: string;
  accel?: QemuAccel;
  /** The address ports are forwarded from. */
  hostAddress?: string;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  onWarning?: (message: string, error: unknown) => void;
  /** Called when the VMM runs and its record does not say so yet: tests die here. */
  onSpawned?: () => void;
}

interface Running {
  record: Recorded;
  instance: VmInstance;
  qmp: Qmp | null;
  /** QEMU's word for why it shuts down, once said. */
  shutdownReason: string | null;
  /** `stop` was called: the end is no exit to tell. */
  stopping: boolean;
  /** Its end was seen and is being told. */
  ended: boolean;
}

/** {@linkcode Vmm} over qemu-system-x86_64. */
export class QemuVmm extends Unsupported implements Vmm {
  readonly name = "qemu";
  readonly capabilities: VmmCapabilities = {
    console: false,
    pause: false,
    resize: false,
    snapshot: false,
    switch: false,
    guestChannel: false,
    publish: true,
  };
  #options: Required<Omit<QemuOptions, "spawner">> & { spawner?: Spawner };
  #directory: RunDirectory;
  #processes: VmProcesses;
  /** By copy. */
  #running = new Map<string, Running>();
  /** Copies a start is under way for. */
  #busy = new Set<string>();
  #watchers = new Set<(exit: VmExit) => void>();
  #closing = new AbortController();
  #adopted: Promise<void> | null = null;
  #watching: Promise<void> | null = null;
  #bootId: Promise<string> | null = null;

  constructor(options: QemuOptions) {
    super();
    this.#options = {
      qemuPath: "qemu-system-x86_64",
      accel: "tcg",
      hostAddress: "127.0.0.1",
      onWarning: () => undefined,
      onSpawned: () => undefined,
      ...options,
    };
    this.#directory = new RunDirectory(options.runDir);
    this.#processes = new VmProcesses(this.#directory, options.clock);
  }

  version(): Promise<string> {
    return qemuVersion(this.#options.qemuPath);
  }

  async start(config: VmConfig): Promise<VmInstance> {
    await this.#adopt();
    const key = copyKey(config);
    if (this.#running.has(key) || this.#busy.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot start VM "${config.id}": it runs already`,
      );
    }
    this.#busy.add(key);
    try {
      return await this.#startWithPorts(config);
    } finally {
      this.#busy.delete(key);
    }
  }

  async stop(copy: CopyId, options: { graceMs: number }): Promise<void> {
    await this.#adopt();
    const running = this.#running.get(copyKey(copy));
    if (running === undefined) return;
    running.stopping = true;
    const end = this.#options.clock.bootMs() + options.graceMs;
    if (options.graceMs > 0) {
      await this.#powerDown(running);
      await this.#processes.untilEnded(running.record, end);
    }
    await this.#processes.end(running.record);
    this.#running.delete(copyKey(copy));
    running.qmp?.close();
    await this.#directory.clear(copy);
  }

  async list(): Promise<VmInstance[]> {
    await this.#adopt();
    return [...this.#running.values()].map(({ instance }) => instance);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    this.#watching ??= this.#watchLoop();
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    return await readSerialTail(this.#directory.paths(copy).serial, maxBytes);
  }

  async accepts(
    copy: CopyId,
    port: PortMapping,
    timeoutMs: number,
  ): Promise<boolean> {
    const running = this.#running.get(copyKey(copy));
    if (running === undefined || running.qmp === null) return false;
    const { instance: { host }, qmp } = running;
    return await guestAccepts(qmp, { host, port: port.host, timeoutMs });
  }

  async publish(
    copy: CopyId,
    ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    await this.#adopt();
    const running = this.#running.get(copyKey(copy));
    if (running === undefined) {
      throw new AppError(
        "not_found",
        `Cannot publish ports of "${copy.id}": it does not run here`,
      );
    }
    // Lost for a moment: the watch loop connects again.
    if (running.qmp === null) {
      throw new AppError(
        "unavailable",
        `Cannot publish ports of "${copy.id}": QEMU does not answer`,
      );
    }
    const { reached, taken } = await addForwards(
      running.qmp,
      running.record,
      ports,
    );
    await this.#moved(running, reached);
    if (taken === null) return running.instance;
    throw new AppError(
      "overloaded",
      `Cannot publish port ${taken} of "${copy.id}": it is taken`,
      { hint: "free the port, or publish another one" },
    );
  }

  /** Its ports are reached elsewhere from now on. */
  async #moved(running: Running, ports: PortMapping[]): Promise<void> {
    if (ports.every((port, index) => port === running.record.ports[index])) {
      return;
    }
    const record = { ...running.record, ports };
    await this.#directory.write(record);
    running.record = record;
    running.instance = instanceOf(record);
  }

  async forget(copy: CopyId): Promise<void> {
    if (!this.#running.has(copyKey(copy))) await this.#directory.forget(copy);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { qmp } of this.#running.values()) qmp?.close();
    await this.#watching;
  }

  // ---- start ----

  async #startWithPorts(config: VmConfig): Promise<VmInstance> {
    await prepareFiles(config, this.#options.tempDir);
    await this.#directory.clearLog(config);
    let stderr = "";
    for (let tries = 0; tries < MAX_PORT_TRIES; tries++) {
      const record = await this.#newRecord(config);
      await this.#directory.write(record);
      try {
        stderr = await launchQemu(config, record, {
          paths: this.#directory.paths(config),
          ...this.#options,
        });
      } catch (error) {
        await this.#processes.abandon(record);
        throw error;
      }
      if (stderr === "") return await this.#take(record);
      await this.#processes.abandon(record);
      const picked = config.ports.some(({ publish }) => publish === undefined);
      if (!isPortTaken(stderr) || !picked) break;
    }
    throw qemuStartError(config.id, stderr);
  }

  async #take(record: RunRecord): Promise<VmInstance> {
    this.#options.onSpawned();
    const facts = await this.#processes.find(record);
    if (facts === null) {
      await this.#processes.abandon(record);
      throw new AppError(
        "failed",
        `Cannot start VM "${record.id}": QEMU ended at once`,
      );
    }
    try {
      const full = recordedOf(record, facts);
      await this.#directory.write(full);
      return await this.#watchOver(full);
    } catch (error) {
      // Without its record it would be an orphan after the next crash.
      await this.#processes.abandon(record);
      throw error;
    }
  }

  async #watchOver(record: Recorded): Promise<VmInstance> {
    const running: Running = {
      record,
      instance: instanceOf(record),
      qmp: null,
      shutdownReason: null,
      stopping: false,
      ended: false,
    };
    await this.#connect(running, ADOPT_TIMEOUT_MS);
    this.#running.set(copyKey(record), running);
    return running.instance;
  }

  async #connect(running: Running, timeoutMs: number): Promise<void> {
    const { socket } = this.#directory.paths(running.record);
    const qmp = await connectQmp(socket, {
      timeoutMs,
      onEvent: ({ event, data }) => {
        if (event === "SHUTDOWN") {
          running.shutdownReason ??= String(data.reason ?? "unknown");
        }
      },
    });
    running.qmp = qmp;
    qmp.closed.then(() => {
      running.qmp = null;
      if (!this.#closing.signal.aborted) return this.#onClosed(running);
    }).catch((error) =>
      this.#options.onWarning(`cannot watch ${running.record.id}`, error)
    );
  }

  async #newRecord(config: VmConfig): Promise<RunRecord> {
    const reserved = new Set<number>();
    for (const { instance } of this.#running.values()) {
      for (const { host } of instance.ports) reserved.add(host);
    }
    this.#bootId ??= readBootId();
    return startRecord(config, {
      reserved,
      bootId: await this.#bootId,
      host: this.#options.hostAddress,
      startedAtMs: Math.round(this.#options.clock.bootMs()),
    });
  }

  // ---- adoption ----

  #adopt(): Promise<void> {
    this.#adopted ??= this.#adoptAll().catch((error) => {
      this.#adopted = null;
      throw error;
    });
    return this.#adopted;
  }

  async #adoptAll(): Promise<void> {
    this.#bootId ??= readBootId();
    const { clock, onWarning, spawner } = this.#options;
    await adoptVms({
      bootId: await this.#bootId,
      directory: this.#directory,
      processes: this.#processes,
      watchOver: async (record) => {
        await this.#watchOver(record);
      },
      clock,
      onWarning,
      ...(spawner === undefined ? {} : { spawner }),
    });
  }

  // ---- end ----

  async #powerDown(running: Running): Promise<void> {
    try {
      await running.qmp?.execute("system_powerdown", {}, { timeoutMs: 1000 });
    } catch {
      // It is ended the hard way when the grace is over.
    }
  }

  // ---- watching ----

  async #onClosed(running: Running): Promise<void> {
    if (running.stopping || !this.#running.has(copyKey(running.record))) return;
    // QEMU closes the socket a moment before it is gone; a socket lost for another reason is connected again by the loop.
    const end = this.#options.clock.bootMs() + WATCH_INTERVAL_MS;
    if (await this.#processes.untilEnded(running.record, end)) {
      await this.#exited(running);
    }
  }

  async #exited(running: Running): Promise<void> {
    const { id, incarnation } = running.record;
    if (running.stopping || running.ended) return;
    running.ended = true;
    await this.#directory.clear(running.record);
    this.#running.delete(copyKey(running.record));
    const end = running.record.guarded === true
      ? await this.#guardedEnd(running.record)
      : null;
    // A stop that came meanwhile tells of the end itself.
    if (running.stopping) return;
    const reason = running.shutdownReason;
    const exit: VmExit = {
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
    for (const watcher of this.#watchers) watcher(exit);
  }

  /** The guard's word for it; it may notice a moment after we did. */
  async #guardedEnd({ marker }: RunRecord): Promise<GuardedEnd | null> {
    const { spawner, clock } = this.#options;
    const endMs = clock.bootMs() + WATCH_INTERVAL_MS;
    for (;;) {
      const end = await spawner?.endOf(marker) ?? null;
      if (end !== null || clock.bootMs() >= endMs) return end;
      await clock.sleep(LOOK_AGAIN_MS);
    }
  }

  async #watchLoop(): Promise<void> {
    const { clock, onWarning } = this.#options;
    while (!this.#closing.signal.aborted) {
      for (const running of [...this.#running.values()]) {
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
    if (await this.#processes.find(running.record) === null) {
      return await this.#exited(running);
    }
    await boundSerialLog(this.#directory.paths(running.record).serial);
    if (running.qmp === null && !running.stopping) {
      await this.#connect(running, WATCH_INTERVAL_MS);
    }
  }
}

function instanceOf(record: Recorded): VmInstance {
  return {
    id: record.id,
    incarnation: record.incarnation,
    runtimeHash: record.runtimeHash,
    pid: record.state.pid,
    host: record.host,
    ports: record.ports,
    startedAtMs: record.startedAtMs,
  };
}
