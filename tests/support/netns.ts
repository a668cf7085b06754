/**
 * Hosts for tests: network namespaces on one bridge, which is in a namespace
 * of its own. Nothing is added to the machine's own namespace, and no packet
 * leaves the bridge.
 *
 *     [hub]--veth--+
 *     [w1 ]--veth--+-- br0 (in PREFIX-br)
 *     [ci ]--veth--+
 *
 * Owns the namespaces and every process in them: disposal ends both. Needs
 * root and iproute2.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  runChecked,
  type RunOptions,
  runProcess,
  type RunResult,
} from "../../roles/process/mod.ts";
import { until } from "./wait.ts";

/** 10.x.y.1 and up: one /24 per network. */
const MAX_HOSTS = 250;
/** Ending a process by SIGKILL takes the kernel far less. */
const KILL_TIMEOUT_MS = 5000;

/** One namespace. */
export interface Host {
  readonly name: string;
  /** As `ip netns` knows it. */
  readonly namespace: string;
  /** Its address on the bridge. */
  readonly address: string;
  /** The words that run a command inside: put the program and its arguments behind them. */
  readonly inside: readonly string[];
  /** Runs a program inside to its end. */
  run(
    program: string,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<RunResult>;
  /** The processes inside, whoever started them. */
  pids(): Promise<number[]>;
}

/** The hosts, by name. */
export interface Network extends AsyncDisposable {
  host(name: string): Host;
}

async function ip(...args: string[]): Promise<string> {
  return await runChecked("ip", args, {
    missingHint: "apt-get install iproute2",
  });
}

/**
 * A namespace with nothing in it but a loopback: for whom a test cables itself.
 *
 * @param name at most 12 characters.
 * @throws {Error} without root.
 */
export async function createNamespace(
  name: string,
): Promise<Host & AsyncDisposable> {
  if (Deno.uid() !== 0) {
    throw new Error("Cannot make network namespaces: this test needs root");
  }
  const namespace = `pcr${randomBytes(3).toString("hex")}-${name}`;
  await ip("netns", "add", namespace);
  await ip("-n", namespace, "link", "set", "lo", "up");
  const host = hostOf(name, namespace, "127.0.0.1");
  return {
    ...host,
    async [Symbol.asyncDispose]() {
      await killInside(host);
      await ip("netns", "del", namespace);
    },
  };
}

function hostOf(name: string, namespace: string, address: string): Host {
  const inside = ["ip", "netns", "exec", namespace] as const;
  const [first, ...rest] = inside;
  return {
    name,
    namespace,
    address,
    inside,
    run: (program, args, options) =>
      runProcess(first, [...rest, program, ...args], options),
    async pids() {
      const text = await ip("netns", "pids", namespace);
      return text.split("\n").filter((line) => line !== "").map(Number);
    },
  };
}

async function killInside(host: Host): Promise<void> {
  await until(`the end of every process in ${host.namespace}`, async () => {
    const pids = await host.pids();
    for (const pid of pids) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It ended between the look and the kill.
      }
    }
    return pids.length === 0;
  }, { timeoutMs: KILL_TIMEOUT_MS });
}

async function makeHost(
  bridge: string,
  namespace: string,
  index: number,
  address: string,
): Promise<void> {
  const port = `v${index}`;
  await ip("netns", "add", namespace);
  const peer = ["peer", "name", "eth0", "netns", namespace];
  await ip("-n", bridge, "link", "add", port, "type", "veth", ...peer);
  await ip("-n", bridge, "link", "set", port, "master", "br0", "up");
  await ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
  await ip("-n", namespace, "link", "set", "lo", "up");
  await ip("-n", namespace, "link", "set", "eth0", "up");
}

/**
 * Makes one namespace per name, all on one bridge.
 *
 * @throws {Error} without root: namespaces need it.
 */
export async function createNetwork(
  names: readonly string[],
): Promise<Network> {
  if (Deno.uid() !== 0) {
    throw new Error("Cannot make network namespaces: this test needs root");
  }
  if (names.length > MAX_HOSTS) {
    throw new Error(`Cannot make ${names.length} hosts: at most ${MAX_HOSTS}`);
  }
  const random = randomBytes(5);
  const prefix = `pcr${random.toString("hex").slice(0, 6)}`;
  const subnet = `10.${random[3]}.${random[4]}`;
  const bridge = `${prefix}-br`;
  const hosts = new Map(
    names.map((name, index) => [
      name,
      hostOf(name, `${prefix}-${name}`, `${subnet}.${index + 1}`),
    ]),
  );
  const made: string[] = [];
  const remove = async () => {
    for (const host of hosts.values()) {
      if (made.includes(host.namespace)) await killInside(host);
    }
    for (const namespace of made.splice(0)) {
      await ip("netns", "del", namespace);
    }
  };
  try {
    await ip("netns", "add", bridge);
    made.push(bridge);
    await ip("-n", bridge, "link", "add", "br0", "type", "bridge");
    await ip("-n", bridge, "link", "set", "br0", "up");
    for (const [index, host] of [...hosts.values()].entries()) {
      made.push(host.namespace);
      await makeHost(bridge, host.namespace, index, host.address);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    host(name) {
      const host = hosts.get(name);
      if (host === undefined) throw new Error(`There is no host "${name}"`);
      return host;
    },
    [Symbol.asyncDispose]: remove,
  };
}
