/**
 * Pages of clusters.
 *
 * @module
 */
import type { Hono } from "hono";
import {
  AppError,
  type GenerationSummary,
  type JobView,
  Name,
} from "../../roles/model/mod.ts";
import type { RenderPage, UiDeps } from "../app.tsx";
import { valueOr } from "../core/view_model.ts";
import { part } from "../part.ts";
import { ClusterPage, ClustersPage } from "../views/cluster.tsx";

const GENERATIONS = 50;
/** Builds looked through for those of the generations shown: branches and retries are among them. */
const BUILDS = 200;
/** A cluster belongs to one repository. */
const MAX_REPOSITORIES = 2;
const REFRESH_MS = 2000;

/** The builds of the repositories that published these; none where ci is away: they are an extra here. */
async function buildsOf(
  deps: UiDeps,
  generations: readonly GenerationSummary[],
): Promise<JobView[]> {
  const repositories = new Set(generations.map((one) => one.repository));
  const lists = await Promise.all(
    [...repositories].slice(0, MAX_REPOSITORIES)
      // `manual` publishes have no repository on the hub, and no build.
      .filter((repository) => Name.safeParse(repository).success)
      .map((repository) => part(deps.data.jobs({ repository, limit: BUILDS }))),
  );
  return lists.flatMap((list) => valueOr(list, []));
}

export function addClusterRoutes(
  app: Hono,
  deps: UiDeps,
  render: RenderPage,
): void {
  app.get("/clusters", async (c) => {
    const clusters = await deps.data.clusters();
    const [only] = clusters;
    if (only !== undefined && clusters.length === 1) {
      return c.redirect(`/clusters/${only}`);
    }
    return render(
      { title: "Clusters", place: "cluster", refreshMs: REFRESH_MS },
      <ClustersPage clusters={clusters} />,
    );
  });
  app.get("/clusters/:name", async (c) => {
    const name = c.req.param("name");
    if (!Name.safeParse(name).success) {
      throw new AppError(
        "not_found",
        `There is no cluster "${name.slice(0, 80)}"`,
      );
    }
    const [status, generations] = await Promise.all([
      deps.data.status(name),
      part(deps.data.generations(name, GENERATIONS)),
    ]);
    return render(
      {
        title: name,
        place: "cluster",
        refreshMs: REFRESH_MS,
        crumbs: <a href="/clusters">Clusters</a>,
      },
      <ClusterPage
        status={status}
        generations={generations}
        jobs={await buildsOf(deps, valueOr(generations, []))}
        nowMs={deps.nowMs()}
      />,
    );
  });
}
