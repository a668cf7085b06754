/**
 * The port to the guests' network on this host: what the worker asks of it,
 * and the network that is none.
 *
 * `configure` says who is on it and whom each may talk to; `provide` makes a
 * copy's card just before its VMM starts; `publish` takes host ports for one
 * that runs. The network decides no addresses and no peers: they come with the
 * assignment.
 *
 *     configure(plan) -> provide(copy) -> [VMM runs] -> publish(copy)
 *                              ^                             |
 *                              +--------- withdraw <---------+
 *
 * @module
 */
import type { CopyId } from "../../model/ids.ts";
import type { VmConfig } from "../../../vmm/mod.ts";
import type { Provision } from "../vms/provisions.ts";
import type { NetworkPlan, PublishedGuestPort } from "./core/plan.ts";

export type {
  GuestPlan,
  NetworkPlan,
  PublishedGuestPort,
} from "./core/plan.ts";

/** Since the card was made; a guest is the one who receives and sends. */
export interface GuestCounters {
  receivedBytes: number;
  sentBytes: number;
  /** Those a rule has refused: spoofed, not allowed, above the rate. */
  droppedPackets: number;
}

/** The guests' network. All calls may be repeated. */
export interface WorkerNetwork extends Provision {
  /** What guests get: a card on this host's bridge, or the VMM's own user networking. */
  readonly kind: "bridge" | "user";
  /**
   * Makes the network as planned, in whole or by what has changed since. Guests
   * that leave the plan keep what they have until `withdraw`.
   *
   * @throws {AppError} `missing_dependency` without a program or the right to make networks,
   * `refused` when an interface that it needs is somebody else's, `failed`.
   */
  configure(plan: NetworkPlan): Promise<void>;
  /** The card that `provide` makes for a copy with this address; null: none. */
  cardOf(copy: CopyId, address: string): Pick<VmConfig, "nic"> | null;
  /**
   * Leads host ports to a copy, in place of those it had; kept over restarts until `withdraw`.
   *
   * @throws {AppError} `overloaded` when one of them is taken (nothing has changed then),
   * `not_found` when the copy is not planned.
   */
  publish(copy: CopyId, ports: readonly PublishedGuestPort[]): Promise<void>;
  /** The host ports that lead to a copy. */
  published(copy: CopyId): readonly PublishedGuestPort[];
  /** By `copyKey`. Also notices when somebody has flushed the rules, and puts them back. */
  counters(): Promise<ReadonlyMap<string, GuestCounters>>;
  /** Takes all of it down: for a worker that leaves this host for good. */
  remove(): Promise<void>;
  /** Lets go of it; guests keep their network. */
  close(): Promise<void>;
}

/** Guests have the VMM's own user networking: nothing is made on this host. */
export const userNetwork: WorkerNetwork = {
  name: "network",
  kind: "user",
  configure: () => Promise.resolve(),
  cardOf: () => null,
  provide: () => Promise.resolve({}),
  withdraw: () => Promise.resolve(),
  adopt: () => Promise.resolve(),
  publish: () => Promise.resolve(),
  published: () => [],
  counters: () => Promise.resolve(new Map()),
  remove: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
