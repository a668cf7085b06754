/**
 * The one dnsmasq of a bridge: its files, its process. It outlives the worker,
 * and the next one finds it by its pid file and command line.
 *
 * Owns its directory. Which leases and names there are is decided elsewhere.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import {
  readIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { Commands } from "./commands.ts";
import type { DnsmasqFiles } from "./core/dnsmasq_files.ts";

/** It ends within milliseconds of SIGTERM; on a busy host give it more before SIGKILL. */
const END_TIMEOUT_MS = 5000;
const END_POLL_MS = 5;
/** It writes what a guest makes it write: kept small. */
const MAX_LOG_BYTES = 1024 * 1024;
/** Readable by the user it runs as. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const CONF_PREFIX = "conf-";

/** Whom it gives its rights up to: it reads what guests send. */
export async function dnsmasqUser(): Promise<string> {
  const accounts = await readIfThere("/etc/passwd") ?? "";
  return /^dnsmasq:/m.test(accounts) ? "dnsmasq" : "nobody";
}

/**
 * Makes a directory that other users can look up files in. The one above it is
 * the worker's run directory, which it may open for that too; further up it is
 * for people to decide.
 *
 * @throws {AppError} `refused` when a directory above is shut.
 */
export async function makeSearchable(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true, mode: DIRECTORY_MODE });
  await Deno.chmod(dir, DIRECTORY_MODE);
  const above = dirname(dir);
  for (let path = above;; path = dirname(path)) {
    const mode = (await Deno.stat(path)).mode ?? 0;
    if ((mode & 0o001) === 0) {
      if (path !== above) {
        throw new AppError(
          "refused",
          `Cannot serve names and addresses from ${dir}: the user dnsmasq may not pass through ${path}`,
          { hint: `chmod o+x ${path}, or choose another --run-dir` },
        );
      }
      await Deno.chmod(path, (mode & 0o7777) | 0o011);
    }
    if (path === dirname(path)) return;
  }
}

/** A dnsmasq of this directory that runs. */
interface Running {
  readonly pid: number;
  /** Name of the file it was started with. */
  readonly conf: string;
}

/** Named for its content: the command line tells what a process was started with. */
function confName(content: string): string {
  const digest = createHash("sha256").update(content).digest("hex");
  return `${CONF_PREFIX}${digest.slice(0, 16)}`;
}

export class Dnsmasq {
  readonly #dir: string;
  readonly #commands: Commands;
  readonly #clock: Clock;
  /** Nobody knows whether the process found here has read the files found here. */
  #isAdopted = true;

  constructor(options: { dir: string; commands: Commands; clock: Clock }) {
    this.#dir = options.dir;
    this.#commands = options.commands;
    this.#clock = options.clock;
  }

  /** What the one that runs was started with; "" when none runs. */
  async conf(): Promise<string> {
    const running = await this.#running();
    if (running === null) return "";
    return await readIfThere(this.#path(running.conf)) ?? "";
  }

  /** Its process; null when it does not run. */
  async pid(): Promise<number | null> {
    return (await this.#running())?.pid ?? null;
  }

  /**
   * Runs with these files: started, started again when what it reads at its
   * start has changed, told to read again when the rest has.
   *
   * @throws {AppError} `missing_dependency`, `storage`, `failed`.
   */
  async serve(files: DnsmasqFiles): Promise<void> {
    await makeSearchable(this.#dir);
    const conf = confName(files.conf);
    await this.#write(conf, files.conf);
    const isReload = await this.#write("hosts", files.hosts) ||
      this.#isAdopted;
    const running = await this.#running();
    if (running?.conf === conf) {
      if (isReload) this.#signal(running.pid, "SIGHUP");
    } else {
      if (running !== null) await this.#end(running.pid);
      await this.boundLog();
      await this.#commands.checked(
        "serve names and addresses",
        "dnsmasq",
        [`${this.#mark}${conf}`],
      );
      await this.#clear(conf);
    }
    this.#isAdopted = false;
  }

  /** Ends it: the next `serve` starts it. */
  async end(): Promise<void> {
    const pid = await this.pid();
    if (pid !== null) await this.#end(pid);
  }

  /** Ends it; its files go too. */
  async remove(): Promise<void> {
    await this.end();
    await removeIfThere(this.#dir);
  }

  /** It appends to its log: cutting that is safe while it runs. */
  async boundLog(): Promise<void> {
    const path = this.#path("log");
    const size = await Deno.stat(path).then(({ size }) => size, () => 0);
    if (size > MAX_LOG_BYTES) await Deno.truncate(path);
  }

  get #mark(): string {
    return `--conf-file=${this.#dir}/`;
  }

  #path(name: string): string {
    return `${this.#dir}/${name}`;
  }

  async #running(): Promise<Running | null> {
    const text = await readIfThere(this.#path("pid")) ?? "";
    const pid = Number(text.trim());
    if (!Number.isInteger(pid) || pid < 2) return null;
    try {
      const line = await Deno.readTextFile(`/proc/${pid}/cmdline`);
      const words = line.split("\0");
      const word = words.find((each) => each.startsWith(this.#mark));
      return word === undefined
        ? null
        : { pid, conf: word.slice(this.#mark.length) };
    } catch {
      // It ended between two reads.
      return null;
    }
  }

  /** True when the file was another before. */
  async #write(name: string, content: string): Promise<boolean> {
    const path = this.#path(name);
    if (await readIfThere(path) === content) return false;
    await writeFileAtomic(path, content, { mode: FILE_MODE });
    return true;
  }

  /** Removes what former ones were started with. */
  async #clear(conf: string): Promise<void> {
    for await (const { name } of Deno.readDir(this.#dir)) {
      const isOld = name.startsWith(CONF_PREFIX) && name !== conf;
      if (isOld) await removeIfThere(this.#path(name));
    }
  }

  #signal(pid: number, signal: Deno.Signal): void {
    try {
      Deno.kill(pid, signal);
    } catch {
      // It has ended: it is started at the next look.
    }
  }

  /** @throws {AppError} `timeout` when the kernel does not let it die: whoever waits is told, and tries again. */
  async #end(pid: number): Promise<void> {
    const endMs = this.#clock.bootMs() + END_TIMEOUT_MS;
    this.#signal(pid, "SIGTERM");
    while (await this.pid() === pid) {
      const lateMs = this.#clock.bootMs() - endMs;
      if (lateMs >= 0) this.#signal(pid, "SIGKILL");
      if (lateMs >= END_TIMEOUT_MS) {
        throw new AppError(
          "timeout",
          `Cannot end dnsmasq: process ${pid} does not die`,
        );
      }
      await this.#clock.sleep(END_POLL_MS);
    }
  }
}
