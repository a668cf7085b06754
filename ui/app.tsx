/**
 * The pages of the hub as a Hono app.
 *
 * Reads through the port `HubData` and changes nothing. Scripts and styles come
 * from here alone, by a policy with a nonce; everything works without scripts.
 *
 * @module
 */
import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { type AppError, HTTP_STATUS, type Random } from "../roles/model/mod.ts";
import { hashOf } from "../roles/model/hashes.ts";
import type { HubData } from "./data.ts";
import { addBuildRoutes } from "./routes/build.tsx";
import { addClusterRoutes } from "./routes/cluster.tsx";
import { addRepositoryRoutes } from "./routes/repositories.tsx";
import { ErrorPage } from "./views/error.tsx";
import { type Frame, Layout } from "./views/layout.tsx";
import style from "./style.css" with { type: "text" };
import script from "./live.js" with { type: "text" };

export type { HubData } from "./data.ts";

/** What the pages are given. */
export interface UiDeps {
  data: HubData;
  /** What people clone from, without a slash at its end. */
  publicUrl: () => string;
  nowMs: () => number;
  random: Random;
}

/** Assets change with the program: a browser keeps them for a year. */
const ASSET_CACHE = "public, max-age=31536000, immutable";
const ASSETS = hashOf([style, script]).slice(0, 16);
/** Bytes of a nonce: not to be guessed. */
const NONCE_BYTES = 16;

/** A page in its frame, with the policy that lets only our two files in. */
export type RenderPage = (
  frame: Omit<Frame, "nonce" | "assets" | "children">,
  body: Child,
  status?: number,
) => Response;

function renderer(random: Random): RenderPage {
  return (frame, body, status = 200) => {
    const nonce = random.hex(NONCE_BYTES);
    const page = (
      <Layout {...frame} nonce={nonce} assets={ASSETS}>{body}</Layout>
    );
    return new Response(`<!doctype html>${page}`, {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": [
          "default-src 'none'",
          `script-src 'nonce-${nonce}'`,
          `style-src 'nonce-${nonce}'`,
          "connect-src 'self'",
          "img-src data:",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
        ].join("; "),
      },
    });
  };
}

const TITLES: Partial<Record<AppError["code"], string>> = {
  not_found: "Not found",
  unauthenticated: "A token is needed",
  denied: "Not allowed",
  unavailable: "Not available",
  timeout: "No answer in time",
};

/** An error as a page. */
export function errorPage(error: AppError, random: Random): Response {
  const status = HTTP_STATUS[error.code];
  const response = renderer(random)(
    { title: TITLES[error.code] ?? "This did not work", place: "none" },
    <ErrorPage error={error} />,
    status,
  );
  if (status === 401) {
    response.headers.set(
      "www-authenticate",
      'Basic realm="procurator", charset="UTF-8"',
    );
  }
  return response;
}

/** The pages. Errors are thrown: the server's frame answers them with {@linkcode errorPage}. */
export function createApp(deps: UiDeps): Hono {
  const app = new Hono();
  const render = renderer(deps.random);
  app.get(
    `/assets/${ASSETS}/style.css`,
    (c) =>
      c.body(style, 200, {
        "content-type": "text/css; charset=utf-8",
        "cache-control": ASSET_CACHE,
      }),
  );
  app.get(
    `/assets/${ASSETS}/live.js`,
    (c) =>
      c.body(script, 200, {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": ASSET_CACHE,
      }),
  );
  addRepositoryRoutes(app, deps, render);
  addBuildRoutes(app, deps, render);
  addClusterRoutes(app, deps, render);
  return app;
}
