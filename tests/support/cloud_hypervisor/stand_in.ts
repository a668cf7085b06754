/**
 * A program that keeps cloud-hypervisor's rules and runs no guest: its process,
 * command line, sockets, answers, events and ends are real, its guests are
 * scripts (guest.ts). For tests, chaos and measurements of the driver.
 *
 *     stand_in.ts [--fault NAME[=ENDPOINT]]... ARGUMENTS OF THE REAL ONE
 *
 * Faults: `hang=vm.boot` never answers that request, nor any behind it;
 * `die=vm.create` ends at it; `version=v49.0`; `no-kvm` and `no-start` end at
 * once; `deaf` never serves its socket; `links` puts a link into snapshots;
 * `busy=FILE` answers nothing while that file is there.
 *
 * @module
 */
import { CHANNEL_PORT } from "../../../vmm/cloud_hypervisor/vsock.ts";
import { SimulatedAgent } from "../../../vmm/simulated/core/agent.ts";
import type { Agent } from "./devices.ts";
import { EventPort } from "./event_port.ts";
import {
  HttpServer,
  type ServerAnswer,
  type ServerRequest,
} from "./http_server.ts";
import { Machine } from "./machine.ts";
import { Refusal } from "./machine_config.ts";
import { DIGEST } from "./digest.ts";

/** Between two looks whether it is still to be busy. */
const BUSY_LOOK_MS = 20;

const BASE = "/api/v1/";
const NO_KVM = "Error: Cloud Hypervisor exited with the following error:\n" +
  "  Failed to open hypervisor interface (is hypervisor interface available?): " +
  "Permission denied (os error 13)\n";

/** What the command line says. */
interface Options {
  faults: Map<string, string>;
  api: string;
  events: string | null;
}

function readOptions(args: readonly string[]): Options {
  const faults = new Map<string, string>();
  let api = "";
  let events: string | null = null;
  for (let at = 0; at < args.length; at += 2) {
    const [name, value = ""] = [args[at], args[at + 1]];
    const path = value.replace(/^path=/, "");
    if (name === "--fault") {
      const [fault = "", of = ""] = value.split("=", 2);
      faults.set(fault, of);
    } else if (name === "--api-socket") api = path;
    else if (name === "--event-monitor") events = path;
    else if (name === "--seccomp") continue;
    else {
      console.error(`error: unexpected argument '${name}' found`);
      Deno.exit(2);
    }
  }
  return { faults, api, events };
}

/** An agent on a connection: it knows one at a time, and each is the same guest. */
function agentOf(agent: SimulatedAgent): Agent {
  return async (connection) => {
    const buffer = new Uint8Array(16 * 1024);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const said = agent.hear(buffer.subarray(0, count));
      const bytes = new TextEncoder().encode(said);
      for (let done = 0; done < bytes.length;) {
        done += await connection.write(bytes.subarray(done));
      }
    }
  };
}

function ok(body: string | void): ServerAnswer {
  return body === undefined ? { status: 204, body: "" } : { status: 200, body };
}

class StandIn {
  readonly #options: Options;
  readonly #events: EventPort;
  readonly #machine: Machine;
  #server: HttpServer | null = null;

