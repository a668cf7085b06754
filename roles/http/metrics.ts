/**
 * Counts and times requests by route, method and status class. Routes are
 * patterns, so that hostile paths cannot grow the table.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, Histogram, type Registry } from "prom-client";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]);
/** From a narinfo in memory to a large upload. */
const BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** Middleware that fills `procurator_http_requests_total` and `procurator_http_request_seconds`. */
export function accessMetrics(registry: Registry): MiddlewareHandler {
  const requests = new Counter({
    name: "procurator_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "procurator_http_request_seconds",
    help: "Seconds until the head of the answer",
    labelNames: ["method", "route"],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  return async (c, next) => {
    const begin = performance.now();
    await next();
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    const route = routePath(c, -1);
    requests.inc({ method, route, status: String(c.res.status) });
    seconds.observe({ method, route }, (performance.now() - begin) / 1000);
  };
}
