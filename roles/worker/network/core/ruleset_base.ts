/**
 * The fixed text of both tables. Pure. Names of sets are words of nft only where
 * nothing else fits: `fwd` and the like make it refuse the whole file.
 *
 * @module
 */
import type { Subnet } from "./addresses.ts";
import { tapPrefix, vxlanName } from "./names.ts";
import type { NetworkSettings } from "./plan.ts";

/** Raised when the text below changes in a way that cannot be laid over an older table. */
export const RULES_VERSION = 1;
/** How long an address stays allowed after its name was asked for, or it was last connected to. */
const ALLOWED_FOR = "1h";
/** Addresses of one domain: a large content network answers with some hundred in an hour. */
const MAX_DOMAIN_ADDRESSES = 8192;
/** Connections of one guest to the outside and to peers: the host's table of them serves all. */
export const MAX_FLOWS = 16_384;
/** dnsmasq forks for each TCP query, 20 times at most. */
const MAX_DNS_TCP = 4;
/** VXLAN's registered port, and our network in it. */
export const VXLAN_PORT = 4789;
export const VXLAN_ID = 7_365_474;

/** A set that dnsmasq fills. Dynamic, so that new connections can keep an address in it. */
export const DOMAIN_SET =
  `{ type ipv4_addr; flags dynamic, timeout; timeout ${ALLOWED_FOR}; size ${MAX_DOMAIN_ADDRESSES}; }`;

function chain(name: string, lines: readonly string[]): string[] {
  return [`chain ${name} {`, ...lines.map((line) => `\t${line}`), "}"];
}

const SETS = [
  `set version_${RULES_VERSION} { type ipv4_addr; }`,
  "set cluster { type ipv4_addr; flags interval; }",
  "set workers { type ipv4_addr; }",
  "set egress { type ipv4_addr . ipv4_addr; }",
  "set ingress { type ipv4_addr . ipv4_addr; }",
  "set published { type ipv4_addr . inet_service; }",
  "set flows { type ipv4_addr; flags dynamic; size 65535; }",
  "set resolving { type ipv4_addr; flags dynamic; size 65535; }",
  "map forwarded { type inet_service : ipv4_addr . inet_service; }",
  "map outside { type ipv4_addr : verdict; }",
  "map zones { typeof ip saddr : ct zone; }",
  "map drops { type ipv4_addr : counter; }",
];

/** Never outside, whatever a name resolves to: 169.254.169.254 is where clouds tell hosts their secrets. */
const NOT_OUTSIDE = "{ 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3 }";

/** Where published ports are taken. */
function publishedAt({ publishAddress }: NetworkSettings): string {
  return publishAddress === null
    ? "fib daddr type local"
    : `ip daddr ${publishAddress}`;
}

/** From guests, whoever it is for: peers by address, the outside by the guest's own chain. */
const LEAVE = [
  "ct state invalid goto refuse",
  "ct state related ct direction reply accept",
  // What one peer answers the other is let through for as long as that one may ask.
  "ct state established ct direction reply ip daddr @cluster ip daddr . ip saddr @ingress accept",
  "ct state established ct direction reply ip daddr != @cluster accept",
  `ct state new add @flows { ip saddr ct count over ${MAX_FLOWS} } goto refuse`,
  // Each packet, not each connection: a peer that is taken away is cut off at once.
  "ip daddr @cluster goto leave_to_peer",
  `ip daddr ${NOT_OUTSIDE} goto refuse`,
  // Under this host's address it would be taken for what comes out of our end of the tunnel. Whatever runs here: the other end counts.
  `udp dport ${VXLAN_PORT} goto refuse`,
  "ct state { established, related } accept",
  "ip saddr vmap @outside",
  "goto refuse",
];

/** To guests, whoever it is from. */
function enter(bridge: string, subnet: Subnet): string[] {
  return [
    "ct state invalid drop",
    "ct state related ct direction reply accept",
    "ct state established ct direction reply ip saddr @cluster ip daddr . ip saddr @egress accept",
    "ct state established ct direction reply ip saddr != @cluster accept",
    `iifname != "${bridge}" ip saddr ${subnet.cidr} drop`,
    "ip saddr @cluster goto enter_from_peer",
    "ct status dnat ip daddr . tcp dport @published accept",
    "ct state related accept",
    "drop",
  ];
}

/** What a guest may ask of its host. The mac and address are its own already. */
function toHost({ gateway, broadcast }: Subnet): string[] {
  return [
    "ct direction reply ct state { established, related } accept",
    `ip daddr { 255.255.255.255, ${broadcast}, ${gateway} } udp sport 68 udp dport 67 accept`,
    `ip daddr ${gateway} udp dport 53 accept`,
    `ip daddr ${gateway} tcp dport 53 ct state new add @resolving { ip saddr ct count over ${MAX_DNS_TCP} } goto refuse`,
    `ip daddr ${gateway} tcp dport 53 accept`,
    `ip daddr ${gateway} icmp type echo-request limit rate 100/second burst 100 packets accept`,
    "goto refuse",
  ];
}

