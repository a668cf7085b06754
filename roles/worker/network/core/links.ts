/**
 * Interfaces: what `ip -j -d link` says of them, whose they are, and the lines
 * for `ip -batch -` that make them as they should be. Pure.
 *
 * What is ours says so in its alias. One by our name with another alias is
 * somebody else's and is never touched. A TAP by one of our names without any
 * alias is ours, half made: the names are hashes.
 *
 * @module
 */
import { z } from "zod";
import type { HostNetwork } from "../../../model/assignment.ts";
import { AppError } from "../../../model/errors.ts";
import type { CopyId } from "../../../model/ids.ts";
import { parseSubnet, type Subnet } from "./addresses.ts";
import {
  aliasOf,
  bridgeTag,
  guestMac,
  tapName,
  tapPrefix,
  vxlanMac,
  vxlanName,
} from "./names.ts";
import type { NetworkSettings } from "./plan.ts";
import { VXLAN_ID, VXLAN_PORT } from "./ruleset_base.ts";

const LinkList = z.array(z.object({
  ifname: z.string(),
  ifalias: z.string().default(""),
  master: z.string().default(""),
  linkinfo: z.object({ info_kind: z.string().default("") }).prefault({}),
  stats64: z.object({
    rx: z.object({ bytes: z.number() }),
    tx: z.object({ bytes: z.number() }),
  }).optional(),
}));

