/**
 * The process of a record: finds it, waits for its end, ends it. Signals no
 * process that is not the record's own.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import {
  isOurs,
  type ProcessFacts,
  type RunRecord,
} from "../core/run_record.ts";
import type { RunDirectory } from "./run_directory.ts";
import { findByMarker, killNow, processFacts } from "./process_table.ts";

/** Between looks at a process that is about to end. */
const END_POLL_MS = 20;
/** SIGKILL ends a process in milliseconds unless the kernel holds it in a disk wait. */
const KILL_TIMEOUT_MS = 10_000;

async function findProcess(
  record: RunRecord,
  pidPath: string,
): Promise<ProcessFacts | null> {
  if (record.state.kind === "running") {
    const facts = await processFacts(record.state.pid);
    return facts !== null && isOurs(record, facts) ? facts : null;
  }
  const text = await Deno.readTextFile(pidPath).catch(() => "");
  const facts = await processFacts(Number(text.trim()) || 0);
  if (facts !== null && isOurs(record, facts)) return facts;
  // QEMU's own starter may still be about to fork, or its pidfile unwritten.
  return (await findByMarker(record.marker))[0] ?? null;
}

/**
 * Ends the QEMU that holds a pidfile of ours and whose record is lost: nothing
 * else could manage it, and it keeps its successor from starting.
 *
 * @throws {AppError} `timeout` when the kernel does not let it die.
 */
export async function endStray(pidPath: string, clock: Clock): Promise<void> {
  const text = await Deno.readTextFile(pidPath).catch(() => "");
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid < 1) return;
  const endMs = clock.bootMs() + KILL_TIMEOUT_MS;
  for (;;) {
    const facts = await processFacts(pid);
    const isQemu = facts?.zombie === false &&
      facts.cmdline.includes(`-pidfile ${pidPath} `);
    if (!isQemu) return;
    killNow(pid);
    if (clock.bootMs() >= endMs) {
      throw new AppError(
        "timeout",
        `Cannot end the VM without a record at ${pidPath}: process ${pid} does not die`,
      );
    }
    await clock.sleep(END_POLL_MS);
  }
}

/** The processes of a run directory's records. */
export class VmProcesses {
  readonly #directory: RunDirectory;
  readonly #clock: Clock;

  constructor(directory: RunDirectory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** The process of a record; null when it does not run. */
  find(record: RunRecord): Promise<ProcessFacts | null> {
    return findProcess(record, this.#directory.paths(record).pid);
  }

  /** Waits for the end of a record's process until `endMs` of the boot-time clock; true when it has ended. */
  async untilEnded(record: RunRecord, endMs: number): Promise<boolean> {
    for (;;) {
      if (await this.find(record) === null) return true;
      if (this.#clock.bootMs() >= endMs) return false;
      await this.#clock.sleep(END_POLL_MS);
    }
  }

  /**
   * Nothing of this record runs when it returns.
   *
   * @throws {AppError} `timeout` when the kernel does not let it die.
   */
  async end(record: RunRecord): Promise<void> {
    const endMs = this.#clock.bootMs() + KILL_TIMEOUT_MS;
    for (;;) {
      const facts = await this.find(record);
      if (facts === null) return;
      killNow(facts.pid);
      if (this.#clock.bootMs() >= endMs) {
        throw new AppError(
          "timeout",
          `Cannot end VM "${record.id}": process ${facts.pid} does not die`,
        );
      }
      await this.#clock.sleep(END_POLL_MS);
    }
  }

  /** Ends the process and forgets that it was. */
  async abandon(record: RunRecord): Promise<void> {
    await this.end(record);
    await this.#directory.clear(record);
  }
}
