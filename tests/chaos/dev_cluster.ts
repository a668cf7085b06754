/**
 * `dev` as a child process that is killed and started again on the same state
 * directory, and what its roles answer.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { z } from "zod";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import type { MasterClient } from "../../roles/cli/master_client.ts";
import { JobList, type JobView } from "../../roles/model/mod.ts";
import { runProcess } from "../../roles/process/mod.ts";
import {
  type ServingProcess,
  startProcess,
  whileServing,
} from "../support/proof_process.ts";
import type { GitTarget } from "../support/proof_project.ts";
import type { Outcome, SeenGeneration } from "./checks.ts";
import { endMachines, type MachinesOf } from "./machines.ts";
import { CLUSTER } from "./project.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const REPOSITORY = "chaos";
/** All roles of a cold start on busy cores. */
const READY_TIMEOUT_MS = 30_000;
/** One answer of a role on loopback. */
const ANSWER_TIMEOUT_MS = 5000;
/** Generations looked at; the master keeps at least six. */
export const GENERATIONS = 6;
/** Below the ephemeral ports: nothing else is given one of these by the kernel. */
const FIRST_PORT_BASE = 20_000;
const LAST_PORT_BASE = 32_000;
const PORTS = 10;

/** What is needed of `client.json`. */
const ClientFile = z.object({
  master: z.string(),
  token: z.string(),
  services: z.object({
    hub: z.object({ url: z.string(), token: z.string() }),
    ci: z.object({ url: z.string(), token: z.string() }),
    cache: z.object({ url: z.string(), token: z.string() }),
  }),
});
type ClientFile = z.output<typeof ClientFile>;

/** How `dev` runs. */
export interface DevOptions {
  /** A directory of this run alone. */
  directory: string;
  driver: "qemu" | "simulated";
  /** Where the state is, when not below the directory. */
  stateDir?: string;
  env?: Record<string, string>;
}

/** A failpoint that sleeps until its gate is opened. */
export interface Arming {
  failpoint: string;
  gate: string;
}

/** The same ports after every start: a restart must not depend on new ones. */
function freePortBase(): number {
  for (let base = FIRST_PORT_BASE; base < LAST_PORT_BASE; base += PORTS) {
    // Runs side by side begin their search at different places.
    const at = FIRST_PORT_BASE + (base + Deno.pid * PORTS) %
        (LAST_PORT_BASE - FIRST_PORT_BASE);
    const held: Deno.Listener[] = [];
    try {
      for (let port = at; port < at + PORTS; port++) {
        held.push(Deno.listen({ hostname: "127.0.0.1", port }));
      }
      return at;
    } catch {
      continue;
    } finally {
      for (const listener of held) listener.close();
    }
  }
  throw new Error("there are no free ports");
}

/** The child, the files it keeps and a session with its master. */
export class DevCluster implements AsyncDisposable {
  readonly #options: DevOptions;
  readonly portBase = freePortBase();
  #process: ServingProcess | null = null;
  #master: MasterClient | null = null;

  constructor(options: DevOptions) {
    this.#options = options;
  }

