/**
 * The driver's part of a run directory: one directory per copy of a VM with
 * its record, pidfile and sockets; its logs are serial_log.ts's. Owns their
 * names and nothing else in there: the worker keeps its ledger beside them.
 *
 * A directory is whose its record says it is: versions before copies named it
 * by the VM alone, and a QEMU that one of them started goes on in it.
 *
 * @module
 */
import {
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import { copyKey } from "../../roles/model/ids.ts";
import {
  copyDirectoryName,
  directoryName,
  RunRecord,
} from "../core/run_record.ts";
import { removeBootLogs } from "./serial_log.ts";

/** The longest path a unix socket can have on Linux. */
const MAX_SOCKET_PATH = 107;

/** Where a VM's files are. */
export interface VmPaths {
  dir: string;
  record: string;
  pid: string;
  /** QEMU's machine protocol. */
  socket: string;
  /** cloud-hypervisor's HTTP API. */
  api: string;
  /** What is typed into the guest's serial port, and comes out of it. */
  console: string;
  /** The guest channel: of a virtio-serial port, or cloud-hypervisor's vsock. */
  channel: string;
  /** A snapshot's way in and out of QEMU. */
  migration: string;
  /** A file that is there while a guest stands still for its snapshot. */
  saving: string;
}

/** @throws {AppError} `invalid` when no VM's sockets fit in there. */
export function checkRunDir(root: string): void {
  new RunDirectory(root).pathsIn(directoryName(""));
}

/** The VMs' directories below a run directory. */
export class RunDirectory {
  readonly root: string;
  /** By copy: directories that were found under another name than ours. */
  readonly #inherited = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
  }

  paths(copy: CopyId): VmPaths {
    return this.pathsIn(
      this.#inherited.get(copyKey(copy)) ?? copyDirectoryName(copy),
    );
  }

  /** Of the directory with this name. @throws {AppError} `invalid` when no socket fits in there. */
  pathsIn(name: string): VmPaths {
    const dir = `${this.root}/${name}`;
    const longest = `${dir}/console`;
    if (new TextEncoder().encode(longest).byteLength > MAX_SOCKET_PATH) {
      throw new AppError(
        "invalid",
        `Cannot use ${this.root}: a unix socket below it would have more than ${MAX_SOCKET_PATH} bytes`,
        { hint: "choose a shorter --run-dir" },
      );
    }
    return {
      dir,
      socket: `${dir}/qmp`,
      api: `${dir}/api`,
      console: longest,
      channel: `${dir}/channel`,
      migration: `${dir}/migrate`,
      saving: `${dir}/saving`,
      record: `${dir}/vm.json`,
      pid: `${dir}/pid`,
    };
  }

  async write(record: RunRecord): Promise<void> {
    const { dir, record: path } = this.paths(record);
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
        const record = parseJsonWith(RunRecord, text, { what: path });
        this.#inherit(record, path);
        records.push(record);
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

  /** Forgets the run, keeps the logs. The record goes last: it is how the rest is found. */
  async clear(copy: CopyId): Promise<void> {
    const paths = this.paths(copy);
    const { pid, socket, api, console, channel, migration } = paths;
    const sockets = [socket, api, console, channel, migration];
    for (const path of [pid, ...sockets, paths.saving, paths.record]) {
      await removeIfThere(path);
    }
  }

  /** Removes what is kept of a copy that has ended; its directory too, unless somebody else keeps something in it. */
  async forget(copy: CopyId): Promise<void> {
    const { dir } = this.paths(copy);
    await removeBootLogs(dir);
    await Deno.remove(dir).catch(() => undefined);
    this.#inherited.delete(copyKey(copy));
  }

  #inherit(record: RunRecord, path: string): void {
    const name = path.split("/").at(-2) ?? "";
    if (name !== copyDirectoryName(record)) {
      this.#inherited.set(copyKey(record), name);
    }
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
