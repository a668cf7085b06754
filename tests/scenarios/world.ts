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
import { gateOf } from "../../roles/master/rpc_server.ts";
import { memoryPair, Session } from "../../rpc/mod.ts";
import { simulatedTokens } from "../sim/tokens.ts";
import { MasterScenario } from "../support/master.ts";
import { tempDir } from "../support/temp.ts";
import { directives } from "./directives.ts";
import { type Outcome, wordsOf } from "./script.ts";

const notHere = () =>
  Promise.reject(new AppError("failed", "a scenario runs no role"));

const NO_ROLES: RoleTable = {
  roles: {
    master: notHere,
    worker: notHere,
    ci: notHere,
    cache: notHere,
    hub: notHere,
  },
  guard: { run: notHere, status: notHere },
  dev: notHere,
  demo: notHere,
};

/** A scenario's world; `await using` ends it. */
export class World implements AsyncDisposable {
  readonly cluster: MasterScenario;
  /** Where files of the scenario are. */
  readonly dir: string;
  readonly #ends: AsyncDisposable;

  private constructor(
    cluster: MasterScenario,
    dir: { path: string } & AsyncDisposable,
  ) {
    this.cluster = cluster;
    this.dir = dir.path;
    this.#ends = dir;
  }

  static async create(): Promise<World> {
    const dir = await tempDir("scenario");
    return new World(await MasterScenario.create(), dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends[Symbol.asyncDispose]();
  }

  /** Runs one line; a word of the world or a command of the program, `as ROLE` before it. */
  async run(line: string): Promise<Outcome> {
    let words = wordsOf(line);
    let role = "operator";
    if (words[0] === "as") {
      role = words[1] ?? "";
      words = words.slice(2);
    }
    const [name = "", ...args] = words;
    if (name === "procurator") return await this.#command(args, role);
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

  async #command(args: readonly string[], role: string): Promise<Outcome> {
    const outcome: Outcome = { out: "", err: "", status: 0 };
    const { cluster } = this;
    const clock: Clock = {
      now: () => cluster.clock.now(),
      bootMs: () => cluster.clock.bootMs(),
      sleep: async (ms, signal) => {
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
      err: (text) => void (outcome.err += text),
      command: ["procurator"],
      readInput: () => Promise.resolve(""),
      readSecret: () => Promise.resolve(""),
      connectMaster: async (target) => await this.#connect(target.token ?? ""),
      untilStopped: () => new Promise(() => {}),
      exitStatus: 0,
    };
    // Files are named as they are in the scenario.
    const real = args.map((word) =>
      /^[a-z-]+\.(json|sqlite)$/.test(word) ? `${this.dir}/${word}` : word
    );
    outcome.status = await runCli(real, NO_ROLES, context);
    await cluster.settle();
    return outcome;
  }

  async #connect(token: string) {
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
