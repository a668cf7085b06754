/**
 * The `network` part of the worker's configuration. Parses; opens nothing.
 *
 * @module
 */
import { z } from "zod";

/** Interface names hold 15 bytes; ours are also words of nft, ip and dnsmasq, so nothing there needs quoting. */
export const InterfaceName = z.string().regex(
  /^[a-z][a-z0-9-]{0,14}$/,
  "must be 1 to 15 lower-case letters, digits or hyphens, beginning with a letter",
);

/** A home router, a company and a public resolver: dnsmasq asks them all, more only slow it down. */
const MAX_DNS_SERVERS = 8;

export const NetworkConfig = z.strictObject({
  /** `bridge` needs root; `user` is the VMM's own; `auto`: `bridge` where it can be made. */
  mode: z.enum(["auto", "bridge", "user"]).default("user"),
  /** Two workers on one host need two. */
  bridge: InterfaceName.default("pcr0"),
  /** How other workers' guests are reached: by plain routes where all workers share a wire, by VXLAN elsewhere. */
  underlay: z.enum(["route", "vxlan"]).default("route"),
  /** This host's address that other workers reach it at; absent: guests here have no peers elsewhere. */
  underlayAddress: z.ipv4().optional(),
  /** Guests reach the outside under this host's address; without it the outside needs a route to their subnet. */
  nat: z.boolean().default(true),
  /** Who is asked for allowed names; absent: those of /etc/resolv.conf. */
  dnsServers: z.array(z.ipv4()).max(MAX_DNS_SERVERS).optional(),
  /** Where published ports are taken; absent: at every address of this host. */
  publishAddress: z.ipv4().optional(),
});
export type NetworkConfig = z.output<typeof NetworkConfig>;
