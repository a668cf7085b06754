/**
 * What a commit is: its page, and the picture on it.
 *
 * @module
 */
import type { Hono } from "hono";
import { svgOf } from "../../autonix/core/graph/svg.ts";
import { AppError } from "../../roles/model/mod.ts";
import type { RenderPage, UiDeps } from "../app.tsx";
import { drawingOf } from "../core/analysis_model.ts";
import { whichCommitOf } from "../core/which_commit.ts";
import { analysisLead, AnalysisPage, COLUMNS } from "../views/analysis.tsx";

/** While a commit is being read. */
const REFRESH_MS = 2000;
/** A commit's picture changes with the program only. */
const DRAWING_CACHE = "private, max-age=3600";
/** It is looked at as an image; opened by itself it may do nothing either. */
const DRAWING_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

export function addAnalysisRoutes(
  app: Hono,
  deps: UiDeps,
  render: RenderPage,
): void {
  app.get("/repositories/:name/analysis", async (c) => {
    const name = c.req.param("name");
    const which = whichCommitOf(c.req.query());
    const found = await deps.data.analysisAtGlance(name, which);
    return render(
      {
        title: `What is in ${name}`,
        place: "repositories",
        refreshMs: found === null ? REFRESH_MS : 0,
        crumbs: (
          <>
            <a href="/">Repositories</a> /{" "}
            <a href={`/repositories/${name}`}>{name}</a>
          </>
        ),
        ...found === null ? {} : { lead: analysisLead(found) },
      },
      <AnalysisPage name={name} found={found} />,
    );
  });
  app.get("/repositories/:name/analysis/graph.svg", async (c) => {
    const { columns, ...query } = c.req.query();
    const which = whichCommitOf(query);
    const found = await deps.data.analysis(c.req.param("name"), which);
    if (drawingOf(found) === "too much") {
      throw new AppError(
        "refused",
        `Cannot draw ${found.graph.nodes.length} applications and services here`,
        { hint: "procurator graph . --format dot" },
      );
    }
    const isWide = columns === String(COLUMNS.wide);
    const svg = svgOf(found.graph, isWide ? COLUMNS.wide : COLUMNS.narrow);
    return c.body(svg, 200, {
      "content-type": "image/svg+xml; charset=utf-8",
      "cache-control": DRAWING_CACHE,
      "content-security-policy": DRAWING_POLICY,
      "x-content-type-options": "nosniff",
    });
  });
}
