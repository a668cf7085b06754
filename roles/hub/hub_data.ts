/**
 * What the pages show, from where it is: repositories and what they are from
 * the disk, builds from ci over HTTP, VMs and generations from the master.
 *
 * @module
 */
import type { HttpClient } from "../http/mod.ts";
import {
  AppError,
  type ClusterStatus,
  type GenerationSummary,
  JobDetail,
  JobList,
} from "../model/mod.ts";
import type { HubData } from "../../ui/mod.ts";
import type { Analyses } from "./analyses.ts";
import type { Repositories } from "./repositories.ts";

/** The part of the master that pages read. */
export interface MasterView {
  clusters(): Promise<string[]>;
  status(cluster: string): Promise<ClusterStatus>;
  generations(cluster: string, limit: number): Promise<GenerationSummary[]>;
}

function absent(what: string, key: string): AppError {
  return new AppError(
    "unavailable",
    `This hub does not know where ${what} is`,
    {
      hint: `give the hub's configuration a ${key}`,
    },
  );
}

/** A master that no configuration names. */
export const noMaster: MasterView = {
  clusters: () => Promise.reject(absent("the master", "masterUrl")),
  status: () => Promise.reject(absent("the master", "masterUrl")),
  generations: () => Promise.reject(absent("the master", "masterUrl")),
};

export function hubData(
  sources: {
    repositories: Repositories;
    analyses: Analyses;
    ci: HttpClient | null;
    master: MasterView;
    /** Aborts when the hub stops: log streams end. */
    stopping: AbortSignal;
  },
): HubData {
  const { repositories, analyses, master } = sources;
  const ci = (): HttpClient => {
    if (sources.ci === null) throw absent("ci", "ciUrl");
    return sources.ci;
  };
  return {
    repositories: () => repositories.list(),
    repository: (name) => repositories.read(name),
    analysis: (name, which) => analyses.of(name, which),
    analysisAtGlance: (name, which) => analyses.glance(name, which),
    async jobs({ repository, limit }) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (repository !== undefined) query.set("repository", repository);
      return (await ci().json(JobList, `/api/v1/jobs?${query}`)).jobs;
    },
    job: async (id) => await ci().json(JobDetail, `/api/v1/jobs/${id}`),
    async log(id, form) {
      const answer = await ci().request(
        `/api/v1/jobs/${id}/log`,
        {
          signal: sources.stopping,
          headers: form === "text" ? { accept: "text/plain" } : {
            accept: "text/event-stream",
            "last-event-id": form.eventsAfter,
          },
        },
      );
      return answer.body ?? new Blob([]).stream();
    },
    clusters: () => master.clusters(),
    status: (cluster) => master.status(cluster),
    generations: (cluster, limit) => master.generations(cluster, limit),
  };
}
