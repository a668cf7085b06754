/**
 * One host under chaos: a guard and a worker as processes that are killed and
 * started again, and what the host itself shows of machines and everything
 * else that a worker makes. Asks the worker nothing.
 *
 * @module
 */
import { z } from "zod";
import { guardSocketPath } from "../../../roles/guard/config.ts";
import type { Failpoint } from "../../../roles/process/mod.ts";
import { processFacts } from "../../../vmm/process_table.ts";
import { DirectoryMaster } from "../../support/worker.ts";
import { until } from "../../support/wait.ts";
import type { SeenMachine, Things } from "./checks.ts";

const CHILD = new URL("./child.ts", import.meta.url).pathname;
const GUARD = new URL("../../support/guard_child.ts", import.meta.url).pathname;
/** Shown when something went wrong. */
const LOG_LINES = 20;
const READY = { timeoutMs: 60_000 };

export type ChaosDriver = "simulated" | "qemu";

export interface HostOptions {
  /** Short: sockets below it have paths of at most 107 bytes. */
  dir: string;
  driver: ChaosDriver;
  /** For the worker's configuration. */
  config?: Record<string, unknown>;
  /** Where output of the processes goes. */
  logPath: string;
}

/** A process of ours. */
class Service {
  readonly #child: Deno.ChildProcess;
  /** The signal that ended it. */
  readonly ended: Promise<string | null>;
  isGone = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.ended = child.status.then(({ signal }) => {
      this.isGone = true;
      return signal;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
    await this.ended;
  }
}

const Record = z.object({
  id: z.string(),
  runtimeHash: z.string(),
  marker: z.string(),
});
const Table = z.array(z.object({
  id: z.string(),
  incarnation: z.number(),
  startedAtMs: z.number(),
  runtimeHash: z.string(),
}));

async function namesIn(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

async function readJson<T>(schema: z.ZodType<T>, path: string) {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

export class ChaosHost implements AsyncDisposable {
  readonly master: DirectoryMaster;
  readonly #options: HostOptions;
  #worker: Service | null = null;
  #guard: Service | null = null;

  constructor(options: HostOptions) {
    this.#options = options;
    this.master = new DirectoryMaster(`${options.dir}/master`);
  }

  get #runDir(): string {
    return `${this.#options.dir}/run`;
  }

  async prepare(): Promise<void> {
    await Deno.mkdir(`${this.#options.dir}/master`, { recursive: true });
    await this.startGuard();
  }

  get worker(): Service {
    if (this.#worker === null) throw new Error("no worker was started");
    return this.#worker;
  }

  get guard(): Service {
    if (this.#guard === null) throw new Error("no guard was started");
    return this.#guard;
  }

  #spawn(
    program: string,
    config: Record<string, unknown>,
    env: Record<string, string>,
  ): Service {
    const log = Deno.openSync(this.#options.logPath, {
      create: true,
      append: true,
    });
    log.close();
    // Through a shell only for its redirection: exec leaves the pid ours.
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        this.#options.logPath,
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        program,
        JSON.stringify(config),
      ],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Service(child);
  }

  /** Starts a worker that dies at `point` once `gate` is there. */
  startWorker(armed?: { point: Failpoint; gate: string }): void {
    const { dir, driver, config = {} } = this.#options;
    this.#worker = this.#spawn(CHILD, {
      name: "w1",
      stateDir: `${dir}/state`,
      runDir: this.#runDir,
      listen: "127.0.0.1:0",
      closures: "none",
      stopGraceMs: 2000,
      pollWaitMs: 1000,
      driver,
      guardSocket: guardSocketPath(`${dir}/guard`),
      ...config,
    }, {
      PROCURATOR_FAILPOINT: armed?.point ?? "",
      PROCURATOR_FAILPOINT_GATE: armed?.gate ?? "",
    });
  }

  async startGuard(): Promise<void> {
    const runDir = `${this.#options.dir}/guard`;
    const guard = this.#spawn(GUARD, { runDir }, {});
    this.#guard = guard;
    await until("the guard listens", async () => {
      if (guard.isGone) throw new Error("the guard ended at once");
      const connection = await Deno.connect({
        transport: "unix",
        path: guardSocketPath(runDir),
      });
      connection.close();
      return true;
    }, READY);
  }

  /** The last of what the processes wrote. */
  async logTail(): Promise<string> {
    const text = await Deno.readTextFile(this.#options.logPath);
    return text.split("\n").slice(-LOG_LINES).join("\n");
  }

  /** The machines that run, by the process table or the simulated driver's. */
  async machines(): Promise<SeenMachine[]> {
    const { driver } = this.#options;
    if (driver === "simulated") {
      const path = `${this.#runDir}/vms/simulated.json`;
      const table = await readJson(Table, path) ?? [];
      return table.map(({ id, runtimeHash, startedAtMs }) => ({
        vm: id,
        runtimeHash,
        identity: `start ${startedAtMs}`,
      }));
    }
    const found: SeenMachine[] = [];
    for (const { pid, directory, cmdline } of await this.#processes()) {
      const record = await readJson(Record, `${directory}/vm.json`);
      const isOurs = record !== null && cmdline.includes(record.marker);
      const facts = await processFacts(pid);
      if (facts === null || facts.zombie) continue;
      found.push({
        vm: record?.id ?? directory,
        runtimeHash: isOurs ? record.runtimeHash : null,
        identity: `pid ${pid} of ${facts.startTicks}`,
      });
    }
    return found;
  }

  /** The VMM of this VM; null when there is none. */
  async pidOf(vm: string): Promise<number | null> {
    const found = (await this.machines()).find((machine) => machine.vm === vm);
    const pid = /^pid ([0-9]+)/.exec(found?.identity ?? "")?.[1];
    return pid === undefined ? null : Number(pid);
  }

  /** Processes that name a directory of a VM of ours. */
  async #processes() {
    const root = `${this.#runDir}/vms/`;
    const found: { pid: number; directory: string; cmdline: string }[] = [];
    for (const name of await namesIn("/proc")) {
      if (!/^[0-9]+$/.test(name)) continue;
      const facts = await processFacts(Number(name));
      if (facts === null || facts.zombie) continue;
      const at = facts.cmdline.indexOf(root);
      if (at < 0) continue;
      const id = /^[0-9a-f]{16}/.exec(facts.cmdline.slice(at + root.length));
      if (id === null) continue;
      const { pid, cmdline } = facts;
      found.push({ pid, cmdline, directory: `${root}${id[0]}` });
    }
    return found;
  }

  /** What is there beside machines, by kind. */
  async things(): Promise<Things> {
    const { dir } = this.#options;
    const roots: string[] = [];
    for (const copy of await namesIn(`${dir}/state/roots`)) {
      const links = await namesIn(`${dir}/state/roots/${copy}`);
      if (links.length === 0) roots.push(copy);
      for (const link of links) roots.push(`${copy}/${link}`);
    }
    const directories = await namesIn(`${this.#runDir}/vms`);
    const memory = await namesIn(`${dir}/state/memory`);
    return new Map([
      ["directory", directories.filter((name) => !name.endsWith(".json"))],
      ["memory", memory.map((name) => name.replace(/\.json$/, ""))],
      ["root", roots],
      ["temporary file", await namesIn(`${dir}/state/tmp`)],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.end("SIGKILL");
    // With it goes what it has started.
    await this.#guard?.end("SIGKILL");
    for (const { pid } of await this.#processes()) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
  }
}
