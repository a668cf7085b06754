/**
 * Pages of clusters.
 *
 * @module
 */
import type { Hono } from "hono";
import { AppError, Name } from "../../roles/model/mod.ts";
import type { RenderPage, UiDeps } from "../app.tsx";
import { part } from "../part.ts";
import { ClusterPage, ClustersPage } from "../views/cluster.tsx";

const GENERATIONS = 50;
const REFRESH_MS = 2000;

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
        nowMs={deps.nowMs()}
      />,
    );
  });
}
