/**
 * What scenarios run in: a real master behind its RPC, workers that obey on a
 * virtual clock, and the real command line. Time passes only when a command
 * waits for it.
 *
 * @module
 */
import { runCli } from "../../roles/cli/mod.ts";
import type { CliContext, RoleTable } from "../../roles/cli/mod.ts";
import { painter } from "../../roles/cli/core/table.ts";
import { loginOver } from "../../roles/cli/master_rpc.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { AppError } from "../../roles/model/errors.ts";
import { DATABASE } from "../../roles/master/backup.ts";
import { backupMaster, restoreMaster } from "../../roles/master/mod.ts";
import { openStore } from "../../roles/master/store.ts";
import { lockDirectory } from "../../roles/config/mod.ts";
import { gateOf } from "../../roles/master/rpc_server.ts";
import { memoryPair, Session } from "../../rpc/mod.ts";
import { simulatedTokens } from "../sim/tokens.ts";
import { MasterScenario } from "../support/master.ts";
import { tempDir } from "../support/temp.ts";
import { directives, durationMs } from "./directives.ts";
import { type Outcome, wordsOf } from "./script.ts";

const notHere = () =>
  Promise.reject(new AppError("failed", "a scenario runs no role"));

/** No role runs here; the master's files are those of the scenario. */
function rolesOf(masterDir: string): RoleTable {
  return {
    roles: {
      master: notHere,
      worker: notHere,
      ci: notHere,
      cache: notHere,
      hub: notHere,
    },
    masterFiles: {
      backup: (_load, file) => backupMaster(masterDir, file),
      restore: (_load, file, asked) => restoreMaster(masterDir, file, asked),
    },
    cacheFiles: { check: notHere, backup: notHere, restore: notHere },
    workerHost: {
      probe: notHere,
      units: notHere,
      nameOf: notHere,
      volumes: notHere,
      removeVolume: notHere,
    },
    guard: { run: notHere, status: notHere },
    dev: notHere,
    demo: notHere,
  };
}

function masterDirOf(dir: string): string {
  return `${dir}/master`;
}

/** Then a user who waits presses Ctrl-C. */
const PATIENCE_MS = 600_000;

/** A scenario's world; `await using` ends it. */
export class World implements AsyncDisposable {
  readonly cluster: MasterScenario;
  /** Where files of the scenario are. */
  readonly dir: string;
  readonly #ends: AsyncDisposable;
  /** While the master runs, as a real one holds it; null: it is stopped. */
  #lock: AsyncDisposable | null;

  private constructor(
    cluster: MasterScenario,
    dir: { path: string } & AsyncDisposable,
    lock: AsyncDisposable,
  ) {
    this.cluster = cluster;
    this.dir = dir.path;
    this.#ends = dir;
    this.#lock = lock;
  }

  static async create(): Promise<World> {
    const dir = await tempDir("scenario");
    const masterDir = masterDirOf(dir.path);
    const lock = await lockDirectory(masterDir);
    const store = openStore(`${masterDir}/${DATABASE}`);
    return new World(await MasterScenario.create({ store }), dir, lock);
  }

  /** The master's process ends; its files stay. */
  async stopMaster(): Promise<void> {
    if (this.#lock === null) throw new Error("the master is stopped already");
    this.cluster.stop();
    await this.#lock[Symbol.asyncDispose]();
    this.#lock = null;
  }

  /** A master on what is in its directory now. */
  async startMaster(): Promise<void> {
    if (this.#lock !== null) throw new Error("the master runs already");
    const masterDir = masterDirOf(this.dir);
    this.#lock = await lockDirectory(masterDir);
    await this.cluster.start(openStore(`${masterDir}/${DATABASE}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lock !== null) await this.stopMaster();
    await this.#ends[Symbol.asyncDispose]();
  }

  /**
   * Runs one line: a word of the world, or a command of the program with
   * `as ROLE` or `ctrl-c DURATION` before it.
   */
  async run(line: string): Promise<Outcome> {
    let words = wordsOf(line);
    const how = { role: "operator", stopAfterMs: PATIENCE_MS };
    for (; words[0] === "as" || words[0] === "ctrl-c"; words = words.slice(2)) {
      if (words[0] === "as") how.role = words[1] ?? "";
      else how.stopAfterMs = durationMs(words[1]);
    }
    const [name = "", ...args] = words;
    if (name === "procurator") return await this.#command(args, how);
    const directive = directives[name];
    if (directive === undefined) {
      throw new Error(
        `"${name}" is neither procurator nor one of ${
          Object.keys(directives).join(", ")
        }`,
      );
    }
    try {
      const out = await directive(this, args);
      return { out: out ?? "", err: "", status: 0 };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const hint = error.hint === undefined ? "" : `Try: ${error.hint}\n`;
      return { out: "", err: `${error.message}\n${hint}`, status: 1 };
    }
  }

  async #command(
    args: readonly string[],
    { role, stopAfterMs }: { role: string; stopAfterMs: number },
  ): Promise<Outcome> {
    const outcome: Outcome = { out: "", err: "", status: 0 };
    const { cluster } = this;
    const stopped = Promise.withResolvers<void>();
    const stopMs = cluster.clock.bootMs() + stopAfterMs;
    const clock: Clock = {
      now: () => cluster.clock.now(),
      bootMs: () => cluster.clock.bootMs(),
      sleep: async (ms, signal) => {
        if (cluster.clock.bootMs() >= stopMs) stopped.resolve();
        if (signal?.aborted !== true) await cluster.run(ms);
      },
    };
    const context: CliContext = {
      env: {
        XDG_CONFIG_HOME: this.dir,
        PROCURATOR_MASTER: "unix:/master",
        PROCURATOR_TOKEN: role,
      },
      clock,
      random: { hex: (bytes) => "0".repeat(2 * bytes) },
      paint: painter(false),
      terminal: false,
      out: (text) => void (outcome.out += text),
      outBytes: (bytes) =>
        void (outcome.out += new TextDecoder().decode(bytes)),
      err: (text) => void (outcome.err += text),
      errBytes: (bytes) =>
        void (outcome.err += new TextDecoder().decode(bytes)),
      input: () => new ReadableStream({ start: (stream) => stream.close() }),
      openTerminal: () => null,
      enrolWorker: notHere,
      command: ["procurator"],
      readInput: () => Promise.resolve(""),
      readSecret: () => Promise.resolve(""),
      connectMaster: async (target) => await this.connect(target.token ?? ""),
      untilStopped: () => stopped.promise,
      exitStatus: 0,
    };
    // Files are named as they are in the scenario.
    const real = args.map((word) =>
      /^[a-z-]+\.(json|sqlite)$/.test(word) ? `${this.dir}/${word}` : word
    );
    const roles = rolesOf(masterDirOf(this.dir));
    outcome.status = await runCli(real, roles, context);
    if (this.#lock !== null) await cluster.settle();
    return outcome;
  }

  /** A session of the program's own client; the token of a role is its name. */
  async connect(token: string) {
    if (this.#lock === null) {
      throw new AppError("unavailable", "Cannot connect: no master runs here");
    }
    const { master, clock } = this.cluster;
    const [near, far] = memoryPair();
    const server = new Session(far, {
      bootstrap: () =>
        gateOf({
          service: master,
          tokens: simulatedTokens,
          anonymousRole: "none",
          version: "0.0.0",
          clock,
          random: { hex: (bytes) => "0".repeat(2 * bytes) },
        }),
    });
    const client = await loginOver(new Session(near, {}), token);
    return {
      ...client,
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]();
        server.close();
      },
    };
  }
}
