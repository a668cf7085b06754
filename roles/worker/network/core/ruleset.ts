/**
 * The firewall of all guests as data: two nftables tables, of which most is
 * fixed text and the rest one chain and a few set elements for each guest. Pure.
 *
 *     guest -> [bridge table] -> host -> leave -> enter -> guest or outside
 *              its MAC, its         |    peers,    sources,
 *              address, its rate    |    domains   published ports
 *                                   +-> to_host: DHCP, DNS, ping
 *
 * Bridge ports are isolated: what one guest sends to another passes through
 * the host's routing and so through both halves, like what goes to another
 * worker.
 *
 * @module
 */
import type { HostNetwork } from "../../../model/assignment.ts";
import { addressBytes, parseSubnet, type Subnet } from "./addresses.ts";
import { EVERYWHERE } from "./domains.ts";
import type { Guest } from "./guests.ts";
import { connectionZone, domainSet } from "./names.ts";
import type { NetworkSettings, PublishedGuestPort } from "./plan.ts";
import { baseBridge, baseInet } from "./ruleset_base.ts";
import { sendLimit } from "./rate.ts";

/** What one table holds beside its fixed text. */
export interface TableParts {
  /** Sets that dnsmasq fills; what is in them is not ours to know. */
  readonly domainSets: ReadonlySet<string>;
  readonly counters: ReadonlySet<string>;
  /** Rules by chain, which only elements refer to. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** By set or map: its keys, with a value where it is a map. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** One table. */
export interface Table {
  readonly family: "inet" | "bridge";
  /** Sets, maps and chains that are the same whoever is on the network. */
  readonly base: readonly string[];
  readonly parts: TableParts;
}

export interface Ruleset {
  readonly name: string;
  readonly tables: readonly [Table, Table];
}

/** What the rules are made of. */
export interface RulesetInput {
  readonly name: string;
  readonly settings: NetworkSettings;
  readonly host: HostNetwork;
  readonly guests: readonly Guest[];
  /** By guest's address. */
  readonly published: ReadonlyMap<string, readonly PublishedGuestPort[]>;
  /** Domains that dnsmasq knows of already: their sets must stay. */
  readonly taught: readonly string[];
}

/** Lets a guest's packets out: to what its domains have resolved to. */
function outsideRules(guest: Guest): string[] {
  if (guest.domains.includes(EVERYWHERE)) return ["accept"];
  if (guest.domains.length === 0) return [];
  return [
    // An address that is allowed for its name may serve as a resolver too: names are asked of us only.
    "meta l4proto { tcp, udp } th dport { 53, 853 } return",
    ...guest.domains.map((domain) => {
      const set = `@${domainSet(domain)}`;
      return `ip daddr ${set} update ${set} { ip daddr } accept`;
    }),
  ];
}

/** Whatever comes in by a guest's TAP is from that guest, or is dropped here. */
function portRules(guest: Guest, gateway: string): string[] {
  const { mac, address, key } = guest;
  const drop = `counter name "s_${key}" drop`;
  const macNumber = `0x${mac.replaceAll(":", "")}`;
  const addressNumber = `0x${
    addressBytes(address).map((byte) => byte.toString(16).padStart(2, "0"))
      .join("")
  }`;
  const limit = guest.rateMbit === null ? [] : [
    `${sendLimit(guest.rateMbit)} ${drop}`,
  ];
  const arp =
    `ether type arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp saddr ether ${mac} arp saddr ip`;
  return [
    ...limit,
    `ether saddr != ${mac} ${drop}`,
    `${arp} ${address} limit rate 100/second burst 100 packets accept`,
    // A client asks whether its new address is taken before it has one.
    `${arp} 0.0.0.0 limit rate 10/second burst 20 packets accept`,
    `ether type != ip ${drop}`,
    `ip daddr 127.0.0.0/8 ${drop}`,
    // The server answers the relay or the client that a message names: another guest, where they are another's.
    `udp dport 67 @th,256,32 != 0 ${drop}`,
    `udp dport 67 @th,160,32 != 0 @th,160,32 != ${addressNumber} ${drop}`,
    // The client's address inside the message counts to the server: a foreign one could give another guest's lease back.
    `ip saddr { 0.0.0.0, ${address} } udp sport 68 udp dport 67 @th,288,48 ${macNumber} limit rate 10/second burst 20 packets accept`,
    `udp dport 67 ${drop}`,
    `ip saddr != ${address} ${drop}`,
    // A resolver's work costs more than a packet: a guest that floods it would slow the others.
    `ip daddr ${gateway} udp dport 53 limit rate over 200/second burst 400 packets ${drop}`,
    "accept",
  ];
}

function bridgeParts(guests: readonly Guest[], subnet: Subnet): TableParts {
  return {
    domainSets: new Set(),
    counters: new Set(guests.map(({ key }) => `s_${key}`)),
    chains: new Map(
      guests.map((guest) => [
        `g_${guest.key}`,
        portRules(guest, subnet.gateway),
      ]),
    ),
    elements: new Map([[
      "ports",
      new Map(guests.map(({ tap, key }) => [`"${tap}"`, `jump g_${key}`])),
    ]]),
  };
}

function pairs(
  guests: readonly Guest[],
  of: (guest: Guest) => readonly string[],
): Map<string, string> {
  return new Map(
    guests.flatMap((guest) => of(guest).map((pair) => [pair, ""])),
  );
}

function inetElements(
  input: RulesetInput,
  subnet: Subnet,
): Map<string, Map<string, string>> {
  const { guests, host, published } = input;
  const routes = host.routes.map((route) => parseSubnet(route.subnet).cidr);
  const ports = guests.flatMap(({ address }) =>
    (published.get(address) ?? []).map((port) => ({ ...port, address }))
  );
  return new Map([
    ["cluster", new Map([subnet.cidr, ...routes].map((cidr) => [cidr, ""]))],
    ["workers", new Map(host.routes.map(({ via }) => [via, ""]))],
    [
      "egress",
      pairs(
        guests,
        ({ address, peers }) =>
          peers.flatMap((peer) =>
            peer.addresses.map((to) => `${address} . ${to}`)
          ),
      ),
    ],
    [
      "ingress",
      pairs(
        guests,
        ({ address, sources }) => sources.map((from) => `${from} . ${address}`),
      ),
    ],
    [
      "outside",
      new Map(guests.map(({ address, key }) => [address, `jump o_${key}`])),
    ],
    [
      "zones",
      new Map(guests.map(({ address, copy, domains }) => [
        address,
        String(connectionZone(copy, domains)),
      ])),
    ],
    [
      "drops",
      new Map(guests.map(({ address, key }) => [address, `"c_${key}"`])),
    ],
    [
      "forwarded",
      new Map(ports.map(({ publish, guest, address }) => [
        String(publish),
        `${address} . ${guest}`,
      ])),
    ],
    [
      "published",
      new Map(ports.map(({ guest, address }) => [`${address} . ${guest}`, ""])),
    ],
  ]);
}

function inetParts(input: RulesetInput, subnet: Subnet): TableParts {
  const { guests, taught } = input;
  const domains = [...guests.flatMap((guest) => guest.domains), ...taught]
    .filter((domain) => domain !== EVERYWHERE);
  return {
    domainSets: new Set(domains.map(domainSet)),
    counters: new Set(guests.map(({ key }) => `c_${key}`)),
    chains: new Map(
      guests.map((guest) => [`o_${guest.key}`, outsideRules(guest)]),
    ),
    elements: inetElements(input, subnet),
  };
}

/** Both tables. */
export function rulesetOf(input: RulesetInput): Ruleset {
  const subnet = parseSubnet(input.host.subnet);
  return {
    name: input.name,
    tables: [
      {
        family: "inet",
        base: baseInet(input.settings, subnet),
        parts: inetParts(input, subnet),
      },
      {
        family: "bridge",
        base: baseBridge(input.settings),
        parts: bridgeParts(input.guests, subnet),
      },
    ],
  };
}
