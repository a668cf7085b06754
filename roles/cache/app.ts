/**
 * The cache's HTTP app: which endpoints there are.
 *
 * @module
 */
import type { Registry } from "prom-client";
import type { TokenTable } from "../auth/mod.ts";
import { anonymousRoleOf } from "../config/mod.ts";
import {
  AccessMetrics,
  baseApp,
  DEFAULT_MAX_BODY_BYTES,
  errorFormat,
  type Readiness,
  type ServeOptions,
  withDirectAnswers,
} from "../http/mod.ts";
import { addApi } from "./api.ts";
import { addClosure } from "./closure/endpoint.ts";
import { addCollection } from "./gc/mod.ts";
import { addPages, cacheErrorPage } from "./pages/pages.tsx";
import type { Status } from "./pages/status.ts";
import { debuginfo } from "./protocol/debuginfo.ts";
import { directNarInfos } from "./protocol/direct.ts";
import { log as buildLog } from "./protocol/log.ts";
import { ls } from "./protocol/ls.ts";
import { addNar } from "./protocol/nar.ts";
import { addNarInfo } from "./protocol/narinfo.ts";
import { addNixCacheInfo } from "./protocol/nix_cache_info.ts";
import { addObject } from "./protocol/object.ts";
import { realisation } from "./protocol/realisation.ts";
import type { CacheService } from "./service.ts";
import { addKeys } from "./signing/endpoint.ts";
import { refuseUpload } from "./protocol/upload.ts";

function readiness(service: CacheService): Readiness {
  try {
    service.metadata.hasPath("");
    // Without an upstream it serves what it has.
    return { ok: true, reasons: service.sources.troubles };
  } catch (error) {
    return { ok: false, reasons: [`the database: ${String(error)}`] };
  }
}

/** True for what nix sends; a PUT to the API is a form's worth of JSON. */
function isUpload(method: string, path: string): boolean {
  return method === "PUT" && !path.startsWith("/api/");
}

/** Builds the app. */
export function cacheApp(
  service: CacheService,
  options: { registry: Registry; tokens?: TokenTable; status: Status },
): ServeOptions["app"] {
  const access = new AccessMetrics(options.registry);
  const anonymousRole = anonymousRoleOf(service.config);
  const app = baseApp({
    role: "cache",
    ready: () => readiness(service),
    metrics: options.registry,
    access,
    tokens: options.tokens,
    anonymousRole,
    log: service.log,
    // They protect pages. Here they took a third of the narinfos per second; what could
    // be taken for a page says nosniff itself.
    secureHeaders: false,
    // Each upload's handler has its own bound.
    maxBodyBytes: (method, path) =>
      isUpload(method, path) ? Infinity : DEFAULT_MAX_BODY_BYTES,
    errorPage: (error, c) => {
      if (isUpload(c.req.method, c.req.path)) {
        return refuseUpload(service, error);
      }
      const wantsPage = errorFormat(c.req.header("accept")) === "html";
      return wantsPage ? cacheErrorPage(error) : undefined;
    },
  });
  addNixCacheInfo(app, service);
  addNarInfo(app, service);
  addNar(app, service);
  for (const endpoint of [ls, buildLog, realisation, debuginfo]) {
    addObject(app, service, endpoint);
  }
  addKeys(app, service);
  addApi(app, service);
  addClosure(app, service);
  addCollection(app, service);
  addPages(app, service, options.status);
  return withDirectAnswers(app, {
    anonymousRole,
    access,
    answer: directNarInfos(service),
  });
}
