/**
 * The addresses of guests: a /24 of the pool for each worker that bridges its
 * guests, and an address of it for each copy there. Decides which; pure. Never
 * looks at who may talk to whom (peers.ts).
 *
 * A subnet is its worker's until the worker is removed, an address its copy's
 * until the worker reports the copy gone. What was never given out goes first,
 * then what was given back the longest ago: a lease, a name in somebody's
 * cache or a connection of the former holder should not meet a successor.
 *
 * ```
 * fresh --give--> held --return--> returned --give, the oldest first--> held
 * ```
 *
 * @module
 */
import { z } from "zod";
import type { Action } from "./actions.ts";
import {
  ADDRESSES_PER_WORKER,
  type PlacementDoc,
  type WorkerDoc,
  type WorkerNetwork,
} from "./documents.ts";

/** Private, and not among what home routers, Docker and clouds use by default. */
export const DEFAULT_POOL = "10.201.0.0/16";
/** The host's own is .1; .0 and .255 are the subnet's. */
const FIRST_HOST = 2;
const LAST_HOST = 254;
/** A range of /24s, by the number that their first 24 bits are. */
export interface Pool {
  text: string;
  first: number;
  count: number;
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256)
    .join(".");
}

/** The number of the /24 that an address or a subnet lies in. */
function subnetOf(text: string): number {
  return Math.floor(numberOf(text.split("/")[0] ?? "") / 256);
}

function subnetText(subnet: number): string {
  return `${textOf(subnet * 256)}/24`;
}

/** First bytes that no guest can have: this host, loopback, and from multicast on. */
function isUsable(first: number): boolean {
  return first !== 0 && first !== 127 && first < 224;
}

/** What is wrong with a pool, in words; null: nothing. */
export function poolProblem(text: string): string | null {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  const [, address = "", bits = ""] = match ?? [];
  const prefix = Number(bits);
  if (match === null || address.split(".").some((byte) => Number(byte) > 255)) {
    return "must be a range of IPv4 addresses, as in 10.201.0.0/16";
  }
  if (prefix < 8 || prefix > 24) {
    return "must be a /8 to a /24: each worker gets a /24 of it";
  }
  const number = numberOf(address);
  if (number % 2 ** (32 - prefix) !== 0) {
    const size = 2 ** (32 - prefix);
    const begin = textOf(Math.floor(number / size) * size);
    return `must begin where the range does: ${begin}/${prefix}`;
  }
  if (
    !isUsable(Math.floor(number / 2 ** 24)) ||
    subnetOf(address) === subnetOf("169.254.0.0")
  ) return "must be addresses that hosts can have";
  return null;
}

/** @throws {Error} for text that {@linkcode poolProblem} names a problem of. */
export function parsePool(text: string): Pool {
  const problem = poolProblem(text);
  if (problem !== null) throw new Error(`the pool ${text} ${problem}`);
  const prefix = Number(text.slice(text.indexOf("/") + 1));
  return { text, first: subnetOf(text), count: 2 ** (24 - prefix) };
}

function isInPool(pool: Pool, subnet: number): boolean {
  return subnet >= pool.first && subnet < pool.first + pool.count;
}

/** The worker says that it gives its guests addresses of ours. */
export function isBridged({ attributes }: Pick<WorkerDoc, "attributes">) {
  return attributes.network === "bridge";
}

/** Where other hosts reach it; null: it does not say, or nothing that is an address. */
function viaOf({ attributes }: Pick<WorkerDoc, "attributes">): string | null {
  const given = z.ipv4().safeParse(attributes["network.underlay"]);
  return given.success ? given.data : null;
}

/** A route to it would lead into what it is a route to. */
function isInside(pool: Pool, via: string | null): boolean {
  return via !== null && isInPool(pool, subnetOf(via));
}

/** How many copies a worker can give addresses to. */
export interface Addressing {
  count: number;
  /** Why none; null: it can. */
  hindrance: string | null;
}

/** Null: its guests need none. */
export function addressingOf(
  doc: Pick<WorkerDoc, "attributes" | "network">,
  pool: Pool,
): Addressing | null {
  if (!isBridged(doc)) return null;
  if (doc.network?.isOn === true) {
    return { count: ADDRESSES_PER_WORKER, hindrance: null };
  }
  const via = viaOf(doc);
  const hindrance = isInside(pool, via)
    ? `has the address ${via}, which is inside the pool ${pool.text} of guests' addresses`
    : `has no subnet yet: the pool ${pool.text} gives ${pool.count}`;
  return { count: 0, hindrance };
}

