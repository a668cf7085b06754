/**
 * What the CLI asks of a master: the port. The real one speaks Cap'n Proto
 * (master_rpc.ts) and is loaded when a command needs it.
 *
 * @module
 */
import type { Identity, TokenInfo, TokenRequest } from "../auth/mod.ts";
import type {
  ClusterStatus,
  GenerationSummary,
  Plan,
  PlanRequest,
  PublishReply,
  PublishRequest,
  Why,
} from "../model/mod.ts";
import type { OperatorClient } from "./operator_client.ts";
import type { VmClient } from "./vm_client.ts";

/** Where a master is and as whom to speak to it. */
export interface MasterTarget {
  /** `tcp://`, `tls://` or `unix:`. */
  url: string;
  token: string | undefined;
  /** PEM text. */
  caCert: string | undefined;
}

/** Asking for a worker's own token. */
export interface EnrolAsked {
  /** The one-time token. */
  token: string;
  worker: string;
  /** 64 random hex digits; the same ones again are answered the same. */
  proof: string;
}

/** A session with a master. Every method throws the master's AppErrors, `unavailable` when it went away. */
export interface MasterClient
  extends OperatorClient, VmClient, AsyncDisposable {
  whoami(): Promise<Identity>;
  /** An empty cluster means the only one. */
  status(cluster: string): Promise<ClusterStatus>;
  generations(cluster: string, limit: number): Promise<GenerationSummary[]>;
  logs(
    vm: string,
    maxBytes: number,
  ): Promise<{ text: string; truncated: boolean }>;
  /** Generation 0 means the last active one before the present. */
  rollback(cluster: string, generation: number): Promise<ClusterStatus>;
  resume(cluster: string): Promise<ClusterStatus>;
  retry(cluster: string, generation: number): Promise<ClusterStatus>;
  why(vm: string): Promise<Why>;
  /** What publishing this would do. */
  plan(request: PlanRequest): Promise<Plan>;
  publish(request: PublishRequest): Promise<PublishReply>;
  highestGeneration(
    cluster: string,
  ): Promise<{ generation: number; intentHash: string; commit: string }>;
  createToken(request: TokenRequest): Promise<{ token: string; id: string }>;
  listTokens(): Promise<TokenInfo[]>;
  revokeToken(id: string): Promise<void>;
}
