/**
 * Who may talk to whom within a cluster, and by which names: from the copies
 * that have addresses and the `allowedPeers` of what they run. Decides no
 * address (addresses.ts). Pure.
 *
 * - **A name** (`db`) stands for the main copies of that VM, all replicas: not
 *   for a surge copy, which nobody relies on before it is promoted, nor for one
 *   that leaves, which is about to end. So promotion moves the name, in the
 *   commit that makes the copy the main one.
 * - **Sources** of a copy are all copies of the VMs that name it: surge copies
 *   too, which could not become healthy without their peers, and those that
 *   leave, which may still have something to finish, until their worker reports
 *   them gone and their address may become another's. A surge copy has the
 *   sources of its VM from the start: when it is promoted, nobody is kept out
 *   for as long as the news of one worker is behind that of another.
 * - While a copy may go back to its fallback, the peers of both specs count:
 *   the worker goes back without asking, and opens what the spec that runs
 *   names.
 *
 * A change of peers is nobody's own order: it raises the revision of workers,
 * so that they are told, and no orderRevision. Who has to be told is the
 * difference of two books, which costs what the cluster has copies.
 *
 * @module
 */
import {
  type GuestNetwork,
  MAX_PEER_ADDRESSES,
} from "../../model/assignment.ts";

/** A copy with an address on a network that is on. */
export interface AddressedCopy {
  /** The VM's name, without cluster and ordinal. */
  name: string;
  worker: string;
  address: string;
  surge: boolean;
  leaving: boolean;
  /** The VMs it may reach, of what it runs and of what it may go back to. */
  allows: readonly string[];
}

/** Addresses by VM name, each list sorted. All orders share the lists, and so does the wire: nobody changes one. */
type Lists = ReadonlyMap<string, string[]>;

/** What has no addresses at present. */
const NONE: string[] = [];

/** What every copy of a cluster is told of the others. */
export interface PeerBook {
  /** Whom a name stands for. */
  names: Lists;
  /** Who may reach a VM. */
  sources: Lists;
}

export const EMPTY_BOOK: PeerBook = { names: new Map(), sources: new Map() };

function add(lists: Map<string, string[]>, key: string, address: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [address]);
  else list.push(address);
}

/** Sorted, so that the same copies make the same list in whatever order they are found; bounded as the wire is. */
function sorted(lists: Map<string, string[]>): Lists {
  for (const [key, list] of lists) {
    list.sort();
    if (list.length > MAX_PEER_ADDRESSES) {
      lists.set(key, list.slice(0, MAX_PEER_ADDRESSES));
    }
  }
  return lists;
}

/** The book of one cluster. */
export function peerBookOf(copies: Iterable<AddressedCopy>): PeerBook {
  const names = new Map<string, string[]>();
  const sources = new Map<string, string[]>();
  for (const { name, address, surge, leaving, allows } of copies) {
    if (!surge && !leaving) add(names, name, address);
    for (const peer of allows) add(sources, peer, address);
  }
  return { names: sorted(names), sources: sorted(sources) };
}

function isSameList(
  a: readonly string[] = [],
  b: readonly string[] = [],
): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function changedKeys(a: Lists, b: Lists): Set<string> {
  const changed = new Set<string>();
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    if (!isSameList(a.get(key), b.get(key))) changed.add(key);
  }
  return changed;
}

/** The workers of these copies that have to be told of the difference. */
export function workersTold(
  before: PeerBook,
  after: PeerBook,
  copies: Iterable<AddressedCopy>,
): Set<string> {
  const told = new Set<string>();
  const names = changedKeys(before.names, after.names);
  const sources = changedKeys(before.sources, after.sources);
  if (names.size === 0 && sources.size === 0) return told;
  for (const { name, worker, leaving, allows } of copies) {
    if (leaving || told.has(worker)) continue;
    const isConcerned = sources.has(name) ||
      allows.some((peer) => names.has(peer));
    if (isConcerned) told.add(worker);
  }
  return told;
}

/** What one copy is told. */
export function guestNetworkOf(
  book: PeerBook,
  { name, address, allows }: Pick<AddressedCopy, "name" | "address" | "allows">,
): GuestNetwork {
  return {
    address,
    // A name that nobody has at present is known all the same: it is no other's.
    peers: allows.map((peer) => ({
      name: peer,
      addresses: book.names.get(peer) ?? NONE,
    })),
    sources: book.sources.get(name) ?? NONE,
  };
}