  get process(): ServingProcess {
    if (this.#process === null) throw new Error("dev was not started");
    return this.#process;
  }

  get stateDir(): string {
    return this.#options.stateDir ?? join(this.#options.directory, "state");
  }

  /** Where the worker's driver keeps its machines: `dev` names it after its state directory. */
  get machinesOf(): MachinesOf {
    const name = createHash("sha256").update(this.stateDir).digest("hex")
      .slice(0, 8);
    return {
      driver: this.#options.driver,
      runDir: join(
        this.#options.directory,
        `run/procurator/dev-${name}/worker/vms`,
      ),
    };
  }

  /** Starts `dev`; resolves when it says that it is ready. Gives the seconds. */
  async start(arming: Arming | null): Promise<number> {
    const begin = performance.now();
    const logFile = join(
      this.#options.directory,
      `dev-${Math.round(begin)}.log`,
    );
    const process = startProcess([
      Deno.execPath(),
      "run",
      "-A",
      `${ROOT}main.ts`,
      "dev",
      "--state-dir",
      this.stateDir,
      "--port-base",
      String(this.portBase),
      "--driver",
      this.#options.driver,
    ], {
      name: "dev",
      logFile,
      env: {
        ...this.#options.env,
        XDG_RUNTIME_DIR: join(this.#options.directory, "run"),
        ...(arming === null ? {} : {
          PROCURATOR_FAILPOINT: arming.failpoint,
          PROCURATOR_FAILPOINT_GATE: arming.gate,
        }),
      },
    });
    this.#process = process;
    await whileServing(
      process,
      "ready dev",
      async () => (await process.log()).includes("procurator dev is ready"),
      { timeoutMs: READY_TIMEOUT_MS },
    );
    return (performance.now() - begin) / 1000;
  }

  /** kill -9 of `dev` alone, as a crash would; its machines run on. */
  async kill(): Promise<void> {
    await this.process.end("SIGKILL");
    await this.disconnect();
  }

  /** Asks `dev` to stop, which takes its machines with it. */
  async stop(): Promise<void> {
    await this.disconnect();
    await this.process[Symbol.asyncDispose]();
  }

  /** Ends the session with the master. */
  async disconnect(): Promise<void> {
    const master = this.#master;
    this.#master = null;
    await master?.[Symbol.asyncDispose]();
  }

  async client(): Promise<ClientFile> {
    const file = join(this.stateDir, "client.json");
    return ClientFile.parse(JSON.parse(await Deno.readTextFile(file)));
  }

  async gitTarget(): Promise<GitTarget> {
    const { hub } = (await this.client()).services;
    return { url: `${hub.url}/${REPOSITORY}.git`, token: hub.token };
  }

  async createRepository(): Promise<void> {
    const { hub } = (await this.client()).services;
    const answer = await fetch(`${hub.url}/api/v1/repositories`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${hub.token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: REPOSITORY }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Cannot make the repository: ${text}`);
  }

  /** ci's job for a commit; null while it has none. */
  async job(commit: string): Promise<JobView | null> {
    const { ci } = (await this.client()).services;
    const answer = await fetch(`${ci.url}/api/v1/jobs?commit=${commit}`, {
      headers: { authorization: `Bearer ${ci.token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return JobList.parse(await answer.json()).jobs[0] ?? null;
  }

  /** A session with the master as `dev`'s own client, kept until {@linkcode disconnect}. */
  async master(): Promise<MasterClient> {
    if (this.#master !== null) return this.#master;
    const { master, token } = await this.client();
    return this.#master = await connectMaster({
      url: master,
      token,
      caCert: undefined,
    });
  }

  /** What the master says; throws while it cannot be reached. */
  async ask(): Promise<Omit<Outcome, "machines">> {
    try {
      const master = await this.master();
      const status = await master.status(CLUSTER);
      return {
        generations: await master.generations(CLUSTER, GENERATIONS),
        convergencePercent: status.convergencePercent,
        activeCommit: status.commit,
        vms: status.vms,
      };
    } catch (error) {
      await this.disconnect();
      throw error;
    }
  }

  /** The generations, or what was known when the master cannot be asked. */
  async generations(known: SeenGeneration[]): Promise<SeenGeneration[]> {
    return await this.ask().then((seen) => seen.generations, () => known);
  }

  /** Stops `dev` and its machines, and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    await this.#process?.[Symbol.asyncDispose]();
    endMachines(this.machinesOf);
    // Stores are read-only: rm cannot enter them before.
    await runProcess("chmod", ["-R", "u+w", this.#options.directory]);
    await Deno.remove(this.#options.directory, { recursive: true });
  }
}

/** A new directory for a run, short enough for sockets below it. */
export async function chaosDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "pcr-chaos-" });
  await Deno.mkdir(join(directory, "run"), { mode: 0o700 });
  return await Deno.realPath(dirname(`${directory}/x`));
}