function natChains(settings: NetworkSettings, subnet: Subnet): string[] {
  const { bridge, nat } = settings;
  const at = publishedAt(settings);
  const forward = "meta l4proto tcp dnat ip to tcp dport map @forwarded";
  return [
    ...chain("publish_to_others", [
      "type nat hook prerouting priority dstnat - 5; policy accept;",
      // The host's own loopback is asked for from outside by forgers only, and nothing further on would see it.
      "ip daddr 127.0.0.0/8 return",
      // Guests reach each other as peers or not at all.
      `iifname != "${bridge}" ${at} ${forward}`,
    ]),
    ...chain("publish_to_host", [
      "type nat hook output priority -105; policy accept;",
      `${at} ${forward}`,
    ]),
    ...chain("source", [
      "type nat hook postrouting priority srcnat - 5; policy accept;",
      `oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade`,
      ...(nat
        ? [
          `oifname != "${bridge}" ip saddr ${subnet.cidr} ip daddr != @cluster masquerade`,
        ]
        : []),
    ]),
  ];
}

/**
 * The inet table: who may talk to whom. Its chains let everything pass that has
 * nothing to do with the bridge: a host may run other networks.
 */
export function baseInet(settings: NetworkSettings, subnet: Subnet): string[] {
  const { bridge, underlay } = settings;
  return [
    ...SETS,
    ...chain("refuse", [
      "counter name ip saddr map @drops",
      "reject with icmpx type admin-prohibited",
    ]),
    ...chain("leave_to_peer", [
      "ip saddr . ip daddr @egress accept",
      "goto refuse",
    ]),
    ...chain("enter_from_peer", [
      // By the way that leads back to the sender, or it is not who it says.
      "fib saddr . iif oif missing drop",
      "ip saddr . ip daddr @ingress accept",
      // A peer no longer, or not yet on both hosts: told so rather than left to wait.
      "reject with icmpx type admin-prohibited",
    ]),
    ...chain("leave", LEAVE),
    ...chain("enter", enter(bridge, subnet)),
    ...chain("to_host", toHost(subnet)),
    ...chain("from_guests", [
      "type filter hook forward priority filter - 5; policy accept;",
      `iifname "${bridge}" jump leave`,
      // What comes out of the tunnel is for guests: this host leads it nowhere else.
      ...(underlay === "vxlan"
        ? [`iifname "${vxlanName(bridge)}" oifname != "${bridge}" drop`]
        : []),
    ]),
    ...chain("to_guests", [
      "type filter hook forward priority filter - 4; policy accept;",
      `oifname "${bridge}" jump enter`,
    ]),
    ...chain("past_the_bridge", [
      "type filter hook prerouting priority raw; policy accept;",
      // Frames to the groups that bridges themselves speak to (LLDP and the like) come in by the port, past the bridge and its rules.
      `iifname "${tapPrefix(bridge)}*" drop`,
      // Before connections are looked up. In one direction only: answers are known whoever they are for.
      `iifname "${bridge}" ct original zone set ip saddr map @zones`,
    ]),
    ...chain("input", [
      "type filter hook input priority filter - 5; policy accept;",
      `iifname "${bridge}" goto to_host`,
      // Leases and names are for guests: who sends to this address by another wire asks for what is not its own.
      `iifname != "lo" ip daddr ${subnet.gateway} drop`,
      ...(underlay === "vxlan"
        ? [
          `iifname "${vxlanName(bridge)}" drop`,
          `udp dport ${VXLAN_PORT} @th,96,24 ${VXLAN_ID} ip saddr != @workers drop`,
        ]
        : []),
    ]),
    ...chain("output", [
      "type filter hook output priority filter - 5; policy accept;",
      // While dnsmasq is started again a question gets no answer, rather than one that there is no resolver: it is asked again.
      `oifname "${bridge}" icmp type destination-unreachable icmp code port-unreachable drop`,
    ]),
    ...natChains(settings, subnet),
  ];
}

/** The bridge table: who is who. Every TAP of this bridge that no guest is known at is shut. */
export function baseBridge({ bridge }: NetworkSettings): string[] {
  const ports = `"${tapPrefix(bridge)}*"`;
  return [
    `set version_${RULES_VERSION} { type ipv4_addr; }`,
    "map ports { type ifname : verdict; }",
    ...chain("guest", ["iifname vmap @ports", "drop"]),
    ...chain("from_guests", [
      "type filter hook prerouting priority -300; policy accept;",
      `iifname ${ports} goto guest`,
    ]),
    ...chain("between_ports", [
      "type filter hook forward priority -300; policy accept;",
      // Ports are isolated as well: but not in the moment in which one joins the bridge again.
      `iifname ${ports} drop`,
    ]),
  ];
}
