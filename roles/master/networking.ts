/**
 * The network of guests as the master keeps it: gives subnets and addresses
 * within the changes that make them needed, raises the revision of workers
 * whose guests have other peers than before, and answers what each worker and
 * each copy is told. What is decided is in core/addresses.ts and core/peers.ts.
 *
 * Where no worker bridges its guests, nothing is written and nothing walked.
 *
 * @module
 */
import type { GuestNetwork, HostNetwork } from "../model/assignment.ts";
import { splitVmId } from "../model/ids.ts";
import type { Action } from "./core/actions.ts";
import {
  AddressGiver,
  type Addressing,
  addressingOf,
  type Networks,
  planNetworks,
  type Pool,
  withAddresses,
} from "./core/addresses.ts";
import {
  generationKey,
  type PlacementDoc,
  placementKey,
  type WorkerDoc,
  type WorkerNetwork,
} from "./core/documents.ts";
import {
  type AddressedCopy,
  guestNetworkOf,
  type PeerBook,
  peerBookOf,
  workersTold,
} from "./core/peers.ts";
import type { SpecView } from "./core/snapshot.ts";
import {
  type DocumentChange,
  type Documents,
  type Draft,
  FIRST_STORE,
  isChangeOf,
  type Reading,
  STORE_ID,
} from "./documents.ts";

/** What the network is kept of. */
export interface NetworkingOptions {
  documents: Documents;
  pool: Pool;
  specsOf(
    reading: Reading,
    cluster: string,
    intentHash: string,
  ): ReadonlyMap<string, SpecView> | undefined;
  /** Rises when a worker comes, goes or reports something else of itself. */
  fleetVersion(): number;
}

/** A worker's network while it is on. */
function networkOf(doc: WorkerDoc | undefined): WorkerNetwork | undefined {
  return doc?.network?.isOn === true ? doc.network : undefined;
}

export class Networking {
  readonly #options: NetworkingOptions;
  readonly #documents: Documents;
  /** Of what is committed, made when somebody asks. */
  readonly #books = new Map<string, PeerBook>();
  #routes: HostNetwork["routes"] | null = null;
  #due: { version: number; networks: Networks } | null = null;

  constructor(options: NetworkingOptions) {
    this.#options = options;
    this.#documents = options.documents;
  }

  /** Takes note of what was committed. */
  follow(change: DocumentChange): void {
    if (isChangeOf(change, "placement")) {
      const { vm } = change.after ?? change.before ?? { vm: "" };
      this.#books.delete(splitVmId(vm).cluster);
      return;
    }
    if (!isChangeOf(change, "worker")) return;
    const before = networkOf(change.before ?? undefined);
    const after = networkOf(change.after ?? undefined);
    if (before?.subnet === after?.subnet && before?.via === after?.via) return;
    this.#books.clear();
    this.#routes = null;
  }

  // ---- what is told -----------------------------------------------------

