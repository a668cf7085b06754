/**
 * Hosts with a guard and a worker each, as processes that can be frozen and
 * killed, and a real master; and a watch over the process table that sees two
 * copies of an exclusive VM whenever there are two.
 *
 * @module
 */
import { openTokenTable } from "../../roles/auth/mod.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import {
  type ClusterStatus,
  intentHash,
  type VmSpec,
} from "../../roles/model/mod.ts";
import type { RunningRole } from "../../roles/model/ports.ts";
import {
  clusterStatusFromWire,
  publishRequestToWire,
} from "../../rpc/convert.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { processFacts } from "../../vmm/host/process_table.ts";
import { type GuardProcess, startGuardProcess } from "./guard_process.ts";
import { until } from "./wait.ts";

const PROGRAM = new URL("./fenced_worker.ts", import.meta.url).pathname;
const READY = { timeoutMs: 60_000 };
/** Between two looks at the process table. */
const LOOK_MS = 10;

/** One host. */
export interface Host {
  readonly name: string;
  readonly dir: string;
  guard: GuardProcess;
  worker: WorkerChild;
}

export interface WorkerChild {
  readonly http: string;
  signal(signal: Deno.Signal): void;
  kill(): Promise<void>;
}

/** A VMM seen under a guard. */
interface Seen {
  readonly host: string;
  readonly pid: number;
  readonly startTicks: number;
}

/** The children of a process that are alive. */
function childrenOf(pid: number): number[] {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
    return text.trim().split(" ").filter((word) => word !== "").map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

/** Looks at all guards' children, again and again; every exclusive VM of a test is the same one. */
export class CopyWatch {
  readonly #hosts: readonly Host[];
  readonly #seen = new Map<string, Seen>();
  readonly #ending = new AbortController();
  readonly #loop: Promise<void>;
  /** Where a copy was alive while another host had one too. */
  readonly doubles: string[] = [];

  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
    this.#loop = this.#run();
  }

  /** The processes alive now, by host. */
  async alive(): Promise<Seen[]> {
    for (const { name, guard } of this.#hosts) {
      for (const pid of childrenOf(guard.pid)) {
        const facts = await processFacts(pid);
        if (facts === null || facts.zombie) continue;
        const { startTicks } = facts;
        this.#seen.set(`${pid} ${startTicks}`, { host: name, pid, startTicks });
      }
    }
    const alive: Seen[] = [];
    for (const [key, seen] of this.#seen) {
      const facts = await processFacts(seen.pid);
      if (facts?.startTicks === seen.startTicks && !facts.zombie) {
        alive.push(seen);
      } else this.#seen.delete(key);
    }
    return alive;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const alive = await this.alive();
      if (alive.length > 1) {
        this.doubles.push(alive.map(({ host }) => host).join(" and "));
      }
      await systemClock.sleep(LOOK_MS, this.#ending.signal);
    }
  }
}

