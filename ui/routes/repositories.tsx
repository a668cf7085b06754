/**
 * Pages of repositories.
 *
 * @module
 */
import type { Hono } from "hono";
import type { GenerationSummary } from "../../roles/model/mod.ts";
import type { RenderPage, UiDeps } from "../app.tsx";
import { repositoryRows, valueOr } from "../core/view_model.ts";
import { part } from "../part.ts";
import { RepositoriesView, RepositoryPage } from "../views/repositories.tsx";

/** Builds shown of one repository, and looked through for the newest of each. */
const BUILDS = 50;
const RECENT_BUILDS = 500;
const GENERATIONS = 20;
/** Clusters of one repository: one is usual. */
const MAX_CLUSTERS = 8;
const REFRESH_MS = 3000;

/** The generations that came from one repository, of all clusters it publishes. */
async function generationsOf(
  deps: UiDeps,
  repository: string,
  clusters: readonly string[],
): Promise<GenerationSummary[]> {
  const lists = await Promise.all(
    clusters.slice(0, MAX_CLUSTERS).map((name) =>
      deps.data.generations(name, GENERATIONS)
    ),
  );
  return lists.flat().filter((one) => one.repository === repository);
}

export function addRepositoryRoutes(
  app: Hono,
  deps: UiDeps,
  render: RenderPage,
): void {
  app.get("/", async () => {
    const [repositories, jobs] = await Promise.all([
      deps.data.repositories(),
      part(deps.data.jobs({ limit: RECENT_BUILDS })),
    ]);
    return render(
      {
        title: "Repositories",
        place: "repositories",
        refreshMs: REFRESH_MS,
        lead: "What is pushed here is built, published and run.",
      },
      <RepositoriesView
        rows={repositoryRows(repositories, valueOr(jobs, []))}
        jobs={jobs}
        nowMs={deps.nowMs()}
      />,
    );
  });
  app.get("/repositories", (c) => c.redirect("/"));
  app.get("/repositories/:name", async (c) => {
    const name = c.req.param("name");
    const [repository, jobs, found] = await Promise.all([
      deps.data.repository(name),
      part(deps.data.jobs({ repository: name, limit: BUILDS })),
      part(deps.data.analysisAtGlance(name, {})),
    ]);
    const clusters = [
      ...new Set(
        valueOr(jobs, []).map((job) => job.cluster).filter((cluster) =>
          cluster !== ""
        ),
      ),
    ];
    const generations = await part(generationsOf(deps, name, clusters));
    return render(
      {
        title: name,
        place: "repositories",
        refreshMs: REFRESH_MS,
        crumbs: <a href="/">Repositories</a>,
      },
      <RepositoryPage
        repository={repository}
        found={found}
        jobs={jobs}
        generations={generations}
        url={deps.publicUrl()}
        nowMs={deps.nowMs()}
      />,
    );
  });
}
