/**
 * The master over HTTP: read-only views as JSON. Health, metrics and tokens
 * come with roles/http/.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, requireRole } from "../http/mod.ts";
import { parseWith } from "../model/parse.ts";
import type { MasterService } from "./service.ts";

const Query = z.object({
  cluster: z.string().max(63).default(""),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** Adds /api/v1/{status,clusters,workers,vms,generations,operations}. */
export function addMasterRoutes(
  app: Hono<AppEnv>,
  { views, operations }: Pick<MasterService, "views" | "operations">,
): void {
  const query = (values: Record<string, string>) =>
    parseWith(Query, values, { what: "the query" });
  app.use("/api/v1/*", async (c, next) => {
    // Tokens have rules of their own.
    if (c.req.path.startsWith("/api/v1/tokens")) return await next();
    return await requireRole("viewer")(c, next);
  });
  app.get(
    "/api/v1/status",
    (c) => c.json(views.getClusterStatus(query(c.req.query()).cluster)),
  );
  app.get("/api/v1/clusters", (c) => c.json({ clusters: views.clusters() }));
  app.get("/api/v1/workers", (c) => c.json({ workers: views.workers() }));
  app.get(
    "/api/v1/workers/:name",
    (c) => c.json(views.getWorker(c.req.param("name"))),
  );
  app.get("/api/v1/vms", (c) => {
    const { cluster } = query(c.req.query());
    return c.json({ vms: views.getClusterStatus(cluster).vms });
  });
  app.get("/api/v1/generations", (c) => {
    const { cluster, limit } = query(c.req.query());
    return c.json({ generations: views.generations(cluster, limit) });
  });
  app.get("/api/v1/operations", (c) => {
    const { limit } = query(c.req.query());
    return c.json({ operations: operations.list(limit) });
  });
}
