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
import { runChecked } from "../../../roles/process/mod.ts";
import { tapPrefix } from "../../../roles/worker/network/core/names.ts";
import { NetworkConfig } from "../../../roles/worker/network/config.ts";
import { processFacts } from "../../../vmm/host/process_table.ts";
import { DirectoryMaster } from "../../support/worker.ts";
import { until } from "../../support/wait.ts";
import type { SeenMachine, Things } from "./checks.ts";

const CHILD = new URL("./child.ts", import.meta.url).pathname;
const GUARD = new URL("../../support/guard_child.ts", import.meta.url).pathname;
const DEFAULT_BRIDGE = NetworkConfig.parse({}).bridge;
const CGROUPS = "/sys/fs/cgroup";
/** What the worker calls a TAP on its bridge. */
const TAP = new RegExp(`\\b${tapPrefix(DEFAULT_BRIDGE)}[0-9a-f]+`, "g");
/** Of the subnet that the run gives; its first is the host's, its last everybody's. */
const GUEST_ADDRESS = /\b10\.201\.7\.(?!0\b|1\b|255\b)\d+\b(?!\/)/g;
/** Shown when something went wrong. */
const LOG_LINES = 20;
const READY = { timeoutMs: 60_000 };

/** `stand-in` is the cloud-hypervisor driver over the tests' stand-in, with a bridge network. */
export const CHAOS_DRIVERS = ["stand-in", "qemu", "simulated"] as const;
export type ChaosDriver = typeof CHAOS_DRIVERS[number];

export interface HostOptions {
  /** Short: sockets below it have paths of at most 107 bytes. */
  dir: string;
  driver: ChaosDriver;
  /** For the worker's configuration. */
  config?: Record<string, unknown>;
  /** Where output of the processes goes. */
  logPath: string;
  /** The words that run a program where the network is; none: here. */
  inside: readonly string[];
}

/** Where its VMMs' control groups are: apart from those of other runs. */
export function cgroupParentOf({ dir }: Pick<HostOptions, "dir">): string {
  return `procurator${dir.replaceAll("/", "-")}`;
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

async function foldersIn(dir: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await namesIn(dir)) {
    if ((await Deno.stat(`${dir}/${name}`)).isDirectory) names.push(name);
  }
  return names;
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
    const [first = "sh", ...rest] = [...this.#options.inside, "sh"];
    const child = new Deno.Command(first, {
      args: [
        ...rest,
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
      driver: driver === "stand-in" ? "cloud-hypervisor" : driver,
      guardSocket: guardSocketPath(`${dir}/guard`),
      cgroups: { parent: cgroupParentOf({ dir }) },
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
    const network = await this.#network();
    return new Map([
      ...network,
      ["control group", await this.#groups()],
      ["directory", directories.filter((name) => !name.endsWith(".json"))],
      ["memory", memory.map((name) => name.replace(/\.json$/, ""))],
      ["root", roots],
      ["temporary file", await namesIn(`${dir}/state/tmp`)],
    ]);
  }

  /** Control groups below ours, by their names in any hierarchy. */
  async #groups(): Promise<string[]> {
    const names = new Set<string>();
    for (const ours of await this.#groupParents()) {
      for (const worker of await foldersIn(ours)) {
        for (const name of await foldersIn(`${ours}/${worker}`)) {
          names.add(name);
        }
      }
    }
    return [...names];
  }

  async #groupParents(): Promise<string[]> {
    const hierarchies = await foldersIn(CGROUPS);
    const name = cgroupParentOf(this.#options);
    return hierarchies.map((hierarchy) => `${CGROUPS}/${hierarchy}/${name}`);
  }

  /** What a worker that is killed leaves of its own groups. */
  async #removeGroups(): Promise<void> {
    for (const ours of await this.#groupParents()) {
      for (const worker of await foldersIn(ours)) {
        for (const name of await foldersIn(`${ours}/${worker}`)) {
          await Deno.remove(`${ours}/${worker}/${name}`);
        }
        await Deno.remove(`${ours}/${worker}`);
      }
      await Deno.remove(ours).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  /** TAPs, and guests' addresses and cards that rules and files of the network name. */
  async #network(): Promise<[string, string[]][]> {
    if (this.#options.inside.length === 0) return [];
    const links = await this.#ask("ip", "-o", "link");
    const rules = await this.#ask("nft", "list", "ruleset");
    const found = (text: string, pattern: RegExp) => [
      ...new Set([...text.matchAll(pattern)].map(([name]) => name)),
    ];
    return [
      ["tap", found(links, TAP)],
      ["tap in rules", found(rules, TAP)],
      ["address in rules", found(rules, GUEST_ADDRESS)],
    ];
  }

  async #ask(program: string, ...args: string[]): Promise<string> {
    const [first = program, ...rest] = [...this.#options.inside, program];
    return await runChecked(first, [...rest, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.end("SIGKILL");
    // With it goes what it has started.
    await this.#guard?.end("SIGKILL");
    await until("the end of every VMM", async () => {
      const left = await this.#processes();
      for (const { pid } of left) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch {
          // It has ended.
        }
      }
      return left.length === 0;
    }, READY);
    await this.#removeGroups();
  }
}
