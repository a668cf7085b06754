/**
 * The virtiofsds of this host: one for each guest that is shown the store.
 *
 * What is shared is read-only by its mount, in a name space of the virtiofsd's
 * own: whatever a guest that is root in there asks for, the kernel of the host
 * refuses. A virtiofsd outlives the worker and ends with its guest, which hangs
 * up; nothing is remembered of it: it is found by the socket on its command
 * line.
 *
 * @module
 */
import { removeIfThere, storageError } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";
import { findByMarker, killNow } from "../../../vmm/host/process_table.ts";
import { type Virtiofsd, virtiofsdArgs } from "./core/store_share.ts";

/** The longest path a unix socket can have on Linux. */
const MAX_SOCKET_PATH = 107;
/** It listens within 30 ms; a host that swaps may take long, but not for ever. */
const START_TIMEOUT_MS = 20_000;
/** SIGKILL ends a process in milliseconds unless the kernel holds it in a disk wait. */
const END_TIMEOUT_MS = 10_000;
const LOOK_MS = 5;
const MARKER = "--socket-path=";
const SOCKET = ".sock";
const LOG = ".log";
/** What it may say is 64 KiB: a guest can make it complain for ever. */
const SAYS_BLOCKS = 128;

/**
 * `$1` is shared; what virtiofsd says goes to `$2`; then control groups until
 * `--`, and the program. It writes no file but its log, so that a limit on all
 * files is one on that. Its pid file would stay behind: it gets a folder of its
 * own for it.
 */
const START = `set -eu
source=$1
exec 2>"$2"
shift 2
while [ "$1" != -- ]; do
  echo $$ >"$1/cgroup.procs"
  shift
done
shift
mkdir -p /run/virtiofsd
mount -t tmpfs -o size=64k,mode=700 procurator-virtiofsd /run/virtiofsd
mount --bind "$source" "$source"
mount -o remount,bind,ro,nosuid,nodev "$source"
trap '' XFSZ
ulimit -f ${SAYS_BLOCKS}
exec "$@"
`;

/** What virtiofsds are run with. */
export interface VirtiofsdsOptions {
  /** Sockets and logs; on tmpfs. */
  dir: string;
  virtiofsd: Virtiofsd;
  /** What is shared: the physical store. */
  source: string;
  clock: Clock;
}

/** What a VMM is, so that it can use what is made for it. */
export interface ForVmm {
  cgroups?: readonly string[];
  user?: { uid: number; gid: number };
}

export class Virtiofsds {
  readonly #options: VirtiofsdsOptions;
  /** Copies that may have one. */
  readonly #known = new Set<string>();
  /** Copies that were seen to have one. */
  readonly #served = new Set<string>();

  constructor(options: VirtiofsdsOptions) {
    this.#options = options;
  }

