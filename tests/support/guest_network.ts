/**
 * Workers' guest networks for tests, all in namespaces: workers and an outside
 * on one wire, guests that are a namespace at the end of a cable where a VM
 * would be at the end of a TAP.
 *
 *     [web]--card--+                          +--card--[db]
 *                 br0 [w1]---- the wire ----[w2] br0
 *     [other]-card-+            |
 *                           [outside] names, two web sites
 *
 * Needs root, iproute2, dnsmasq, nft, curl and busybox.
 *
 * @module
 */
import { systemClock } from "../../roles/clock/mod.ts";
import { formatError } from "../../roles/model/errors.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import type { RunResult } from "../../roles/process/mod.ts";
import { BridgeNetwork } from "../../roles/worker/network/bridge_network.ts";
import { Commands } from "../../roles/worker/network/commands.ts";
import { guestMac } from "../../roles/worker/network/core/names.ts";
import type {
  GuestPlan,
  NetworkPlan,
  NetworkSettings,
} from "../../roles/worker/network/core/plan.ts";
import { createNamespace, createNetwork, type Host } from "./netns.ts";
import { vmSpec } from "./specs.ts";
import { tempDir } from "./temp.ts";
import { until } from "./wait.ts";

/** A step that works, on a machine that is busy. */
export const WAIT = { timeoutMs: 60_000 };

/** Web sites of the outside, by name and address. */
export const SITES = {
  "allowed.example": "198.51.100.10",
  "deep.allowed.example": "198.51.100.11",
  /** What `alias.allowed.example` is another name of. */
  "content.example": "198.51.100.12",
  "blocked.example": "198.51.100.20",
  "metadata.example": "169.254.169.254",
} as const;

/** As udhcpc calls it: takes the lease, and says so. */
const LEASE_SCRIPT = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
ip route replace default via "$router"
printf 'search %s\\nnameserver %s\\n' "$search" "$dns" > "$RESOLV"
printf '%s\\n' "$ip" > "$RESOLV.lease"
`;

/** A guest: a namespace that is given a card. */
export interface TestGuest {
  readonly copy: CopyId;
  readonly host: Host;
  readonly address: string;
  /** Runs a program inside, with the name servers that the lease named. */
  run(program: string, ...args: string[]): Promise<RunResult>;
  /** Takes a lease; the address, or null when there was none. */
  lease(...options: string[]): Promise<string | null>;
  /** The body of a page; null when it cannot be had. */
  page(url: string): Promise<string | null>;
  /** Answers the name of the guest at port 80. */
  serve(): Promise<void>;
  /** True when an echo comes back. */
  ping(address: string): Promise<boolean>;
}

/** A worker's network. */
export interface TestWorker {
  readonly host: Host;
  readonly settings: NetworkSettings;
  readonly dir: string;
  readonly commands: Commands;
  readonly warnings: string[];
  /** The one that is open. */
  readonly network: BridgeNetwork;
  /** As a new process of the worker would: the former one is let go of, not taken down. */
  reopen(changed?: Partial<NetworkSettings>): Promise<BridgeNetwork>;
  /** A guest and its plan. Its card is made by `provide`. */
  guest(name: string, plan: GuestOptions): Promise<
    TestGuest & {
      plan: GuestPlan;
    }
  >;
  run(program: string, ...args: string[]): Promise<RunResult>;
}

export interface GuestOptions {
  address: string;
  domains?: string[];
  peers?: Record<string, string[]>;
  sources?: string[];
  rateLimitMbit?: number;
  ports?: { name: string; guest: number; publish?: number }[];
}

/** The workers and the outside. */
export interface GuestWorld extends AsyncDisposable {
  readonly outside: Host;
  worker(name: string): TestWorker;
}

const INSIDE_RESOLV = 'mount --bind "$RESOLV" /etc/resolv.conf && exec "$@"';

async function makeGuest(
  dir: string,
  host: Host,
  plan: GuestPlan,
): Promise<TestGuest> {
  const resolv = `${dir}/${host.namespace}.conf`;
  const script = `${dir}/lease.sh`;
  const { address } = plan.network;
  await Deno.writeTextFile(resolv, "");
  await Deno.writeTextFile(script, LEASE_SCRIPT, { mode: 0o755 });
  const run = (program: string, ...args: string[]) =>
    host.run("sh", ["-c", INSIDE_RESOLV, "sh", program, ...args], {
      env: { RESOLV: resolv },
    });
  return {
    copy: plan.copy,
    host,
    address,
    run,
    async lease(...options) {
      await host.run("ip", ["link", "set", "eth0", "up"]);
      const args = ["udhcpc", "-i", "eth0", "-n", "-q", "-t", "4", "-T", "1"];
      const { code } = await host.run(
        "busybox",
        [...args, "-O", "search", "-s", script, ...options],
        { env: { RESOLV: resolv } },
      );
      if (code !== 0) return null;
      return (await Deno.readTextFile(`${resolv}.lease`)).trim();
    },
    async page(url) {
      const options = ["-sS", "--max-time", "4", "--noproxy", "*"];
      const { code, stdout } = await run("curl", ...options, url);
      return code === 0 ? stdout.trim() : null;
    },
    async serve() {
      await serveName(host, `${dir}/www-${host.namespace}`, host.name);
    },
    async ping(to) {
      const args = ["ping", "-c", "1", "-W", "2", to];
      return (await host.run("busybox", args)).code === 0;
    },
  };
}

async function serveName(host: Host, dir: string, text: string) {
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(`${dir}/index.html`, `${text}\n`);
  await must(host, "busybox", "httpd", "-p", "80", "-h", dir);
}

async function must(host: Host, program: string, ...args: string[]) {
  const { code, stderrTail } = await host.run(program, args);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")}: ${stderrTail}`);
  }
}

