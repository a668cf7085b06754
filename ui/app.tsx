/**
 * The pages of the hub as a Hono app.
 *
 * Reads through the port `HubData` and changes nothing. Scripts and styles come
 * from here alone, by a policy with a nonce; everything works without scripts.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppError, Random } from "../roles/model/mod.ts";
import type { HubData } from "./data.ts";
import { addAnalysisRoutes } from "./routes/analysis.tsx";
import { addBuildRoutes } from "./routes/build.tsx";
import { addClusterRoutes } from "./routes/cluster.tsx";
import { addRepositoryRoutes } from "./routes/repositories.tsx";
import { addAssets, errorPageOf, renderer } from "./render.tsx";
import { HUB_SITE } from "./views/layout.tsx";

export type { HubData } from "./data.ts";
export type { RenderPage } from "./render.tsx";

/** What the pages are given. */
export interface UiDeps {
  data: HubData;
  /** What people clone from, without a slash at its end. */
  publicUrl: () => string;
  nowMs: () => number;
  random: Random;
}

/** An error as a page of the hub. */
export function errorPage(error: AppError, random: Random): Response {
  return errorPageOf(error, random, HUB_SITE);
}

/** The pages. Errors are thrown: the server's frame answers them with {@linkcode errorPage}. */
export function createApp(deps: UiDeps): Hono {
  const app = new Hono();
  const render = renderer(deps.random, HUB_SITE);
  addAssets(app);
  addRepositoryRoutes(app, deps, render);
  addAnalysisRoutes(app, deps, render);
  addBuildRoutes(app, deps, render);
  addClusterRoutes(app, deps, render);
  return app;
}
