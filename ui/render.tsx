/**
 * Renders a page into its frame and serves the two files that all pages use.
 *
 * @module
 */
import type { Env, Hono } from "hono";
import type { Child } from "hono/jsx";
import { type AppError, HTTP_STATUS, type Random } from "../roles/model/mod.ts";
import { hashOf } from "../roles/model/hashes.ts";
import { ErrorPage } from "./views/error.tsx";
import { type Frame, Layout, type Site } from "./views/layout.tsx";
import style from "./style.css" with { type: "text" };
import script from "./live.js" with { type: "text" };

/** Assets change with the program: a browser keeps them for a year. */
const ASSET_CACHE = "public, max-age=31536000, immutable";
const ASSETS = hashOf([style, script]).slice(0, 16);
/** Bytes of a nonce: not to be guessed. */
const NONCE_BYTES = 16;

/** A page in its frame, with the policy that lets only our two files in. */
export type RenderPage = (
  frame: Omit<Frame, "site" | "nonce" | "assets" | "children">,
  body: Child,
  status?: number,
) => Response;

/**
 * Renders pages of a site.
 *
 * @param formAction where its forms may lead: `'self'`, or nowhere.
 */
export function renderer(
  random: Random,
  site: Site,
  formAction: "'self'" | "'none'" = "'none'",
): RenderPage {
  return (frame, body, status = 200) => {
    const nonce = random.hex(NONCE_BYTES);
    const page = (
      <Layout {...frame} site={site} nonce={nonce} assets={ASSETS}>
        {body}
      </Layout>
    );
    return new Response(`<!doctype html>${page}`, {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": [
          "default-src 'none'",
          `script-src 'nonce-${nonce}'`,
          `style-src 'nonce-${nonce}'`,
          "connect-src 'self'",
          "img-src 'self' data:",
          "base-uri 'none'",
          `form-action ${formAction}`,
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

/** An error as a page of a site. */
export function errorPageOf(
  error: AppError,
  random: Random,
  site: Site,
): Response {
  const status = HTTP_STATUS[error.code];
  const response = renderer(random, site)(
    { title: TITLES[error.code] ?? "This did not work", place: "none" },
    <ErrorPage error={error} home={site.links[0]} />,
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

/** Serves the style sheet and the script. */
export function addAssets<E extends Env>(app: Hono<E>): void {
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
}
