/**
 * The copies that a driver's VMMs run, by copy: who runs, who may be asked for
 * something, and that a copy is started once. Starts, connects to and ends
 * none; how their ends are seen is vm_watch.ts's.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { LogBounds } from "../core/boot_log.ts";
import type { Recorded } from "../core/run_record.ts";
import type { CopyConsole } from "./console.ts";
import type { RunDirectory } from "./run_directory.ts";
import type { Spawner } from "./spawner.ts";
import type { VmProcesses } from "./vm_process.ts";
import type { VmInstance } from "../vmm.ts";

/** What a driver looks after its VMMs with. */
export interface VmHost {
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  logBounds: LogBounds;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  onWarning: (message: string, error: unknown) => void;
}

/** A VMM that runs, as far as it is the same under every driver. */
export interface RunningVm {
  record: Recorded;
  instance: VmInstance;
  /** `stop` was called: the end is no exit to tell. */
  stopping: boolean;
  /** Its end was seen and is being told. */
  ended: boolean;
  readonly console: CopyConsole;
  /** The one connection to the guest channel is open, or being opened. */
  hasChannel: boolean;
}

/** What the port tells of a VM that runs by this record. */
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

/** What every driver knows of a VM that it takes over. */
export function runningVm(
  record: Recorded,
  console: CopyConsole,
  isPaused = false,
): RunningVm {
  return {
    record,
    instance: instanceOf(record, isPaused),
    stopping: false,
    ended: false,
    console,
    hasChannel: false,
  };
}

/** It is paused, or no more. */
export function setPaused(running: RunningVm, isPaused: boolean): void {
  running.instance = instanceOf(running.record, isPaused);
}

/** Its record is another one from now on. */
export function setRecord(running: RunningVm, record: Recorded): void {
  running.record = record;
  running.instance = instanceOf(record, running.instance.paused);
}

/** The copies that run, and those being started. */
export class RunningVms<R extends RunningVm> {
  readonly #adoptAll: () => Promise<void>;
  readonly #running = new Map<string, R>();
  /** Copies a start is under way for. */
  readonly #starting = new Set<string>();
  #adopted: Promise<void> | null = null;

  /** @param adoptAll looks after what a former process left in the run directory. */
  constructor(adoptAll: () => Promise<void>) {
    this.#adoptAll = adoptAll;
  }

  /** Once; again only when it failed. */
  adopt(): Promise<void> {
    this.#adopted ??= this.#adoptAll().catch((error) => {
      this.#adopted = null;
      throw error;
    });
    return this.#adopted;
  }

  all(): R[] {
    return [...this.#running.values()];
  }

  get(copy: CopyId): R | undefined {
    return this.#running.get(copyKey(copy));
  }

  /** @throws {AppError} `not_found` when the copy does not run. */
  required(copy: CopyId, what: string): R {
    const running = this.get(copy);
    if (running !== undefined) return running;
    throw new AppError(
      "not_found",
      `Cannot ${what} "${copy.id}": it does not run here`,
    );
  }

  /** As {@linkcode required}, and nobody is ending it: what stands still hears no power button. @throws {AppError} `conflict`. */
  lasting(copy: CopyId, what: string): R {
    const running = this.required(copy, what);
    if (!running.stopping) return running;
    throw new AppError(
      "conflict",
      `Cannot ${what} "${copy.id}": it is being stopped`,
    );
  }

  add(running: R): void {
    this.#running.set(copyKey(running.record), running);
  }

  /** After what it left is cleared: the copy's next start must not meet that. */
  remove(running: R): void {
    this.#running.delete(copyKey(running.record));
  }

  /** One start of a copy at a time, and none while it runs. @throws {AppError} `conflict`. */
  async starting(
    copy: CopyId,
    begin: () => Promise<R>,
  ): Promise<VmInstance> {
    await this.adopt();
    const key = copyKey(copy);
    if (this.#running.has(key) || this.#starting.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot start VM "${copy.id}": it runs already`,
      );
    }
    this.#starting.add(key);
    try {
      return (await begin()).instance;
    } finally {
      this.#starting.delete(key);
    }
  }
}
