/**
 * A real deployment for tests: master, workers, ci, cache and hub as processes
 * of the compiled executable, each on a host of its own, over TLS with tokens.
 *
 * Owns the hosts, the certificates, the token tables, the configuration files
 * and the processes; disposal ends everything. Speaks to procurator only as a
 * person would: through its command line and git.
 *
 * @module
 */
import { join } from "node:path";
import type { RunResult } from "../../roles/process/mod.ts";
import { createNetwork, type Host, type Network } from "./netns.ts";
import {
  type ServingProcess,
  startProcess,
  whileServing,
} from "./proof_process.ts";
import { tempDir } from "./temp.ts";

/** The hosts that serve, and the role each runs. */
const ROLES = {
  master: "master",
  cache: "cache",
  ci: "ci",
  hub: "hub",
  "worker-1": "worker",
  "worker-2": "worker",
} as const;
/** A host of the deployment that serves. */
export type Server = keyof typeof ROLES;

/** Hosts that only call: where people sit. */
const CLIENTS = ["laptop", "desk"] as const;

/** Who calls which service, as what: each pair is a token in the service's own table. */
const TOKENS = {
  master: {
    ci: "publisher",
    hub: "viewer",
    "worker-1": "worker",
    "worker-2": "worker",
    viewer: "viewer",
    operator: "operator",
  },
  hub: { ci: "viewer", developer: "publisher" },
  ci: { hub: "publisher", viewer: "viewer" },
  cache: {
    ci: "publisher",
    master: "viewer",
    "worker-1": "viewer",
    "worker-2": "viewer",
  },
  // Their own HTTP, for metrics.
  "worker-1": { viewer: "viewer" },
  "worker-2": { viewer: "viewer" },
} as const satisfies Record<Server, Record<string, string>>;

const PORTS = {
  master: 6441,
  cache: 6445,
  ci: 6444,
  hub: 3001,
  "worker-1": 6443,
  "worker-2": 6443,
} as const satisfies Record<Server, number>;
const RPC_PORT = 6440;

/** Starting a role: unpacking the executable for the first time included. */
const READY_TIMEOUT_MS = 30_000;
const COMMAND_TIMEOUT_MS = 60_000;

/** GET of the first argument, or POST of the third, with the token of the second; fails unless 2xx. */
const FETCH = `
  const [url, token, body] = Deno.args;
  const headers = { "content-type": "application/json" };
  if (token !== "") headers.authorization = "Bearer " + token;
  const send = body === undefined ? {} : { method: "POST", body };
  const answer = await fetch(url, { headers, ...send });
  console.log(await answer.text());
  Deno.exit(answer.ok ? 0 : 1);`;

/** The deployment, running. */
export interface Deployment extends AsyncDisposable {
  readonly directory: string;
  readonly caFile: string;
  host(name: Server | typeof CLIENTS[number]): Host;
  process(name: Server): ServingProcess;
  url(name: Server): string;
  /** Where clients connect to the master. */
  readonly masterUrl: string;
  /** The token that `holder` shows to `service`. */
  token(service: Server, holder: string): string;
  /** Runs the executable on a host, with a home of its own there. */
  procurator(
    host: Server | typeof CLIENTS[number],
    args: readonly string[],
    options?: { env?: Record<string, string>; stdin?: string },
  ): Promise<RunResult>;
  /** GET with the token of `holder`, made on the desk. */
  get(service: Server, path: string, holder: string): Promise<unknown>;
  /** Makes a repository on the hub as `holder`. */
  createRepository(name: string, holder: string): Promise<void>;
}

class Deploying {
  readonly #directory: string;
  readonly #program: string;
  readonly #network: Network;
  readonly #tokens = new Map<string, string>();
  readonly #processes = new Map<Server, ServingProcess>();

  constructor(directory: string, program: string, network: Network) {
    this.#directory = directory;
    this.#program = program;
    this.#network = network;
  }

  host(name: string): Host {
    return this.#network.host(name);
  }