  constructor(options: Options, events: EventPort) {
    this.#options = options;
    this.#events = events;
    this.#machine = new Machine({
      tell: (source, event) => events.tell(source, event),
      agents: ({ switches }) =>
        new Map([[CHANNEL_PORT, agentOf(new SimulatedAgent("1", switches))]]),
      onOff: () => void this.end(),
      hasLandlock: !options.faults.has("no-landlock"),
      ejectMs: 300,
    });
  }

  serve(): void {
    this.#server = new HttpServer(
      this.#options.api,
      (request) => this.#answer(request),
    );
  }

  /** Everything that was said is out before the process ends. */
  async end(): Promise<void> {
    this.#machine.remove();
    this.#events.tell("vmm", "shutdown");
    await this.#events.flush();
    this.#server?.close();
    try {
      Deno.removeSync(this.#options.api);
    } catch {
      // Never served.
    }
    Deno.exit(0);
  }

  async #answer({ method, path, body }: ServerRequest): Promise<ServerAnswer> {
    const endpoint = path.startsWith(BASE) ? path.slice(BASE.length) : "";
    const facts = DIGEST.endpoints[endpoint];
    const { faults } = this.#options;
    const busy = faults.get("busy");
    while (busy !== undefined && isThere(busy)) {
      await new Promise((done) => setTimeout(done, BUSY_LOOK_MS));
    }
    if (faults.get("hang") === endpoint) return await new Promise(() => {});
    if (faults.get("die") === endpoint) {
      console.error(`thread 'vmm' panicked at ${endpoint}`);
      Deno.exit(1);
    }
    try {
      if (facts === undefined) throw new Refusal(404, "Not Found");
      const takesBody = facts.body !== null;
      if (method !== facts.method) throw new Refusal(400, "Bad Request");
      if (takesBody && body === "" && endpoint === "vm.create") {
        return { status: 400, body: "" };
      }
      if (takesBody !== (body !== "") && method === "PUT") {
        throw new Refusal(400, "Bad Request");
      }
      return await this.#perform(endpoint, takesBody ? parsed(body) : null);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: JSON.stringify(error.words) };
    }
  }

  async #perform(endpoint: string, body: unknown): Promise<ServerAnswer> {
    const machine = this.#machine;
    switch (endpoint) {
      case "vmm.ping":
        return ok(this.#ping());
      case "vmm.shutdown":
        // Its answer goes out first.
        setTimeout(() => void this.end(), 5);
        return ok("");
      case "vm.info":
        return ok(machine.info());
      case "vm.counters":
        return ok(machine.counters());
      case "vm.create":
        return ok(machine.create(body));
      case "vm.delete":
        return ok(machine.remove());
      case "vm.boot":
        return ok(await machine.boot());
      case "vm.shutdown":
        return ok(machine.shutdown());
      case "vm.pause":
        return ok(machine.pause());
      case "vm.resume":
        return ok(machine.resume());
      case "vm.power-button":
        return ok(machine.pressButton());
      case "vm.resize":
        return ok(machine.resize(body));
      case "vm.snapshot":
        if (this.#options.faults.has("links")) linkTo(body);
        return ok(await machine.snapshot(body));
      case "vm.restore":
        return ok(await machine.restore(body));
      default:
        throw new Refusal(404, "Not Found");
    }
  }

  #ping(): string {
    const version = this.#options.faults.get("version") ?? "v53.0";
    return JSON.stringify({
      build_version: version,
      version: `${version.slice(1)}.0`,
      pid: Deno.pid,
      features: ["kvm"],
    });
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** As one that its guest has taken over: the snapshot leads to a file of the host's. */
function linkTo(body: unknown): void {
  const { destination_url: url } = body as { destination_url: string };
  Deno.symlinkSync("/etc/passwd", `${url.slice("file://".length)}/extra`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(
      400,
      "Failed to deserialize JSON",
      "EOF while parsing an object at line 1 column 1",
    );
  }
}

async function main(args: readonly string[]): Promise<void> {
  const isVersion = args.includes("--version");
  const options = readOptions(args.filter((arg) => arg !== "--version"));
  if (isVersion) {
    const version = options.faults.get("version") ?? "v53.0";
    return console.log(`cloud-hypervisor ${version}`);
  }
  if (options.faults.has("no-kvm")) {
    console.error(NO_KVM);
    Deno.exit(1);
  }
  if (options.faults.has("no-start")) Deno.exit(1);
  const events = await EventPort.open(options.events);
  events.tell("vmm", "starting");
  const standIn = new StandIn(options, events);
  Deno.addSignalListener("SIGTERM", () => void standIn.end());
  if (options.faults.has("deaf")) return void setInterval(() => {}, 60_000);
  try {
    // The lock beside it says that no VMM serves a socket that is left.
    Deno.removeSync(options.api);
  } catch {
    // Nothing is left.
  }
  Deno.writeTextFileSync(`${options.api}.lock`, "");
  standIn.serve();
}

if (import.meta.main) await main(Deno.args);
