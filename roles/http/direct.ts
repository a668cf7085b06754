/**
 * Answers what lies in memory before an app is asked. An app takes some 30 µs
 * of processor time for each request, and nix asks for narinfos by the thousand.
 *
 * Only what needs no thought comes this way: GET or HEAD of a plain URL, no
 * body, no credentials, from somebody who may read without any. All else, and
 * whatever the role does not answer, is the app's: it answers the same, with the
 * same headers. Never decides who may read (`anonymousReaders`).
 *
 * ```
 * request ──plain?──anonymous reader?──in memory?── answer, counted
 *    └─no──────────────┴─no───────────────┴─no───── the app
 * ```
 *
 * @module
 */
import type { Hono } from "hono";
import type { AnonymousRole } from "../config/mod.ts";
import { anonymousReaders, type AppEnv } from "./authentication.ts";
import type { AccessMetrics } from "./metrics.ts";
import type { ServeOptions } from "./serve.ts";

/** No query, nothing escaped, no name that two readers could understand in two ways. */
const PLAIN_URL = /^https?:\/\/[\w.:[\]-]+(\/[\w./-]*)$/;
/** A request with one of them is not as plain as it looks. */
const UNUSUAL = ["authorization", "content-length", "transfer-encoding"];

/** An answer from memory. */
export interface DirectAnswer {
  response: Response;
  /** The pattern that the app has for it, for the figures. */
  route: string;
}

/** What {@linkcode withDirectAnswers} is given. */
export interface DirectOptions {
  anonymousRole: AnonymousRole;
  /** Those that the app counts by. */
  access: AccessMetrics;
  /** Undefined: the app's to answer. Does not throw and does not wait. */
  answer(path: string, method: "GET" | "HEAD"): DirectAnswer | undefined;
}

/** `app`, with answers from memory in front of it. */
export function withDirectAnswers(
  app: Hono<AppEnv>,
  { anonymousRole, access, answer }: DirectOptions,
): ServeOptions["app"] {
  const mayRead = anonymousReaders(anonymousRole);
  const direct = (request: Request) => {
    const { method, url, headers } = request;
    if (method !== "GET" && method !== "HEAD") return undefined;
    const path = PLAIN_URL.exec(url)?.[1];
    if (path === undefined || !mayRead(url)) return undefined;
    for (const name of UNUSUAL) if (headers.has(name)) return undefined;
    const beginMs = performance.now();
    const answered = answer(path, method);
    if (answered === undefined) return undefined;
    const { response, route } = answered;
    access.count({ method, route, status: response.status, beginMs });
    return response;
  };
  return { direct, fetch: (request, info) => app.fetch(request, info) };
}