/** A master, its hosts and their watch. */
export class FencedCluster implements AsyncDisposable {
  readonly hosts: Host[] = [];
  readonly #dir: string;
  readonly #config: Record<string, unknown>;
  readonly #driver: string;
  #tokens = { worker: "", publisher: "" };
  #master: RunningRole | null = null;
  #ports: { listen: string; rpcListen: string } = {
    listen: "127.0.0.1:0",
    rpcListen: "127.0.0.1:0",
  };
  #watch: CopyWatch | null = null;
  #parent = 0;

  constructor(
    dir: string,
    options: { leaseMs: number; driver?: "simulated" | "qemu" },
  ) {
    this.#dir = dir;
    this.#driver = options.driver ?? "simulated";
    this.#config = { leaseMs: options.leaseMs, tickMs: 50 };
  }

  async start(names: readonly string[]): Promise<void> {
    const stateDir = `${this.#dir}/master`;
    const table = openTokenTable(stateDir);
    const source = { now: systemClock.now(), random: systemRandom };
    const make = (role: "worker" | "publisher") =>
      table.create({ role, name: role }, source).token;
    this.#tokens = { worker: make("worker"), publisher: make("publisher") };
    table.close();
    await Deno.writeTextFile(`${this.#dir}/token`, this.#tokens.worker);
    await this.startMaster();
    await Promise.all(names.map(async (name) => {
      const dir = `${this.#dir}/${name}`;
      await Deno.mkdir(dir);
      const guard = await startGuardProcess(`${dir}/guard`);
      try {
        const worker = await this.#spawnWorker(name, dir);
        this.hosts.push({ name, dir, guard, worker });
      } catch (error) {
        await guard.end("SIGKILL");
        throw error;
      }
    }));
    this.#watch = new CopyWatch(this.hosts);
  }

  get watch(): CopyWatch {
    if (this.#watch === null) throw new Error("not started");
    return this.#watch;
  }

  host(name: string): Host {
    const host = this.hosts.find((host) => host.name === name);
    if (host === undefined) throw new Error(`no host "${name}"`);
    return host;
  }

  /** A master on the ports of the one before. */
  async startMaster(): Promise<void> {
    this.#master = await runMaster(MasterConfig.parse({
      stateDir: `${this.#dir}/master`,
      runDir: `${this.#dir}/master-run`,
      ...this.#ports,
      ...this.#config,
    }));
    const { http = "", rpc = "" } = this.#master.endpoints;
    const address = (url: string) => new URL(url).host;
    this.#ports = { listen: address(http), rpcListen: address(rpc) };
  }

  async stopMaster(): Promise<void> {
    await this.#master?.stop();
    this.#master = null;
  }

  async restartWorker(name: string): Promise<void> {
    const host = this.host(name);
    host.worker = await this.#spawnWorker(name, host.dir);
  }

  async restartGuard(name: string): Promise<void> {
    const host = this.host(name);
    host.guard = await startGuardProcess(`${host.dir}/guard`);
  }

  async publish(vmSpecs: VmSpec[]): Promise<void> {
    const connection = await connectRpc({ url: this.#rpc });
    try {
      const gate = connection.bootstrap(Gate);
      const { session } = gate.login({ token: this.#tokens.publisher });
      const { publisher } = session.publisher();
      const generation = this.#parent + 1;
      await publisher.publishState(publishRequestToWire({
        cluster: "shop",
        repository: "shop",
        commit: `abcdef${generation}`,
        generation,
        parent: this.#parent,
        intentHash: intentHash(vmSpecs),
        vmSpecs,
      }));
      this.#parent = generation;
    } finally {
      connection.close();
    }
  }

  async status(): Promise<ClusterStatus> {
    const connection = await connectRpc({ url: this.#rpc });
    try {
      const gate = connection.bootstrap(Gate);
      const { session } = gate.login({ token: this.#tokens.publisher });
      const { viewer } = session.viewer();
      const { status } = await viewer.getClusterStatus({ cluster: "shop" });
      return clusterStatusFromWire(status);
    } finally {
      connection.close();
    }
  }

  /** Waits until the VM is healthy, by the master's word, on a host that fits; the host's name. */
  async untilHealthy(
    vm: string,
    fits: (worker: string) => boolean = () => true,
  ): Promise<string> {
    return await until(`${vm} is healthy`, async () => {
      const { vms, workers } = await this.status();
      // A copy that a lost worker had is shown by its last report until the worker is heard again.
      const found = vms.find(({ id, worker, health }) =>
        id === vm && health === "healthy" && worker !== null && fits(worker)
      );
      // What `until` shows should it never be.
      if (found === undefined) {
        throw new Error(JSON.stringify({ workers, vms }));
      }
      return found.worker;
    }, { timeoutMs: 120_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.stop();
    for (const { worker, guard } of this.hosts) {
      worker.signal("SIGCONT");
      await worker.kill();
      await guard.end("SIGKILL");
    }
    await this.stopMaster();
  }

  get #rpc(): string {
    return this.#master?.endpoints["rpc"] ?? "";
  }

  async #spawnWorker(name: string, dir: string): Promise<WorkerChild> {
    const config = {
      name,
      stateDir: `${dir}/state`,
      runDir: `${dir}/worker`,
      listen: "127.0.0.1:0",
      driver: this.#driver,
      closures: "none",
      masterUrl: this.#rpc,
      tokenFile: `${this.#dir}/token`,
      capacity: { cpuMilli: 4000, memoryMib: 4096 },
      stopGraceMs: 2000,
    };
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", PROGRAM, JSON.stringify(config)],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let said = "";
    let gone = false;
    const reading = (async () => {
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        said += text;
      }
    })();
    const ended = Promise.all([child.status, reading]).then(() => {
      gone = true;
    });
    const signal = (name: Deno.Signal) => {
      try {
        child.kill(name);
      } catch {
        // It has ended.
      }
    };
    const http = await until(`the worker ${name} listens`, () => {
      if (gone) return "gone";
      return said.includes("\n") && said.trim();
    }, READY);
    if (http === "gone") throw new Error(`the worker ${name} ended at once`);
    return {
      http,
      signal,
      async kill() {
        signal("SIGKILL");
        await ended;
      },
    };
  }
}
