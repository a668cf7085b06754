/**
 * The cache's pages, and the same facts as JSON. They change nothing.
 *
 *     GET /                 viewer   how much, how well, what came, what is kept, how to use it
 *     GET /why?path=PATH    viewer   what keeps a path
 *     GET /api/v1/status    viewer   what `procurator cache status` prints
 *
 * @module
 */
import type { Context, Hono } from "hono";
import {
  addAssets,
  errorPageOf,
  renderer,
  type Site,
} from "../../../ui/mod.ts";
import { systemRandom } from "../../clock/mod.ts";
import { type AppEnv, requireRole } from "../../http/mod.ts";
import { type AppError, toAppError } from "../../model/errors.ts";
import { pathHashOf } from "../gc/core/base_of.ts";
import type { CacheService } from "../service.ts";
import type { Status } from "./status.ts";
import { Overview } from "./views/overview.tsx";
import { Usage } from "./views/usage.tsx";
import { WhyForm, WhyView } from "./views/why.tsx";

const SITE: Site = {
  name: "The cache",
  links: [
    { place: "cache", href: "/", text: "Cache" },
    { place: "use", href: "/#use", text: "Use it" },
    { place: "why", href: "/why", text: "Why kept" },
  ],
  footer:
    "Nix checks every path against the cache's key. These pages change nothing.",
};
/** Figures that people watch while they push; each read is some milliseconds. */
const REFRESH_MS = 5000;
/** A store path has at most 255 characters behind its directory. */
const MAX_PATH_CHARS = 1024;

function originOf(c: Context): string {
  return new URL(c.req.url).origin;
}

/** An error as a page of the cache. */
export function cacheErrorPage(error: AppError): Response {
  return errorPageOf(error, systemRandom, SITE);
}

/** Adds them. */
export function addPages(
  app: Hono<AppEnv>,
  service: CacheService,
  status: Status,
): void {
  const render = renderer(systemRandom, SITE, "'self'");
  addAssets(app);
  app.get(
    "/api/v1/status",
    requireRole("viewer"),
    async (c) => c.json(await status.read(originOf(c))),
  );
  app.get("/", requireRole("viewer"), async (c) => {
    const facts = await status.read(originOf(c));
    return render(
      {
        title: "Binary cache",
        place: "cache",
        lead: facts.url,
        refreshMs: REFRESH_MS,
        after: <Usage status={facts} />,
      },
      <Overview status={facts} nowMs={service.clock.now()} />,
    );
  });
  app.get("/why", requireRole("viewer"), async (c) => {
    const path = (c.req.query("path") ?? "").trim().slice(0, MAX_PATH_CHARS);
    const { storeDir } = service.config;
    const found = path === "" ? undefined : await keptBy(service, path);
    return render(
      { title: "What keeps a path", place: "why" },
      <>
        <WhyForm path={path} storeDir={storeDir} />
        {found === undefined
          ? null
          : <WhyView found={found} nowMs={service.clock.now()} />}
      </>,
    );
  });
}

async function keptBy({ collection, config }: CacheService, path: string) {
  try {
    const hash = pathHashOf(path, config.storeDir);
    return { ok: true, value: await collection.why(hash) } as const;
  } catch (error) {
    return { ok: false, error: toAppError(error) } as const;
  }
}
