/**
 * What dnsmasq reads: one file that it reads at its start, and names that it
 * reads again when told. Pure.
 *
 * Leases follow from the subnet alone: an address has one hardware address and
 * one search domain, whoever is at it. So they are all in the first file, and a
 * guest's first question never waits for a reload. (2.90 also crashes when told
 * to read tagged leases again.)
 *
 * It leases each guest its one address, answers for the names of its peers, and
 * asks upstream for allowed domains only: a question about any other name would
 * be a way out for whoever owns that name's servers. Addresses of allowed names
 * go to their sets before the guest sees them.
 *
 * @module
 */
import type { HostNetwork } from "../../../model/assignment.ts";
import { guestAddresses, parseSubnet } from "./addresses.ts";
import { EVERYWHERE } from "./domains.ts";
import type { Guest } from "./guests.ts";
import { mtuOf } from "./links.ts";
import { domainSet, guestMac, PEERS_DOMAIN, searchDomain } from "./names.ts";
import type { NetworkSettings } from "./plan.ts";

/** A guest that is off for half a day has its address all the same: it is fixed. */
const LEASE = "12h";
/** Seconds that guests may remember an answer: an address is asked for again long before its set drops it. */
const MAX_TTL = 30;
/** Seconds for names of peers: a promotion moves them. */
const PEER_TTL = 2;
/** Questions under way for all guests; each costs about 1 KiB. dnsmasq's own 150 are for one household. */
const MAX_QUESTIONS = 1000;
/** One DHCP option 26 for all. */
const MTU_OPTION = 26;

/** Files by their place in the directory. */
export interface DnsmasqFiles {
  /** Read at its start. */
  readonly conf: string;
  /** Read again on SIGHUP. */
  readonly hosts: string;
}

/** What the files are made of. */
export interface DnsmasqInput {
  readonly dir: string;
  readonly table: string;
  readonly settings: NetworkSettings;
  readonly host: HostNetwork;
  readonly guests: readonly Guest[];
  /** The text of {@linkcode leaseText}. */
  readonly leases: string;
  /** Every domain that is to be known, those of guests included. */
  readonly domains: readonly string[];
  readonly upstream: readonly string[];
  /** Whom it runs as once it is up. */
  readonly user: string;
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * The sets of a name: its own and those of domains above it. dnsmasq goes by
 * the longest domain that fits alone, and a guest may be allowed a shorter one.
 */
function setsOf(domain: string, named: ReadonlySet<string>): string[] {
  const labels = domain.split(".");
  return labels.map((_, index) => labels.slice(index).join("."))
    .filter((above) => named.has(above)).map(domainSet);
}

function domainLines(input: DnsmasqInput): string[] {
  const { domains, upstream, table } = input;
  const named = domains.filter((domain) => domain !== EVERYWHERE);
  const everywhere = domains.includes(EVERYWHERE);
  const all = new Set(named);
  return [
    ...named.flatMap((domain) => [
      ...upstream.map((server) => `server=/${domain}/${server}`),
      `nftset=/${domain}/${
        setsOf(domain, all).map((set) => `4#inet#${table}#${set}`).join(",")
      }`,
    ]),
    ...(everywhere ? upstream.map((server) => `server=${server}`) : []),
  ];
}

function conf(input: DnsmasqInput): string {
  const { dir, settings, host, user } = input;
  const subnet = parseSubnet(host.subnet);
  const { network, mask, gateway } = subnet;
  return text([
    "# Written by procurator from its assignment: changes are lost.",
    `interface=${settings.bridge}`,
    `listen-address=${gateway}`,
    "except-interface=lo",
    "bind-interfaces",
    `user=${user}`,
    `pid-file=${dir}/pid`,
    `log-facility=${dir}/log`,
    "quiet-dhcp",
    "no-hosts",
    "no-resolv",
    "no-ping",
    `addn-hosts=${dir}/hosts`,
    `dhcp-leasefile=${dir}/leases`,
    `dhcp-range=${network},static,${mask},${LEASE}`,
    "dhcp-authoritative",
    "dhcp-ignore=tag:!known",
    // Whatever a guest calls itself, it is no name here.
    "dhcp-ignore-names",
    `dhcp-option=${MTU_OPTION},${mtuOf(settings)}`,
    `local=/${PEERS_DOMAIN}/`,
    "domain-needed",
    "bogus-priv",
    // An answer from a cache would not reach its set again.
    "cache-size=0",
    `max-ttl=${MAX_TTL}`,
    `local-ttl=${PEER_TTL}`,
    `dns-forward-max=${MAX_QUESTIONS}`,
    // Guests have no IPv6: an address of it would only be tried in vain.
    "filter-AAAA",
    ...domainLines(input),
  ]) + input.leases;
}

/** Leases and search domains of a whole subnet: the same for as long as the secret is. */
export function leaseText(cidr: string, secret: string): string {
  const addresses = guestAddresses(parseSubnet(cidr));
  return text(addresses.flatMap((address) => leaseLines(address, secret)));
}

/** `id:*`: whatever identifier the client makes up, its hardware address counts. */
function leaseLines(address: string, secret: string): string[] {
  const tag = `a${address.replaceAll(".", "-")}`;
  const search = searchDomain(secret, address);
  return [
    `dhcp-host=${guestMac(address)},id:*,set:${tag},${address}`,
    `dhcp-option=tag:${tag},option:domain-name,${search}`,
    `dhcp-option=tag:${tag},option:domain-search,${search}`,
  ];
}

/** The first name of an address is what a look-up by address finds: it must not be one with a secret in it. */
function hosts(guests: readonly Guest[]): string {
  const addresses = new Set(
    guests.flatMap(({ peers }) => peers.flatMap(({ addresses }) => addresses)),
  );
  return text([
    ...[...addresses].sort().map((address) =>
      `${address} ${address.replaceAll(".", "-")}.${PEERS_DOMAIN}`
    ),
    ...guests.flatMap(({ peers, search }) =>
      peers.flatMap(({ name, addresses }) =>
        addresses.map((address) => `${address} ${name}.${search}`)
      )
    ),
  ]);
}

/** Both files. Guests must be in a fixed order: files that are equal are not written. */
export function dnsmasqFiles(input: DnsmasqInput): DnsmasqFiles {
  return { conf: conf(input), hosts: hosts(input.guests) };
}

/** The domains a configuration file of ours teaches: their sets must be there while that dnsmasq runs. */
export function taughtDomains(conf: string): string[] {
  const named = [...conf.matchAll(/^nftset=\/([^/\n]+)\//gm)];
  const everywhere = /^server=[0-9]/m.test(conf) ? [EVERYWHERE] : [];
  return [...everywhere, ...named.map(([, domain]) => domain ?? "")];
}

/** The IPv4 name servers of a resolv.conf. */
export function parseNameServers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\d+(?:\.\d+){3})\s*$/gm)]
    .map(([, address]) => address ?? "");
}