  process(name: Server): ServingProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  }

  token(service: Server, holder: string): string {
    const token = this.#tokens.get(`${service} ${holder}`);
    if (token === undefined) {
      throw new Error(`${holder} has no token of ${service}`);
    }
    return token;
  }

  url(name: Server): string {
    return `https://${this.host(name).address}:${PORTS[name]}`;
  }

  get masterUrl(): string {
    return `tls://${this.host("master").address}:${RPC_PORT}`;
  }

  get caFile(): string {
    return join(this.#directory, "tls/ca.crt");
  }

  stateDir(name: Server): string {
    return join(this.#directory, name, "state");
  }

  env(name: string): Record<string, string> {
    // One cache for all: the executable is unpacked once, not on every host.
    return {
      HOME: join(this.#directory, name, "home"),
      XDG_CONFIG_HOME: join(this.#directory, name, "config"),
      XDG_CACHE_HOME: join(this.#directory, "cache-home"),
      NO_COLOR: "1",
    };
  }

  async procurator(
    hostName: string,
    args: readonly string[],
    options: { env?: Record<string, string>; stdin?: string } = {},
  ): Promise<RunResult> {
    return await this.host(hostName).run(this.#program, args, {
      env: { ...this.env(hostName), ...options.env },
      timeoutMs: COMMAND_TIMEOUT_MS,
      ...(options.stdin === undefined
        ? {}
        : { stdin: new TextEncoder().encode(options.stdin) }),
    });
  }

  async checked(
    hostName: string,
    args: readonly string[],
  ): Promise<string> {
    const result = await this.procurator(hostName, args);
    if (result.code === 0) return result.stdout;
    throw new Error(
      `procurator ${
        args.join(" ")
      } exited ${result.code}: ${result.stderrTail}`,
    );
  }

  /** A GET by a client that trusts our CA and nothing else. */
  async fetchText(
    hostName: string,
    url: string,
    token = "",
    body: string[] = [],
  ): Promise<RunResult> {
    const args = ["eval", "--no-config", FETCH, url, token, ...body];
    return await this.host(hostName).run(Deno.execPath(), args, {
      env: { ...this.env(hostName), DENO_CERT: this.caFile },
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
  }

  async get(service: Server, path: string, holder: string): Promise<unknown> {
    const token = this.token(service, holder);
    const url = this.url(service) + path;
    const result = await this.fetchText("desk", url, token);
    if (result.code === 0) return JSON.parse(result.stdout);
    throw new Error(`GET ${url}: ${result.stdout}${result.stderrTail}`);
  }

  async createRepository(name: string, holder: string): Promise<void> {
    const result = await this.fetchText(
      "laptop",
      `${this.url("hub")}/api/v1/repositories`,
      this.token("hub", holder),
      [JSON.stringify({ name })],
    );
    if (result.code !== 0) {
      throw new Error(`No repository: ${result.stdout}${result.stderrTail}`);
    }
  }

  /** One CA, one certificate per host, as an administrator makes them. */
  async makeCertificates(): Promise<void> {
    for (const name of Object.keys(ROLES) as Server[]) {
      const { address } = this.host(name);
      // The same directory keeps the CA and renews the certificate for the next host.
      const made = join(this.#directory, "tls");
      await this.checked("desk", ["tls", "init", made, "--host", address]);
      const own = join(this.#directory, name);
      await Deno.mkdir(own, { recursive: true });
      for (const file of ["server.crt", "server.key"]) {
        await Deno.rename(join(made, file), join(own, file));
      }
    }
  }

  /** The first token of each service is made with the service stopped. */
  async makeTokens(): Promise<void> {
    for (const [service, holders] of Object.entries(TOKENS)) {
      for (const [holder, role] of Object.entries(holders)) {
        const printed = await this.checked("desk", [
          "token",
          "create",
          "--state-dir",
          this.stateDir(service as Server),
          "--role",
          role,
          "--name",
          holder,
          "--json",
        ]);
        const { token } = JSON.parse(printed) as { token: string };
        this.#tokens.set(`${service} ${holder}`, token);
      }
    }
  }

  async #tokenFile(name: Server): Promise<string> {
    const lines = Object.entries(TOKENS).flatMap(([service, holders]) =>
      Object.hasOwn(holders, name)
        ? [`${service} ${this.token(service as Server, name)}\n`]
        : []
    );
    const file = join(this.#directory, name, "tokens");
    await Deno.writeTextFile(file, lines.join(""), { mode: 0o600 });
    return file;
  }

  async #writeConfig(
    name: Server,
    own: Record<string, unknown>,
  ): Promise<string> {
    const directory = join(this.#directory, name);
    const hasTokens = name !== "cache";
    const config = {
      stateDir: this.stateDir(name),
      runDir: join(directory, "run"),
      listen: `${this.host(name).address}:${PORTS[name]}`,
      tlsCert: join(directory, "server.crt"),
      tlsKey: join(directory, "server.key"),
      caFile: this.caFile,
      ...(hasTokens ? { tokenFile: await this.#tokenFile(name) } : {}),
      ...own,
    };
    const file = join(directory, "config.json");
    await Deno.writeTextFile(file, JSON.stringify(config, null, 2));
    return file;
  }

  /** Starts a role on its host and waits until it says that it is ready. */
  async start(name: Server, own: Record<string, unknown>): Promise<void> {
    const config = await this.#writeConfig(name, own);
    const host = this.host(name);
    const process = startProcess(
      [...host.inside, this.#program, ROLES[name], "--config", config],
      {
        name,
        logFile: join(this.#directory, name, "log"),
        env: this.env(name),
      },
    );
    this.#processes.set(name, process);
    await whileServing(process, `readiness of ${name}`, async () => {
      const answer = await this.fetchText(name, `${this.url(name)}/healthz`);
      return answer.code === 0;
    }, { timeoutMs: READY_TIMEOUT_MS });
  }

  async stop(): Promise<void> {
    // Workers first: their reports need a master, or they complain on their way out.
    for (const process of [...this.#processes.values()].reverse()) {
      await process[Symbol.asyncDispose]();
    }
  }
}

async function startAll(deploying: Deploying): Promise<void> {
  const masterUrl = deploying.masterUrl;
  await deploying.start("master", {
    rpcListen: `${deploying.host("master").address}:${RPC_PORT}`,
    cacheUrl: deploying.url("cache"),
  });
  await deploying.start("cache", {});
  const answer = await deploying.get("cache", "/api/v1/public-key", "ci") as {
    publicKey?: string;
  };
  await deploying.start("ci", {
    masterUrl,
    hubUrl: deploying.url("hub"),
    cacheUrl: deploying.url("cache"),
    nixStore: join(deploying.stateDir("ci"), "store"),
  });
  await deploying.start("hub", { masterUrl, ciUrl: deploying.url("ci") });
  await Promise.all(
    (["worker-1", "worker-2"] as const).map((name) =>
      deploying.start(name, {
        name,
        masterUrl,
        cacheUrl: deploying.url("cache"),
        cachePublicKeys: [answer.publicKey],
        nixStore: join(deploying.stateDir(name), "store"),
        driver: "qemu",
      })
    ),
  );
}

/** Sets everything up and starts every role of the executable `program`. */
export async function deploy(program: string): Promise<Deployment> {
  const stack = new AsyncDisposableStack();
  try {
    const dir = stack.use(await tempDir("deploy"));
    const names = [...Object.keys(ROLES), ...CLIENTS];
    const network = stack.use(await createNetwork(names));
    const deploying = new Deploying(dir.path, program, network);
    stack.defer(() => deploying.stop());
    for (const name of names) {
      await Deno.mkdir(join(dir.path, name, "home"), { recursive: true });
    }
    await deploying.makeCertificates();
    await deploying.makeTokens();
    await startAll(deploying);
    const owned = stack.move();
    return {
      directory: dir.path,
      caFile: deploying.caFile,
      masterUrl: deploying.masterUrl,
      host: (name) => deploying.host(name),
      process: (name) => deploying.process(name),
      url: (name) => deploying.url(name),
      token: (service, holder) => deploying.token(service, holder),
      procurator: (host, args, options) =>
        deploying.procurator(host, args, options),
      get: (service, path, holder) => deploying.get(service, path, holder),
      createRepository: (name, holder) =>
        deploying.createRepository(name, holder),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