  /** What a worker has to give; null: its guests need no addresses. */
  addressingOf(doc: WorkerDoc): Addressing | null {
    return addressingOf(doc, this.#options.pool);
  }

  /** A worker's part of the network; undefined: it gives its guests no addresses. */
  hostNetworkOf(doc: WorkerDoc): HostNetwork | undefined {
    const network = networkOf(doc);
    if (network === undefined) return undefined;
    this.#routes ??= [...this.#documents.entries("worker")]
      .flatMap(([worker, other]) => {
        const { subnet, via = null } = networkOf(other) ?? {};
        return subnet === undefined || via === null
          ? []
          : [{ worker, subnet, via }];
      })
      .sort((a, b) => (a.worker < b.worker ? -1 : 1));
    return {
      subnet: network.subnet,
      routes: this.#routes.filter(({ worker }) => worker !== doc.name),
    };
  }

  /** A copy's part; undefined: it has no address. */
  guestNetworkOf(placement: PlacementDoc): GuestNetwork | undefined {
    if (placement.address === undefined) return undefined;
    const { cluster } = splitVmId(placement.vm);
    let book = this.#books.get(cluster);
    if (book === undefined) {
      book = peerBookOf(this.#copiesIn(this.#documents, cluster));
      this.#books.set(cluster, book);
    }
    const [copy] = this.#addressed(this.#documents, cluster, [placement]);
    return copy === undefined ? undefined : guestNetworkOf(book, copy);
  }

  // ---- what changes -----------------------------------------------------

  /** A worker has no subnet that should have one, or is elsewhere than routes lead. */
  get isDue(): boolean {
    return this.#planned().changed.size > 0;
  }

  /** Looked at again only when a worker changed. */
  #planned(): Networks {
    const version = this.#options.fleetVersion();
    if (this.#due?.version !== version) {
      const docs = [...this.#documents.entries("worker")].map(([, doc]) => doc);
      const { lastSubnet } = this.#documents.get("store", STORE_ID) ??
        FIRST_STORE;
      const networks = planNetworks(docs, this.#options.pool, lastSubnet);
      this.#due = { version, networks };
    }
    return this.#due.networks;
  }

  /** Gives what is due, in a draft of exactly what is committed. */
  record(draft: Draft): void {
    const { changed, lastSubnet } = this.#planned();
    if (changed.size === 0) return;
    const store = draft.get("store", STORE_ID) ?? FIRST_STORE;
    if (lastSubnet !== store.lastSubnet) {
      draft.put("store", STORE_ID, { ...store, lastSubnet });
    }
    const clusters = new Set<string>();
    for (const name of changed.keys()) {
      for (const { vm } of draft.placementsOn(name)) {
        clusters.add(splitVmId(vm).cluster);
      }
    }
    this.#retell(draft, clusters, () => {
      for (const [name, network] of changed) this.#change(draft, name, network);
      return this.raiseNetworked(draft);
    });
  }

  #change(draft: Draft, name: string, network: WorkerNetwork): void {
    const doc = draft.get("worker", name);
    if (doc === undefined) return;
    const giver = new AddressGiver(network, usedOn(draft, name));
    // Those that are there already get theirs now, and use it from their next start.
    for (const placement of network.isOn ? [...draft.placementsOn(name)] : []) {
      if (placement.leaving || placement.address !== undefined) continue;
      const address = giver.give();
      if (address === null) break;
      draft.put("placement", placementKey(placement), {
        ...placement,
        address,
      });
    }
    draft.put("worker", name, { ...doc, network: giver.network });
  }

  /** Every worker that is told routes has to be told: one came, went or moved. Those that were raised. */
  raiseNetworked(draft: Draft): Set<string> {
    const raised = new Set<string>();
    for (const [name, doc] of [...draft.entries("worker")]) {
      if (doc.network === undefined) continue;
      draft.put("worker", name, { ...doc, revision: doc.revision + 1 });
      raised.add(name);
    }
    return raised;
  }

  /** The actions with addresses for new copies, and what that makes of the workers' networks. */
  withAddresses(
    draft: Draft,
    actions: readonly Action[],
  ): { actions: readonly Action[]; networks: Map<string, WorkerNetwork> } {
    const givers = new Map<string, AddressGiver>();
    const giverOf = (worker: string): AddressGiver | undefined => {
      const known = givers.get(worker);
      if (known !== undefined) return known;
      const network = draft.get("worker", worker)?.network;
      if (network === undefined) return undefined;
      const giver = new AddressGiver(network, usedOn(draft, worker));
      givers.set(worker, giver);
      return giver;
    };
    const given = withAddresses(actions, giverOf);
    const networks = new Map<string, WorkerNetwork>();
    for (const [name, { network }] of givers) {
      if (network !== draft.get("worker", name)?.network) {
        networks.set(name, network);
      }
    }
    return { actions: given, networks };
  }

