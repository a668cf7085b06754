/**
 * The driver's part of a run directory: one directory per VM with its record,
 * pidfile, socket and serial log. Owns their names and nothing else in there:
 * the worker keeps its ledger beside them.
 *
 * @module
 */
import {
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../roles/files/mod.ts";
import { AppError } from "../roles/model/errors.ts";
import { parseJsonWith } from "../roles/model/parse.ts";
import { directoryName, RunRecord } from "./core/run_record.ts";

/** The longest path a unix socket can have on Linux. */
const MAX_SOCKET_PATH = 107;

/** Where a VM's files are. */
export interface VmPaths {
  dir: string;
  record: string;
  pid: string;
  socket: string;
  serial: string;
}

/** The VMs' directories below a run directory. */
export class RunDirectory {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  paths(id: string): VmPaths {
    const dir = `${this.root}/${directoryName(id)}`;
    const socket = `${dir}/qmp`;
    if (new TextEncoder().encode(socket).byteLength > MAX_SOCKET_PATH) {
      throw new AppError(
        "invalid",
        `Cannot use ${this.root}: a unix socket below it would have more than ${MAX_SOCKET_PATH} bytes`,
        { hint: "choose a shorter --run-dir" },
      );
    }
    return {
      dir,
      socket,
      record: `${dir}/vm.json`,
      pid: `${dir}/pid`,
      serial: `${dir}/serial.log`,
    };
  }

  async write(record: RunRecord): Promise<void> {
    const { dir, record: path } = this.paths(record.id);
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw storageError(dir, error);
    }
    await writeFileAtomic(path, JSON.stringify(record));
  }

  /** Every record that can be read; an unreadable one is reported and left alone. */
  async records(
    onUnreadable: (path: string, error: unknown) => void,
  ): Promise<RunRecord[]> {
    const records: RunRecord[] = [];
    for (const path of await this.#recordPaths()) {
      try {
        const text = await readIfThere(path);
        if (text === null) continue;
        records.push(parseJsonWith(RunRecord, text, { what: path }));
      } catch (error) {
        onUnreadable(path, error);
      }
    }
    return records;
  }

  /** Where pidfiles may be, also of VMs without a record. */
  async pidPaths(): Promise<string[]> {
    const records = await this.#recordPaths();
    return records.map((path) => path.replace(/vm\.json$/, "pid"));
  }

  /** Forgets the run, keeps the log. The record goes last: it is how the rest is found. */
  async clear(id: string): Promise<void> {
    const paths = this.paths(id);
    for (const path of [paths.pid, paths.socket, paths.record]) {
      await removeIfThere(path);
    }
  }

  /** Removes the log of the boot before. */
  async clearLog(id: string): Promise<void> {
    const { serial } = this.paths(id);
    await removeIfThere(serial);
    await removeIfThere(`${serial}.1`);
  }

  async #recordPaths(): Promise<string[]> {
    const paths: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.root)) {
        if (entry.isDirectory) {
          paths.push(`${this.root}/${entry.name}/vm.json`);
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        throw storageError(this.root, error);
      }
    }
    return paths.sort();
  }
}
