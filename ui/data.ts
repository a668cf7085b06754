/**
 * What the pages read: a port with a real adapter in the hub and one for tests.
 *
 * @module
 */
import type {
  ClusterStatus,
  GenerationSummary,
  JobDetail,
  JobView,
  RepositoryView,
} from "../roles/model/mod.ts";

/** Everything throws AppErrors: `not_found`, `unavailable` when ci or the master are away. */
export interface HubData {
  repositories(): Promise<RepositoryView[]>;
  repository(name: string): Promise<RepositoryView>;
  /** Newest first. */
  jobs(filter: { repository?: string; limit: number }): Promise<JobView[]>;
  job(id: number): Promise<JobDetail>;
  /** A job's log: as plain text, or as server-sent events behind a sequence. */
  log(
    id: number,
    form: "text" | { eventsAfter: string },
  ): Promise<ReadableStream<Uint8Array>>;
  clusters(): Promise<string[]>;
  status(cluster: string): Promise<ClusterStatus>;
  /** Newest first. */
  generations(cluster: string, limit: number): Promise<GenerationSummary[]>;
}
