/**
 * Closures into a binary cache, and from one into a store with how far that is.
 *
 * nix before 2.26 fails half of the copies that run into one store side by
 * side: those go one after the other, also after one that a killed process of
 * ours has left behind and that goes on without it. It also copies one path
 * after the other. As a substituter it fetches several at once, but says of a
 * path that it refuses only that it has none: so that is tried first, and a
 * copy says why it failed.
 *
 * @module
 */
import { MAX_ORDERS } from "../model/assignment.ts";
import { TurnsByKey } from "../turns/mod.ts";
import { chunks, type NixCall, type RunNix } from "./command.ts";
import {
  type CopyProgress,
  CopyTracker,
  type RemotePath,
} from "./core/activity.ts";
import { parseRemoteInfo } from "./core/output.ts";

/** Adds `?key=value` to the address of a cache. */
function withParameters(
  url: string,
  parameters: Record<string, string>,
): string {
  const query = Object.entries(parameters).map(([key, value]) =>
    `${key}=${encodeURIComponent(value).replaceAll("%2F", "/")}`
  ).join("&");
  return url + (url.includes("?") ? "&" : "?") + query;
}

/** How a closure is fetched. */
export interface CopyCall extends NixCall {
  publicKeys: readonly string[];
  /** What is not here yet: progress is told of these. */
  expected?: readonly RemotePath[];
  /** Called with every word of nix's: the caller says how often it looks. */
  onProgress?: (progress: CopyProgress) => void;
}

/** Paths at once, as many as later versions copy. */
const PARALLEL = 16;
/**
 * For so many seconds a command remembers what the cache told of a path. With
 * no time it asks anew at every step of every path: 600 requests for 100 paths
 * of a substitution, and 9 s instead of 2 s where an answer takes 50 ms. What
 * the cache has lost since fails, and is copied without this.
 */
const REMEMBERING = ["--option", "narinfo-cache-positive-ttl", "60"];

/** Copies into one store, by store: a worker brings the closures of each VM it has orders for, and fallbacks. */
const copies = new TurnsByKey({
  waiting: 2 * MAX_ORDERS,
  what: "copies into one store",
});

/** What copies into one store take turns by: the store, and a file. */
export interface CopyLock {
  store: string;
  path: string;
}

/** Runs `work` when no other copy of ours into that store does; null: at once. */
export async function inTurn<T>(
  lock: CopyLock | null,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return lock === null
    ? await work()
    : await copies.run(lock.store, work, signal);
}

/** See {@linkcode Nix.copyFrom}. `lock` names the store and the file its copies take turns by; null: none needed. */
export async function copyFrom(
  run: RunNix,
  { url, paths, lock }: {
    url: string;
    paths: readonly string[];
    lock: CopyLock | null;
  },
  call: CopyCall,
): Promise<void> {
  const { publicKeys, expected, onProgress, ...rest } = call;
  const tracker = new CopyTracker(expected ?? []);
  const decode = (line: string) => {
    const text = tracker.take(line);
    onProgress?.(tracker.progress);
    return text;
  };
  const told = onProgress === undefined
    ? { args: [], call: rest }
    : { args: ["--log-format", "internal-json"], call: { ...rest, decode } };
  const locked = lock === null ? {} : { lockPath: lock.path };
  const keys = ["--option", "trusted-public-keys", publicKeys.join(" ")];
  const all = { ...told.call, ...locked };
  const copy = async (options: readonly string[]) => {
    for (const part of chunks(paths)) {
      const words = [...told.args, "--from", url, ...options, ...keys, ...part];
      await run(`copy from ${url}`, "nix", ["copy", ...words], all);
    }
  };
  const substitute = async () => {
    for (const part of chunks(paths)) {
      await run(`fetch from ${url}`, "nix-store", [
        "--realise",
        ...told.args,
        ...["--option", "substituters", url],
        ...REMEMBERING,
        ...["--max-jobs", String(PARALLEL)],
        ...keys,
        ...part,
      ], all);
    }
  };
  await inTurn(lock, async () => {
    try {
      await (lock === null ? copy(REMEMBERING) : substitute());
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      await copy([]);
    }
  }, call.signal);
}

/** How a closure is pushed. */
export interface PushCall extends NixCall {
  secretKeyFile?: string;
  /** These paths without what they refer to, references first: the rest is there, as somebody knows. */
  isAlone?: boolean;
}

/** See {@linkcode Nix.copyTo}. */
export async function copyTo(
  run: RunNix,
  url: string,
  paths: readonly string[],
  { secretKeyFile, isAlone, ...call }: PushCall,
): Promise<void> {
  const parameters: Record<string, string> = { compression: "zstd" };
  if (secretKeyFile !== undefined) parameters["secret-key"] = secretKeyFile;
  const to = withParameters(url, parameters);
  const alone = isAlone === true ? ["--no-recursive"] : [];
  for (const part of chunks(paths)) {
    const words = ["copy", ...alone, "--to", to, ...part];
    await run(`copy to ${url}`, "nix", words, call);
  }
}

/** See {@linkcode Nix.remoteClosure}. */
export async function remoteClosure(
  run: RunNix,
  url: string,
  paths: readonly string[],
  call: NixCall,
): Promise<RemotePath[]> {
  const found = new Map<string, RemotePath>();
  for (const part of chunks(paths)) {
    const printed = await run(`ask ${url} for closures`, "nix", [
      "path-info",
      "--store",
      url,
      ...REMEMBERING,
      "--recursive",
      "--json",
      ...part,
    ], call);
    for (const info of parseRemoteInfo(printed)) found.set(info.path, info);
  }
  return [...found.values()];
}
