/**
 * What is asked of a running cache: its garbage collection, pins, and why a
 * path is kept.
 *
 * @module
 */
import { z } from "zod";
import type { HttpClient } from "../http/client.ts";
import { ErrorBody } from "../http/core/error_body.ts";
import {
  RotateRequest,
  SigningKeyList,
  type SigningKeyView,
} from "../model/cache_keys.ts";
import {
  CollectionProgress,
  CollectionReport,
  type CollectionRequest,
  CollectionStatus,
  KeptWhy,
  Pin,
  PinList,
} from "../model/collection.ts";
import { CacheStatus } from "../model/cache_status.ts";
import { AppError, isErrorCode } from "../model/errors.ts";
import { parseJsonWith } from "../model/parse.ts";

/** `why` walks through what refers to a path; the master and ci are asked first. */
const SLOW_MS = 150_000;
/** A report names twenty paths. */
const MAX_LINE_CHARS = 1024 * 1024;
const KEYS = "/api/v1/keys";
const ANSWER = { what: "the cache's answer" };

const Line = z.union([
  z.object({ progress: CollectionProgress }),
  z.object({ report: CollectionReport }),
  ErrorBody,
]);
const Deleted = z.object({ path: z.string(), bytes: z.number() });
const Cancelled = z.object({ cancelled: z.boolean() });

/** Who waits for a collection. */
export interface CollectOptions {
  told?: (progress: CollectionProgress) => void;
  /** Ends it. */
  signal?: AbortSignal;
}

/** A running cache. Paths may be store paths, `<hash>-<name>`, or hashes. */
export interface CacheClient {
  collect(
    request: z.input<typeof CollectionRequest>,
    options?: CollectOptions,
  ): Promise<CollectionReport>;
  /** What its page shows. */
  overview(): Promise<CacheStatus>;
  status(): Promise<CollectionStatus>;
  /** Ends the collection that is under way. */
  cancel(): Promise<void>;
  why(path: string): Promise<KeptWhy>;
  pins(): Promise<Pin[]>;
  pin(
    name: string,
    what: { path: string; forMs: number | null },
  ): Promise<Pin>;
  unpin(name: string): Promise<Pin>;
  /** Deletes one path; `without`: sources that are gone for ever. */
  remove(
    path: string,
    without: readonly string[],
  ): Promise<z.output<typeof Deleted>>;
  /** The keys that sign, the current one first. */
  keys(): Promise<SigningKeyView[]>;
  /** The same once the next key is made; by default its name counts on. */
  rotateKey(name: string | undefined): Promise<SigningKeyView[]>;
  /** The same without that key. */
  retireKey(name: string): Promise<SigningKeyView[]>;
}

/** The last part of a store path, as the API's URLs carry it. */
function segment(path: string): string {
  const [, first, second, base] = path.split("/");
  const last = path.startsWith("/") && first !== undefined &&
      second !== undefined && base !== undefined
    ? base
    : path;
  return encodeURIComponent(last);
}

async function* linesOf(answer: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
    if (text.length > MAX_LINE_CHARS) {
      throw new AppError("failed", "A line of the cache's answer is too long");
    }
  }
}

async function collect(
  http: HttpClient,
  request: z.input<typeof CollectionRequest>,
  { told, signal }: CollectOptions,
): Promise<CollectionReport> {
  const answer = await http.request("/api/v1/gc", {
    method: "POST",
    json: request,
    timeoutMs: SLOW_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for await (const text of linesOf(answer)) {
      const line = parseJsonWith(Line, text, ANSWER);
      if ("report" in line) return line.report;
      if ("progress" in line) told?.(line.progress);
      else throw errorOf(line.error);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (signal?.aborted === true) throw signal.reason;
    throw broken(cause);
  }
  throw broken(undefined);
}

function broken(cause: unknown): AppError {
  return new AppError(
    "unavailable",
    "The cache went away while it collected garbage",
    { cause, hint: "start it again: it goes on from where it was" },
  );
}

function errorOf(
  { code, message, hint }: z.output<typeof ErrorBody>["error"],
): AppError {
  return new AppError(
    isErrorCode(code) ? code : "failed",
    message,
    hint === undefined ? {} : { hint },
  );
}

/** A client over `http`, which stays the caller's. */
export function openCacheClient(http: HttpClient): CacheClient {
  const pinUrl = (name: string) => `/api/v1/pins/${encodeURIComponent(name)}`;
  return {
    collect: (request, options = {}) => collect(http, request, options),
    overview: () => http.json(CacheStatus, "/api/v1/status"),
    status: () => http.json(CollectionStatus, "/api/v1/gc"),
    async cancel() {
      await http.json(Cancelled, "/api/v1/gc", {
        method: "DELETE",
        timeoutMs: SLOW_MS,
      });
    },
    why: (path) =>
      http.json(KeptWhy, `/api/v1/why/${segment(path)}`, {
        timeoutMs: SLOW_MS,
      }),
    pins: async () => (await http.json(PinList, "/api/v1/pins")).pins,
    pin: (name, what) =>
      http.json(Pin, pinUrl(name), { method: "PUT", json: what }),
    unpin: (name) => http.json(Pin, pinUrl(name), { method: "DELETE" }),
    keys: async () => (await http.json(SigningKeyList, KEYS)).keys,
    rotateKey: async (name) =>
      (await http.json(SigningKeyList, KEYS, {
        method: "POST",
        json: RotateRequest.parse({ name }),
      })).keys,
    retireKey: async (name) =>
      (await http.json(
        SigningKeyList,
        `${KEYS}/${encodeURIComponent(name)}`,
        { method: "DELETE" },
      )).keys,
    remove(path, without) {
      const query = new URLSearchParams(
        without.map((source) => ["without", source]),
      );
      return http.json(Deleted, `/api/v1/paths/${segment(path)}?${query}`, {
        method: "DELETE",
        timeoutMs: SLOW_MS,
      });
    },
  };
}