  /** Makes a change and raises the revision of workers whose guests have other peers by it; `change` says which it has raised itself. */
  tellPeers(
    draft: Draft,
    actions: readonly Action[],
    change: () => ReadonlySet<string>,
  ): void {
    const clusters = new Set<string>();
    for (const { kind, before, after } of actions) {
      if (kind === "acknowledge" || kind === "avoid") continue;
      const doc = after ?? before;
      const isAddressed = before?.address !== undefined ||
        after?.address !== undefined;
      if (doc !== null && isAddressed) clusters.add(splitVmId(doc.vm).cluster);
    }
    this.#retell(draft, clusters, change);
  }

  #retell(
    draft: Draft,
    clusters: ReadonlySet<string>,
    change: () => ReadonlySet<string>,
  ): void {
    const before = new Map(
      [...clusters].map((cluster) => [
        cluster,
        peerBookOf(this.#copiesIn(draft, cluster)),
      ]),
    );
    const raised = change();
    const told = new Set<string>();
    for (const [cluster, book] of before) {
      const copies = [...this.#copiesIn(draft, cluster)];
      for (const worker of workersTold(book, peerBookOf(copies), copies)) {
        if (!raised.has(worker)) told.add(worker);
      }
    }
    for (const name of told) {
      const doc = draft.get("worker", name);
      if (doc === undefined) continue;
      draft.put("worker", name, { ...doc, revision: doc.revision + 1 });
    }
  }

  // ---- reading ----------------------------------------------------------

  #copiesIn(reading: Reading, cluster: string): Iterable<AddressedCopy> {
    return this.#addressed(
      reading,
      cluster,
      docsIn(reading, `${cluster}/`),
    );
  }

  *#addressed(
    reading: Reading,
    cluster: string,
    placements: Iterable<PlacementDoc>,
  ): Generator<AddressedCopy> {
    /** By worker: asked for once. */
    const isOn = new Map<string, boolean>();
    /** By generation and VM name. */
    const allowed = new Map<string, readonly string[]>();
    const allowedOf = (generation: number, name: string) => {
      if (generation === 0) return [];
      const key = `${generation} ${name}`;
      let peers = allowed.get(key);
      if (peers === undefined) {
        peers = this.#allowedPeers(reading, cluster, { generation, name });
        allowed.set(key, peers);
      }
      return peers;
    };
    for (const placement of placements) {
      const { vm, worker, address, surge, leaving } = placement;
      if (address === undefined) continue;
      let on = isOn.get(worker);
      if (on === undefined) {
        on = networkOf(reading.get("worker", worker)) !== undefined;
        isOn.set(worker, on);
      }
      if (!on) continue;
      const { vm: name } = splitVmId(vm);
      const own = allowedOf(placement.generation, name);
      const back = allowedOf(placement.fallbackGeneration, name);
      const allows = back.every((peer) => own.includes(peer))
        ? own
        : [...new Set([...own, ...back])];
      yield { name, worker, address, surge, leaving, allows };
    }
  }

  /** Of a spec that is not kept any more nothing is allowed. */
  #allowedPeers(
    reading: Reading,
    cluster: string,
    { generation, name }: { generation: number; name: string },
  ): readonly string[] {
    const key = generationKey(cluster, generation);
    const doc = reading.get("generation", key);
    if (doc === undefined) return [];
    const specs = this.#options.specsOf(reading, cluster, doc.intentHash);
    const peers = specs?.get(name)?.spec.network.allowedPeers ?? [];
    return [...new Set(peers)];
  }
}

function* docsIn(reading: Reading, prefix: string): Generator<PlacementDoc> {
  for (const [, doc] of reading.entries("placement", prefix)) yield doc;
}

/** Addresses of the copies on a worker, those that leave included. */
function* usedOn(reading: Reading, worker: string): Generator<string> {
  for (const { address } of reading.placementsOn(worker)) {
    if (address !== undefined) yield address;
  }
}