async function openOutside(outside: Host, dir: string): Promise<void> {
  for (const address of Object.values(SITES)) {
    await must(outside, "ip", "addr", "add", `${address}/32`, "dev", "lo");
  }
  await serveName(outside, `${dir}/www-outside`, "outside");
  await must(
    outside,
    "dnsmasq",
    "--conf-file=/dev/null",
    "--no-hosts",
    "--no-resolv",
    `--pid-file=${dir}/outside.pid`,
    "--user=root",
    ...Object.entries(SITES).map(([name, address]) =>
      `--host-record=${name},${address}`
    ),
    "--cname=alias.allowed.example,content.example",
  );
}

/** The plan of a guest; what is not named is empty. */
export function guestPlan(name: string, options: GuestOptions): GuestPlan {
  const { address, domains = [], peers = {}, sources = [] } = options;
  const { network } = vmSpec({
    name,
    network: {
      allowedDomains: domains,
      allowedPeers: Object.keys(peers),
      ports: options.ports ?? [],
      ...(options.rateLimitMbit === undefined
        ? {}
        : { rateLimitMbit: options.rateLimitMbit }),
    },
  });
  return {
    copy: { id: `shop/${name}-0`, incarnation: 1 },
    spec: network,
    network: {
      address,
      sources,
      peers: Object.entries(peers).map(([name, addresses]) => ({
        name,
        addresses,
      })),
    },
  };
}

/**
 * Makes the workers `names`, at `settings` that differ from the usual.
 *
 * @param resolvConf says whom they ask for names; absent: the outside.
 */
export async function createGuestWorld(
  names: readonly string[],
  settings: Partial<NetworkSettings> = {},
  resolvConf?: string,
): Promise<GuestWorld> {
  await using made = new AsyncDisposableStack();
  const temp = made.use(await tempDir("net"));
  // dnsmasq gives up its rights: it must be able to pass.
  await Deno.chmod(temp.path, 0o755);
  const hosts = made.use(await createNetwork([...names, "outside"]));
  const outside = hosts.host("outside");
  await openOutside(outside, temp.path);
  const workers = new Map<string, TestWorker>();
  const guests = new AsyncDisposableStack();
  for (const name of names) {
    const host = hosts.host(name);
    await must(host, "ip", "route", "add", "default", "via", outside.address);
    const worker = testWorker(
      { host, outside, stack: guests, dir: temp.path, resolvConf },
      {
        bridge: "pcr0",
        underlay: "route",
        underlayAddress: host.address,
        nat: true,
        publishAddress: null,
        ...settings,
      },
    );
    workers.set(name, worker);
    made.defer(() => worker.network.close());
  }
  const stack = made.move();
  return {
    outside,
    worker(name) {
      const worker = workers.get(name);
      if (worker === undefined) throw new Error(`There is no worker ${name}`);
      return worker;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { network } of workers.values()) await network.remove();
      await guests.disposeAsync();
      await stack.disposeAsync();
    },
  };
}

