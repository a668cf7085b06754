/**
 * Whether a subnet for guests is in the way of what this host has already.
 * Pure. An address of the host or its way out inside the subnet: the
 * bridge would cut the host off. A larger network around it is somebody's
 * choice, and only told.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import { isInside, type Subnet, widerThan } from "./addresses.ts";

/** An address of an interface. */
export interface HostAddress {
  readonly dev: string;
  readonly address: string;
  readonly bits: number;
}

/**
 * What is worth telling: networks that the subnet is a part of.
 *
 * @param host what this host has beside our bridge, and through whom it reaches the rest.
 * @throws {AppError} `refused` when the host would lose an address or its way out.
 */
export function overlapsOf(
  subnet: Subnet,
  host: {
    addresses: readonly HostAddress[];
    gateways: readonly string[];
  },
): string[] {
  const refuse = (why: string) =>
    new AppError(
      "refused",
      `Cannot give guests the addresses ${subnet.cidr}: ${why}`,
      {
        hint:
          "set network.pool of the master to a range that no host uses, then procurator worker remove: a worker that comes anew gets a subnet of it",
      },
    );
  for (const { dev, address } of host.addresses) {
    if (isInside(subnet, address)) {
      throw refuse(`this host has ${address} of them at ${dev}`);
    }
  }
  for (const gateway of host.gateways) {
    if (isInside(subnet, gateway)) {
      throw refuse(`this host's way out leads through ${gateway}`);
    }
  }
  return host.addresses.flatMap(({ dev, address, bits }) => {
    const around = widerThan(subnet, address, bits);
    return around === null ? [] : [
      `guests' ${subnet.cidr} is part of ${around} at ${dev}: this host reaches nobody else there`,
    ];
  });
}
