/**
 * From a plan to the guests that rules and files are made of. Pure. A guest
 * whose plan cannot be kept gets no part in it and a reason; the others are
 * not held up by it.
 *
 * @module
 */
import { AppError, toAppError } from "../../../model/errors.ts";
import { type CopyId, copyKey } from "../../../model/ids.ts";
import { isGuestAddress, type Subnet } from "./addresses.ts";
import { parseDomains } from "./domains.ts";
import { guestKey, guestMac, searchDomain, tapName } from "./names.ts";
import type { GuestPlan, NetworkSettings } from "./plan.ts";

/** A guest with everything that is derived from its plan. */
export interface Guest {
  readonly copy: CopyId;
  /** Names its chains and counters. */
  readonly key: string;
  readonly tap: string;
  readonly mac: string;
  readonly address: string;
  /** Parsed; `*` is everything. */
  readonly domains: readonly string[];
  readonly rateMbit: number | null;
  readonly peers: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
  }[];
  readonly sources: readonly string[];
  /** The domain its peers' names are below. */
  readonly search: string;
}

export interface Guests {
  /** By address. */
  readonly good: readonly Guest[];
  /** By `copyKey`: why a planned copy cannot be on the network. */
  readonly refused: ReadonlyMap<string, AppError>;
}

function guestOf(
  plan: GuestPlan,
  on: { settings: NetworkSettings; subnet: Subnet; secret: string },
): Guest {
  const { copy, spec, network: { address, peers, sources } } = plan;
  if (!isGuestAddress(on.subnet, address)) {
    throw new AppError(
      "failed",
      `Cannot give ${
        copyKey(copy)
      } the address ${address}: it is no guest's in ${on.subnet.cidr}`,
    );
  }
  return {
    copy,
    key: guestKey(copy),
    tap: tapName(on.settings.bridge, copy),
    mac: guestMac(address),
    address,
    domains: parseDomains(spec.allowedDomains),
    rateMbit: spec.rateLimitMbit ?? null,
    peers,
    sources: [...new Set(sources)].filter((source) => source !== address),
    search: searchDomain(on.secret, address),
  };
}

/**
 * The guests of `plans`; of two that claim one address the first is served.
 * TAPs are named by 36 bits of a hash: two alike are refused in the same way.
 */
export function guestsOf(
  plans: readonly GuestPlan[],
  on: { settings: NetworkSettings; subnet: Subnet; secret: string },
): Guests {
  const good = new Map<string, Guest>();
  const keys = new Map<string, string>();
  const refused = new Map<string, AppError>();
  for (const plan of plans) {
    const name = copyKey(plan.copy);
    try {
      const guest = guestOf(plan, on);
      const other = good.get(guest.address)?.copy;
      const twin = other === undefined ? keys.get(guest.key) : copyKey(other);
      if (twin !== undefined) {
        throw new AppError(
          "conflict",
          `Cannot put ${name} on the network: ${twin} has its address or its name there`,
        );
      }
      good.set(guest.address, guest);
      keys.set(guest.key, name);
    } catch (error) {
      refused.set(name, toAppError(error));
    }
  }
  const byAddress = [...good.values()].sort((a, b) =>
    a.address < b.address ? -1 : 1
  );
  return { good: byAddress, refused };
}
