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

/** One request that was answered. */
export interface Access {
  method: string;
  /** Its pattern. */
  route: string;
  status: number;
  /** By `performance.now()`. */
  beginMs: number;
}

/** Fills `procurator_http_requests_total` and `procurator_http_request_seconds`. */
export class AccessMetrics {
  readonly #requests: Counter;
  readonly #seconds: Histogram;

  /** @param registry takes each name once: whoever counts beside an app shares its metrics. */
  constructor(registry: Registry) {
    this.#requests = new Counter({
      name: "procurator_http_requests_total",
      help: "HTTP requests answered",
      labelNames: ["method", "route", "status"],
      registers: [registry],
    });
    this.#seconds = new Histogram({
      name: "procurator_http_request_seconds",
      help: "Seconds until the head of the answer",
      labelNames: ["method", "route"],
      buckets: BUCKETS_SECONDS,
      registers: [registry],
    });
  }

  count({ method: asked, route, status, beginMs }: Access): void {
    const method = METHODS.has(asked) ? asked : "other";
    this.#requests.inc({ method, route, status: String(status) });
    const seconds = (performance.now() - beginMs) / 1000;
    this.#seconds.observe({ method, route }, seconds);
  }
}

/** Middleware that counts what the app answers. */
export function countAccess(metrics: AccessMetrics): MiddlewareHandler {
  return async (c, next) => {
    const beginMs = performance.now();
    await next();
    const { method } = c.req;
    const { status } = c.res;
    metrics.count({ method, route: routePath(c, -1), status, beginMs });
  };
}
