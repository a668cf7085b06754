/**
 * The guests' network over the wire. Replicas have the same peers and the same
 * sources: a list that many orders share crosses it once, or an assignment
 * would grow with the product of two VMs' replicas.
 *
 * @module
 */
import type { GuestNetwork } from "../../roles/model/assignment.ts";
import { AppError } from "../../roles/model/errors.ts";
import type * as common from "../generated/common.ts";

/** Longer than the number that stands for it. */
const MIN_SHARED = 2;

/** The lists of one assignment, known by being the very same array. */
export class AddressLists {
  readonly #numbers = new Map<string[], number>();

  /** Its number, from 1; 0: it is too short to be worth one. */
  numberOf(addresses: string[]): number {
    if (addresses.length < MIN_SHARED) return 0;
    let number = this.#numbers.get(addresses);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(addresses, number);
    }
    return number;
  }

  toWire(): common.AddressListInput[] {
    return [...this.#numbers.keys()].map((addresses) => ({ addresses }));
  }
}

export function guestNetworkToWire(
  { address, peers, sources }: GuestNetwork,
  lists: AddressLists,
): common.GuestNetworkInput {
  const sourcesList = lists.numberOf(sources);
  return {
    address,
    sources: sourcesList === 0 ? sources : [],
    sourcesList,
    peers: peers.map(({ name, addresses }) => {
      const list = lists.numberOf(addresses);
      return { name, addresses: list === 0 ? addresses : [], list };
    }),
  };
}

/** @throws {AppError} `invalid` when a list is not there. */
export function guestNetworkPlain(
  { address, peers, sources, sourcesList }: common.GuestNetwork,
  lists: readonly string[][],
): unknown {
  const listOf = (number: number, own: string[]): string[] => {
    const found = number === 0 ? own : lists[number - 1];
    if (found !== undefined) return found;
    throw new AppError(
      "invalid",
      `Cannot read the network of ${address}: there is no list ${number} of addresses`,
    );
  };
  return {
    address,
    sources: listOf(sourcesList, sources),
    peers: peers.map(({ name, addresses, list }) => ({
      name,
      addresses: listOf(list, addresses),
    })),
  };
}
