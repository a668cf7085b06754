/**
 * What the pages read: a port with a real adapter in the hub and one for tests.
 *
 * @module
 */
import type { CommitReport } from "../autonix/examiner.ts";
import type {
  ClusterStatus,
  GenerationSummary,
  JobDetail,
  JobView,
  RepositoryView,
} from "../roles/model/mod.ts";
import type { WhichCommit } from "./core/which_commit.ts";

export type { WhichCommit } from "./core/which_commit.ts";

/** What a commit is. */
export interface AnalysisView extends CommitReport {
  commit: string;
  /** The branch whose tip it is; null where a commit was asked for. */
  branch: string | null;
}

/** Everything throws AppErrors: `not_found`, `unavailable` when ci or the master are away. */
export interface HubData {
  repositories(): Promise<RepositoryView[]>;
  repository(name: string): Promise<RepositoryView>;
  /** What a commit is, once that is known. */
  analysis(name: string, which: WhichCommit): Promise<AnalysisView>;
  /** The same; null while it is being found out. */
  analysisAtGlance(
    name: string,
    which: WhichCommit,
  ): Promise<AnalysisView | null>;
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