function testWorker(
  on: {
    host: Host;
    outside: Host;
    stack: AsyncDisposableStack;
    dir: string;
    resolvConf: string | undefined;
  },
  settings: NetworkSettings,
): TestWorker {
  const { host, outside, stack } = on;
  const commands = new Commands(host.inside);
  const warnings: string[] = [];
  const namespaces = new Map<string, string>();
  const { resolvConf } = on;
  const dir = `${on.dir}/${host.name}/network`;
  const open = (changed: Partial<NetworkSettings> = {}) =>
    new BridgeNetwork({
      settings: { ...settings, ...changed },
      commands,
      clock: systemClock,
      dir,
      ...(resolvConf === undefined
        ? { dnsServers: [outside.address] }
        : { resolvConf }),
      lookMs: 500,
      cardLines(tap, copy) {
        const namespace = namespaces.get(copy.id);
        if (namespace === undefined) throw new Error(`no guest ${copy.id}`);
        return [
          `link add name ${tap} type veth peer name eth0 netns ${namespace}`,
        ];
      },
      onWarning: (message, error) =>
        warnings.push(
          `${message}: ${error === null ? "" : formatError(error)}`,
        ),
    });
  let network = open();
  return {
    host,
    settings,
    dir,
    commands,
    warnings,
    get network() {
      return network;
    },
    async reopen(changed) {
      await network.close();
      return network = open(changed);
    },
    async guest(name, options) {
      const plan = guestPlan(name, options);
      const namespace = stack.use(await createNamespace(name));
      namespaces.set(plan.copy.id, namespace.namespace);
      return { ...await makeGuest(on.dir, namespace, plan), plan };
    },
    run: (program, ...args) => host.run(program, args),
  };
}

/** Gives a guest its card, as a VMM would find it. */
export async function plugIn(
  network: BridgeNetwork,
  guest: TestGuest,
): Promise<void> {
  const { nic } = await network.provide(guest.copy);
  const args = ["link", "set", "eth0", "address", nic.mac];
  await must(guest.host, "ip", ...args);
  if (nic.mac !== guestMac(guest.address)) throw new Error(`mac ${nic.mac}`);
}

/** A plan of these guests on a subnet. */
export function networkPlan(
  subnet: string,
  guests: readonly { plan: GuestPlan }[],
  routes: NetworkPlan["host"]["routes"] = [],
): NetworkPlan {
  return { host: { subnet, routes }, guests: guests.map(({ plan }) => plan) };
}

/** Waits for a page: the server or the way to it may just have begun. */
export async function pageIs(guest: TestGuest, url: string, body: string) {
  await until(
    `${url} saying ${body} to ${guest.host.name}`,
    async () => await guest.page(url) === body,
    WAIT,
  );
}

/** A plan that is another in every round: guests come, go and change. */
export function changingPlan(round: number): NetworkPlan {
  const lasts = [2, 3, 4, 5, 6].filter((last) => (last + round) % 3 !== 0);
  const guests = lasts.map((last) => ({
    plan: guestPlan(`vm-${(last * round) % 7}-${last}`, {
      address: `10.201.3.${last}`,
      domains: ["a.example", "b.example", "*"].slice(0, (last + round) % 4),
      peers: { db: [`10.201.3.${(last + round) % 5 + 2}`, "10.201.4.2"] },
      sources: round % 2 === 0 ? ["10.201.4.2"] : [],
      ...(round % 3 === 0 ? { rateLimitMbit: 10 * (round % 7) + 10 } : {}),
    }),
  }));
  return networkPlan("10.201.3.0/24", guests);
}