/** The networks of workers as they should be. */
export interface Networks {
  /** By worker: those that differ from their documents. */
  changed: ReadonlyMap<string, WorkerNetwork>;
  /** The subnet given out last: the next one comes after it, so that one that was given back rests. Undefined: none was. */
  lastSubnet: string | undefined;
}

/** Gives subnets to those that bridge and have none, and follows where they are and whether they still do. */
export function planNetworks(
  workers: readonly WorkerDoc[],
  pool: Pool,
  lastSubnet: string | undefined,
): Networks {
  const used = new Set(
    workers.flatMap(({ network }) =>
      network === undefined ? [] : [subnetOf(network.subnet)]
    ),
  );
  let last = lastSubnet === undefined ? null : subnetOf(lastSubnet);
  const next = (): number | null => {
    const from = last !== null && isInPool(pool, last)
      ? last - pool.first + 1
      : 0;
    for (let step = 0; step < pool.count; step++) {
      const subnet = pool.first + (from + step) % pool.count;
      if (!used.has(subnet)) return subnet;
    }
    return null;
  };
  const changed = new Map<string, WorkerNetwork>();
  const inOrder = [...workers].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const doc of inOrder) {
    const { name, network: known } = doc;
    const via = viaOf(doc);
    const isOn = isBridged(doc) && !isInside(pool, via);
    if (known !== undefined) {
      // Off, it is where it was.
      const at = isOn ? via : known.via;
      if (known.isOn === isOn && known.via === at) continue;
      changed.set(name, { ...known, isOn, via: at });
      continue;
    }
    const subnet = isOn ? next() : null;
    if (subnet === null) continue;
    last = subnet;
    used.add(subnet);
    changed.set(name, {
      subnet: subnetText(subnet),
      via,
      isOn,
      given: FIRST_HOST - 1,
      returned: [],
    });
  }
  return {
    changed,
    lastSubnet: last === null ? undefined : subnetText(last),
  };
}

/** The last byte of an address of this network; null: it is of another. */
function hostIn(network: WorkerNetwork, address: string): number | null {
  return subnetOf(address) === subnetOf(network.subnet)
    ? numberOf(address) % 256
    : null;
}

/** Gives out the addresses of one worker while a plan is applied. */
export class AddressGiver {
  #network: WorkerNetwork;
  readonly #used: Set<string>;

  /** @param used those of the copies that are there: what is remembered may be older, after a restore. */
  constructor(network: WorkerNetwork, used: Iterable<string>) {
    this.#network = network;
    this.#used = new Set(used);
  }

  get network(): WorkerNetwork {
    return this.#network;
  }

  #textOf(host: number): string {
    return textOf(subnetOf(this.#network.subnet) * 256 + host);
  }

  /** null: all are in use. */
  give(): string | null {
    const { given, returned } = this.#network;
    for (let host = given + 1; host <= LAST_HOST; host++) {
      if (this.#used.has(this.#textOf(host))) continue;
      return this.#take(host, { given: host });
    }
    const hosts = Array.from(
      { length: ADDRESSES_PER_WORKER },
      (_, index) => FIRST_HOST + index,
    );
    // What nobody remembers giving back is free all the same.
    const host = [...returned, ...hosts].find((each) =>
      !this.#used.has(this.#textOf(each))
    );
    return host === undefined ? null : this.#take(host, { given: LAST_HOST });
  }

  #take(host: number, change: { given: number }): string {
    const returned = this.#network.returned.filter((each) => each !== host);
    this.#network = { ...this.#network, ...change, returned };
    const address = this.#textOf(host);
    this.#used.add(address);
    return address;
  }

  /** Its copy is gone. */
  take(address: string): void {
    this.#used.delete(address);
    const host = hostIn(this.#network, address);
    if (host === null || host < FIRST_HOST || host > LAST_HOST) return;
    const { returned, given } = this.#network;
    this.#network = {
      ...this.#network,
      given: Math.max(given, host),
      returned: [...returned.filter((each) => each !== host), host],
    };
  }
}

/** The actions with an address for each new copy on a worker that gives them; what is gone gives back first. */
export function withAddresses(
  actions: readonly Action[],
  giverOf: (worker: string) => AddressGiver | undefined,
): readonly Action[] {
  const returned = (doc: PlacementDoc | null) => {
    if (doc?.address !== undefined) giverOf(doc.worker)?.take(doc.address);
  };
  for (const { before, after } of actions) {
    if (after === null) returned(before);
  }
  return actions.map((action) => {
    const { kind, after } = action;
    if (kind !== "place" || after === null) return action;
    const giver = giverOf(after.worker);
    const address = giver?.network.isOn === true ? giver.give() : null;
    return address === null
      ? action
      : { ...action, after: { ...after, address } };
  });
}
