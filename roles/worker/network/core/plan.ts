/**
 * What the network is told: the host's part of the cluster's network and the
 * guests on it. Shapes only.
 *
 * @module
 */
import type { GuestNetwork, HostNetwork } from "../../../model/assignment.ts";
import type { CopyId } from "../../../model/ids.ts";
import type { VmSpec } from "../../../model/vm_spec.ts";

/** One copy on this host, as its order has it. */
export interface GuestPlan {
  readonly copy: CopyId;
  /** Allowed domains, rate limit, ports. */
  readonly spec: VmSpec["network"];
  /** Address, peers, sources. */
  readonly network: GuestNetwork;
}

/** All that runs or shall run on this host; what leaves it keeps its rules until it is withdrawn. */
export interface NetworkPlan {
  readonly host: HostNetwork;
  readonly guests: readonly GuestPlan[];
}

/** A guest's TCP port and the port of this host that leads to it. */
export interface PublishedGuestPort {
  readonly name: string;
  readonly guest: number;
  readonly publish: number;
}

/** What of the worker's configuration the rules and files depend on. */
export interface NetworkSettings {
  readonly bridge: string;
  /** Tells workers of one host apart: what another one has made is not ours. */
  readonly owner?: string;
  readonly underlay: "route" | "vxlan";
  readonly underlayAddress: string | null;
  readonly nat: boolean;
  /** Null: published ports are taken at every address of this host. */
  readonly publishAddress: string | null;
}