/** An interface of this host. */
export interface Link {
  readonly name: string;
  readonly alias: string;
  readonly master: string;
  /** "" for a device of the machine. */
  readonly kind: string;
  /** As this host counts: what a guest sends is received. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** The answer of `ip -s -j -d link`; empty objects stand for links that left in between. */
export function parseLinks(text: string): Link[] {
  const raw: unknown = JSON.parse(text === "" ? "[]" : text);
  const filled = Array.isArray(raw)
    ? raw.filter((item) =>
      typeof item === "object" && item !== null && "ifname" in item
    )
    : raw;
  return LinkList.parse(filled).map((link) => ({
    name: link.ifname,
    alias: link.ifalias,
    master: link.master,
    kind: link.linkinfo.info_kind,
    receivedBytes: link.stats64?.rx.bytes ?? 0,
    sentBytes: link.stats64?.tx.bytes ?? 0,
  }));
}

/** Kinds that guests' cards may be: a veth in place of a TAP leads to a namespace. */
const CARD_KINDS = ["tun", "veth"];

/** True for a TAP of this bridge, whatever copy it is of. */
export function isCard(settings: NetworkSettings, link: Link): boolean {
  const ours = link.alias === "" ||
    link.alias.startsWith(aliasOf(settings, ""));
  return link.name.startsWith(tapPrefix(settings.bridge)) && ours &&
    CARD_KINDS.includes(link.kind);
}

function taken(link: Link, hint: string): AppError {
  const says = link.alias === "" ? "has no alias" : `says "${link.alias}"`;
  return new AppError(
    "refused",
    `Cannot use the interface ${link.name}: it is not ours, it is of kind "${link.kind}" and ${says}`,
    { hint },
  );
}

/** @throws {AppError} `refused` when what is there by a card's name is no card of this bridge. */
export function refuseForeign(settings: NetworkSettings, link: Link): void {
  if (isCard(settings, link)) return;
  throw taken(link, "remove that interface");
}

/**
 * Whether an interface of ours is there already.
 *
 * @throws {AppError} `refused` when there is one by that name that is somebody else's.
 */
export function isThere(
  links: readonly Link[],
  want: { name: string; kind: string; alias: string; hint: string },
): boolean {
  const link = links.find(({ name }) => name === want.name);
  if (link === undefined) return false;
  if (link.kind === want.kind && link.alias === want.alias) return true;
  // A former process died between making and naming it; nobody has used it since.
  const isHalfMade = link.kind === want.kind && link.alias === "" &&
    link.master === "" && !links.some(({ master }) => master === want.name);
  if (isHalfMade) return true;
  throw taken(link, want.hint);
}

function quoted(text: string): string {
  return `"${text}"`;
}

/** Frames that fit what is around them on the way. */
export function mtuOf({ underlay }: NetworkSettings): number {
  // VXLAN's headers and the outer Ethernet, IP and UDP ones take 50 bytes of the usual 1500.
  return underlay === "vxlan" ? 1450 : 1500;
}

/**
 * Whether the bridge is there.
 *
 * @throws {AppError} `refused` when what is there by its name is somebody else's.
 */
export function isBridgeThere(
  settings: NetworkSettings,
  links: readonly Link[],
): boolean {
  return isThere(links, {
    name: settings.bridge,
    kind: "bridge",
    alias: aliasOf(settings, "bridge"),
    hint: "set network.bridge to another name, or remove that interface",
  });
}

/** The bridge, with the host's address on it. Its own hardware address stays, whoever joins. */
export function bridgeLines(
  settings: NetworkSettings,
  subnet: Subnet,
  links: readonly Link[],
): string[] {
  const { bridge } = settings;
  return [
    ...(isBridgeThere(settings, links) ? [] : [
      `link add name ${bridge} type bridge stp_state 0 mcast_snooping 0 forward_delay 0`,
    ]),
    `link set dev ${bridge} alias ${quoted(aliasOf(settings, "bridge"))}`,
    `link set dev ${bridge} address ${guestMac(subnet.gateway)} mtu ${
      mtuOf(settings)
    }`,
    `addr replace ${subnet.gateway}/${subnet.bits} brd ${subnet.broadcast} dev ${bridge}`,
    `link set dev ${bridge} up`,
  ];
}

/** Whom a TAP belongs to; absent: root. */
export interface CardOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The lines that make a TAP; tests put a cable to a namespace in its place. */
export function tapLines(tap: string, owner: CardOwner | null): string[] {
  const user = owner === null ? "" : ` user ${owner.uid} group ${owner.gid}`;
  return [`tuntap add dev ${tap} mode tap${user}`];
}

/** A copy's card on the bridge: shut to its neighbours before it is up. */
export function cardLines(
  settings: NetworkSettings,
  copy: CopyId,
  make: readonly string[],
): string[] {
  const { bridge } = settings;
  const tap = tapName(bridge, copy);
  return [
    ...make,
    // No copyKey: behind a # ip reads no further.
    `link set dev ${tap} alias ${
      quoted(aliasOf(settings, `${copy.id} ${copy.incarnation}`))
    }`,
    `link set dev ${tap} mtu ${mtuOf(settings)} master ${bridge}`,
    `link set dev ${tap} type bridge_slave isolated on`,
    // It speaks for nobody by itself: frames past the bridge are not for this host.
    `link set dev ${tap} arp off up`,
  ];
}

/** Routes of ours: no other program's, no other bridge's. */
export const ROUTE_PROTOCOL = 112;

/** Marks the routes of one bridge. */
export function routeMetric(bridge: string): number {
  return 10_000 + parseInt(bridgeTag(bridge), 16);
}

/** What `ip -j route show` is asked, and `ip route del` told. */
export function routeMark(bridge: string): string {
  return `proto ${ROUTE_PROTOCOL} metric ${routeMetric(bridge)}`;
}

/** The tunnel's own end; taken away where it is wanted no more. */
export function vxlanLines(
  settings: NetworkSettings,
  subnet: Subnet,
  links: readonly Link[],
): string[] {
  const { bridge, underlay, underlayAddress } = settings;
  const name = vxlanName(bridge);
  const alias = aliasOf(settings, "vxlan");
  if (underlay !== "vxlan" || underlayAddress === null) {
    const isLeft = links.some((link) =>
      link.name === name && link.alias === alias
    );
    return isLeft ? [`link del dev ${name}`] : [];
  }
  const there = isThere(links, {
    name,
    kind: "vxlan",
    alias,
    hint: "remove that interface",
  });
  return [
    ...(there ? [] : [
      `link add name ${name} type vxlan id ${VXLAN_ID} dstport ${VXLAN_PORT} local ${underlayAddress} nolearning`,
    ]),
    `link set dev ${name} alias ${quoted(alias)}`,
    // One that is there may be of a time when this host had another address.
    `link set dev ${name} type vxlan id ${VXLAN_ID} local ${underlayAddress}`,
    `link set dev ${name} address ${vxlanMac(subnet.network)} mtu ${
      mtuOf(settings)
    } up`,
  ];
}

/** A way to another worker's guests. */
export interface Route {
  readonly worker: string;
  readonly subnet: Subnet;
  readonly via: string;
}

/** Those that lead elsewhere: a second worker of this host has its own bridge here. */
export function routesOf(
  host: HostNetwork,
  own: ReadonlySet<string>,
): Route[] {
  return host.routes.filter(({ via }) => !own.has(via)).map((route) => ({
    ...route,
    subnet: parseSubnet(route.subnet),
  }));
}

/** The lines that lead to one worker. In a tunnel everything is told beforehand: nothing is asked, nothing learned. */
export function routeLines(
  settings: NetworkSettings,
  { subnet, via }: Route,
): string[] {
  const { bridge, underlay } = settings;
  const mark = routeMark(bridge);
  if (underlay === "route") {
    return [`route replace ${subnet.cidr} via ${via} ${mark}`];
  }
  const dev = vxlanName(bridge);
  return [
    `neigh replace ${subnet.gateway} lladdr ${
      vxlanMac(subnet.network)
    } dev ${dev} nud permanent`,
    `route replace ${subnet.cidr} via ${subnet.gateway} dev ${dev} onlink ${mark}`,
  ];
}

/** The line for `bridge -batch -` that says behind which host an end of the tunnel is. */
export function tunnelLine(
  settings: NetworkSettings,
  { subnet, via }: Route,
): string {
  return `fdb replace ${vxlanMac(subnet.network)} dev ${
    vxlanName(settings.bridge)
  } dst ${via} self permanent`;
}

/** The kernel's settings: guests are routed, and asked for each other we answer ourselves. */
export function sysctls({ bridge, publishAddress }: NetworkSettings): string[] {
  const of = (name: string, value: number) =>
    `net/ipv4/conf/${bridge}/${name}=${value}`;
  const isLoopback = publishAddress === null ||
    publishAddress.startsWith("127.");
  return [
    "net/ipv4/ip_forward=1",
    of("forwarding", 1),
    of("proxy_arp_pvlan", 1),
    of("accept_redirects", 0),
    of("accept_source_route", 0),
    // No shorter way is told: it would be no way, and uses up the refusals a second that a guest is sent.
    // Other interfaces keep what they say themselves; `all` would speak for this one.
    of("send_redirects", 0),
    "net/ipv4/conf/all/send_redirects=0",
    // Published ports are reached at the host's 127.0.0.1 too; guests that try are dropped by the bridge table.
    of("route_localnet", isLoopback ? 1 : 0),
    `net/ipv4/neigh/${bridge}/proxy_delay=0`,
    `net/ipv6/conf/${bridge}/disable_ipv6=1`,
  ];
}
