/**
 * The guests' network of this worker: which kind it is here, what is told of it
 * to the master, and the orders that it follows. Opens it; makes nothing before
 * the first assignment.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { formatError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { WorkerConfig } from "../config.ts";
import type { VmmUser } from "../host/core/vmm_user_choice.ts";
import { NetworkOrders } from "./network_orders.ts";
import { BridgeNetwork } from "./bridge_network.ts";
import { Commands } from "./commands.ts";
import { userNetwork, type WorkerNetwork } from "./network.ts";

/** The network, open. */
export interface OpenedNetwork {
  orders: NetworkOrders;
  network: WorkerNetwork;
  /** By them the master knows that guests here need addresses, and where they are reached. */
  attributes: Record<string, string>;
}

/** What it is opened with. */
export interface OpenNetworkOptions {
  config: Pick<WorkerConfig, "network" | "runDir" | "masterUrl">;
  /** In place of the configured one. */
  network: WorkerNetwork | undefined;
  /** Whom VMMs run as; absent: as the worker. */
  user: VmmUser | undefined;
  /** Default: the programs of this host, in this process' namespace. */
  commands?: Commands;
  clock: Clock;
  log: Logger;
  stack: AsyncDisposableStack;
  onWarning: (message: string, error: unknown) => void;
}

/** Programs that a bridge needs, each asked for something harmless that nobody may who may not make networks. */
const NEEDED = [
  ["nft", "list", "tables"],
  ["tc", "-V"],
  ["dnsmasq", "--version"],
] as const;

/** Why no bridge can be made here; null: it can. */
async function bridgeHindrance(commands: Commands): Promise<string | null> {
  for (const [program, ...args] of NEEDED) {
    try {
      await commands.checked(`try ${program}`, program, args);
    } catch (error) {
      return formatError(error);
    }
  }
  return null;
}

const MASTER_ADDRESS = /^(?:tcp|tls):\/\/(\d{1,3}(?:\.\d{1,3}){3}):\d+$/;

/**
 * The address of this host that its master sees: other workers most likely
 * reach it there too. Null where nothing tells: the master is on this host, or
 * is given by a name.
 */
async function addressTowardsMaster(
  masterUrl: string,
  commands: Commands,
): Promise<string | null> {
  const [, master] = MASTER_ADDRESS.exec(masterUrl) ?? [];
  if (master === undefined || master.startsWith("127.")) return null;
  const { code, stdout } = await commands.run("ip", ["route", "get", master]);
  const [, own] = /\bsrc (\S+)/.exec(stdout) ?? [];
  return code === 0 && own !== undefined && own !== master ? own : null;
}

async function openBridge(
  { config, user, clock, onWarning }: OpenNetworkOptions,
  commands: Commands,
): Promise<{ network: WorkerNetwork; underlayAddress: string | null }> {
  const { bridge, underlay, nat, dnsServers, publishAddress } = config.network;
  const underlayAddress = config.network.underlayAddress ??
    await addressTowardsMaster(config.masterUrl, commands);
  const network = new BridgeNetwork({
    settings: {
      bridge,
      underlay,
      underlayAddress,
      nat,
      publishAddress: publishAddress ?? null,
    },
    commands,
    clock,
    dir: `${config.runDir}/network`,
    onWarning,
    ...(user === undefined ? {} : { owner: user }),
    ...(dnsServers === undefined ? {} : { dnsServers }),
  });
  return { network, underlayAddress };
}

async function choose(
  options: OpenNetworkOptions,
): Promise<{ network: WorkerNetwork; underlayAddress: string | null }> {
  const { config: { network: { mode } }, log } = options;
  const none = { network: userNetwork, underlayAddress: null };
  if (options.network !== undefined) {
    return { network: options.network, underlayAddress: null };
  }
  if (mode === "user") return none;
  const { commands = new Commands() } = options;
  if (mode === "auto") {
    const hindrance = await bridgeHindrance(commands);
    if (hindrance !== null) {
      log.info("guests have user networking: {hindrance}", { hindrance });
      return none;
    }
  }
  return await openBridge(options, commands);
}

/** Opens the network that the configuration asks for; `auto` takes a bridge where one can be made. */
export async function openNetwork(
  options: OpenNetworkOptions,
): Promise<OpenedNetwork> {
  const { clock, stack, onWarning } = options;
  const { network, underlayAddress } = await choose(options);
  stack.defer(() => network.close());
  const orders = new NetworkOrders({ network, clock, onWarning });
  stack.defer(() => orders.stop());
  const address = options.config.network.underlayAddress ?? underlayAddress;
  return {
    orders,
    network,
    attributes: network.kind === "user" ? {} : {
      network: "bridge",
      ...(address === null ? {} : { "network.underlay": address }),
    },
  };
}
