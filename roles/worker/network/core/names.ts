/**
 * What things are called on this host: interfaces, tables, chains, hardware
 * addresses. Pure. All of it follows from the bridge's name, a copy or an
 * address, so that what a former process made is found again by name.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";
import { type CopyId, copyKey } from "../../../model/ids.ts";
import { addressBytes } from "./addresses.ts";

/** Names of peers end in this: never asked upstream. `internal` is reserved for private use. */
export const PEERS_DOMAIN = "peers.internal";
/** Hex digits of a copy in a TAP's name: with tag and separators 15 bytes, all that Linux takes. */
const COPY_DIGITS = 9;
/** Two bridges of one host share a tag once in 65536 pairs; `adopt` goes by the alias as well. */
const TAG_DIGITS = 4;
/** Workers of one host are few. */
const OWNER_DIGITS = 8;
/** Hex digits of a domain in its set's name: 48 bits for some thousand domains. */
const DOMAIN_DIGITS = 12;
/** 64 bits: nobody guesses another guest's search domain. */
const TOKEN_DIGITS = 16;

function digest(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

/** Two bytes that stand for the bridge wherever its name has no room. */
export function bridgeTag(bridge: string): string {
  return digest(bridge, TAG_DIGITS);
}

/** What the names of all TAPs on a bridge begin with. */
export function tapPrefix(bridge: string): string {
  return `p${bridgeTag(bridge)}-`;
}

/** The TAP of a copy. */
export function tapName(bridge: string, copy: CopyId): string {
  return `${tapPrefix(bridge)}${guestKey(copy)}`;
}

/** A copy in the names of chains and counters. */
export function guestKey(copy: CopyId): string {
  return digest(copyKey(copy), COPY_DIGITS);
}

/** The tunnel to other workers. */
export function vxlanName(bridge: string): string {
  return `x${bridgeTag(bridge)}`;
}

/** Stands for the worker whose directory this is. */
export function ownerOf(dir: string): string {
  return digest(dir, OWNER_DIGITS);
}

/** Zones of connection tracking: 16 bits, of which 0 is everybody's. */
const MAX_ZONE = 65_535;

/**
 * The zone that a guest's own connections are known in. It follows from the
 * copy and where it may go: what a former holder of its address, or the same
 * guest under another spec, had open is not open to it.
 */
export function connectionZone(
  copy: CopyId,
  domains: readonly string[],
): number {
  const text = [copyKey(copy), ...domains].join("\n");
  return 1 + parseInt(digest(text, OWNER_DIGITS), 16) % MAX_ZONE;
}

/** What an interface of ours says of itself in its alias; anything else is somebody else's. */
export function aliasOf(
  { bridge, owner = "" }: { bridge: string; owner?: string },
  what: string,
): string {
  return `procurator ${bridge} ${owner} ${what}`;
}

/** Both the inet and the bridge family have one by this name. */
export function tableName(bridge: string): string {
  return `procurator-${bridge}`;
}

/** The set that dnsmasq puts a domain's addresses into. */
export function domainSet(domain: string): string {
  return `d_${digest(domain, DOMAIN_DIGITS)}`;
}

function macWith(kind: string, address: string): string {
  const bytes = addressBytes(address).map((byte) =>
    byte.toString(16).padStart(2, "0")
  );
  return ["02", kind, ...bytes].join(":");
}

/**
 * The hardware address of the guest at an address. It follows from the address,
 * which is the copy's for its life and nobody else's meanwhile: a successor at
 * the same address is the same client to the DHCP server and to every ARP cache,
 * so that a lease its predecessor left behind does not keep it out.
 */
export function guestMac(address: string): string {
  return macWith("70", address);
}

/** The hardware address of a worker's end of the tunnel, known to all from its subnet. */
export function vxlanMac(subnetAddress: string): string {
  return macWith("76", subnetAddress);
}

/**
 * The domain that the guest at an address searches for its peers: `db` is
 * `db.<token>.peers.internal`. The token is a secret of this host's, so that a
 * guest finds nobody else's peers.
 */
export function searchDomain(secret: string, address: string): string {
  const token = createHmac("sha256", secret).update(address).digest("hex");
  return `${token.slice(0, TOKEN_DIGITS)}.${PEERS_DOMAIN}`;
}