  /**
   * Starts one for a guest that is about to start, in place of a former one.
   *
   * @returns its socket, which takes one connection.
   * @throws {AppError} `invalid` for a path that is too long, `failed`, `timeout`.
   */
  async start(copy: CopyId, vmm: ForVmm): Promise<string> {
    const socketPath = this.#path(copy, SOCKET);
    if (new TextEncoder().encode(socketPath).byteLength > MAX_SOCKET_PATH) {
      throw new AppError(
        "failed",
        `Cannot use ${this.#options.dir}: a unix socket below it would have more than ${MAX_SOCKET_PATH} bytes`,
        { hint: "choose a shorter --run-dir" },
      );
    }
    await this.end(copy);
    await Deno.mkdir(this.#options.dir, { recursive: true, mode: 0o711 });
    this.#known.add(copyKey(copy));
    try {
      await this.#spawn(copy, socketPath, vmm.cgroups ?? []);
      const { user } = vmm;
      if (user !== undefined) {
        await Deno.chown(socketPath, user.uid, user.gid);
      }
      this.#served.add(copyKey(copy));
      return socketPath;
    } catch (error) {
      await this.end(copy);
      throw error;
    }
  }

  /** None runs for this copy when it returns. @throws {AppError} `timeout` when the kernel does not let it die. */
  async end(copy: CopyId): Promise<void> {
    if (!this.#known.has(copyKey(copy))) return;
    this.#served.delete(copyKey(copy));
    await this.#endAt(this.#path(copy, SOCKET));
    for (const suffix of [SOCKET, LOG]) {
      await removeIfThere(this.#path(copy, suffix));
    }
    this.#known.delete(copyKey(copy));
  }

  /** Once, before any is started: those of these copies are kept, others ended. */
  async adopt(copies: readonly CopyId[]): Promise<void> {
    const kept = new Map(copies.map((copy) => [copyDirectoryName(copy), copy]));
    for (const copy of copies) this.#known.add(copyKey(copy));
    const { dir } = this.#options;
    for (const { cmdline } of await findByMarker(`${MARKER}${dir}/`)) {
      const socket = cmdline.split(MARKER)[1]?.split(" ")[0] ?? "";
      const copy = kept.get(socket.slice(dir.length + 1, -SOCKET.length));
      if (copy === undefined) await this.#endAt(socket);
      else this.#served.add(copyKey(copy));
    }
    try {
      for await (const { name } of Deno.readDir(dir)) {
        const of = name.slice(0, name.lastIndexOf("."));
        if (!kept.has(of)) await removeIfThere(`${dir}/${name}`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** The copies that should have one and have none. */
  async missing(copies: readonly CopyId[]): Promise<CopyId[]> {
    const due = copies.filter((copy) => this.#served.has(copyKey(copy)));
    if (due.length === 0) return [];
    const found = await findByMarker(`${MARKER}${this.#options.dir}/`);
    return due.filter((copy) => {
      const words = `${MARKER}${this.#path(copy, SOCKET)} `;
      return !found.some(({ cmdline }) => cmdline.includes(words));
    });
  }

  async #spawn(
    copy: CopyId,
    socketPath: string,
    cgroups: readonly string[],
  ): Promise<void> {
    const { virtiofsd, source, clock } = this.#options;
    const logPath = this.#path(copy, LOG);
    const child = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--propagation", "private", "--", "sh", "-c", START],
        ...["procurator-share", source, logPath, ...cgroups, "--"],
        virtiofsd.path,
        ...virtiofsdArgs(virtiofsd, { source, socketPath }),
      ],
      // It holds nothing of ours, and has a session of its own: it runs on without us.
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    child.unref();
    let ended = false;
    child.status.then(() => ended = true, () => ended = true);
    const endMs = clock.bootMs() + START_TIMEOUT_MS;
    while (!await exists(socketPath)) {
      if (ended) {
        const said = await Deno.readTextFile(logPath).catch(() => "");
        throw new AppError(
          "failed",
          `Cannot share the store with "${copy.id}": virtiofsd ended: ${
            said.trim().split("\n").slice(-3).join("; ") || "it said nothing"
          }`,
          { hint: "set storeShare of the worker to image" },
        );
      }
      if (clock.bootMs() > endMs) {
        throw new AppError(
          "failed",
          `Cannot share the store with "${copy.id}": virtiofsd does not listen after ${START_TIMEOUT_MS} ms`,
        );
      }
      await clock.sleep(LOOK_MS);
    }
  }

  async #endAt(socketPath: string): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.bootMs() + END_TIMEOUT_MS;
    for (;;) {
      const left = await findByMarker(`${MARKER}${socketPath} `);
      if (left.length === 0) return;
      for (const { pid } of left) killNow(pid);
      if (clock.bootMs() > endMs) {
        throw new AppError(
          "timeout",
          `Cannot end virtiofsd at ${socketPath}: process ${
            left[0]?.pid
          } does not die`,
        );
      }
      await clock.sleep(LOOK_MS);
    }
  }

  #path(copy: CopyId, suffix: string): string {
    return `${this.#options.dir}/${copyDirectoryName(copy)}${suffix}`;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw storageError(path, error);
  }
}
