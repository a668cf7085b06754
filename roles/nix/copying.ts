/**
 * Closures from a binary cache into a store, with how far that is.
 *
 * nix before 2.26 fails half of the copies that run into one store side by
 * side: those go one after the other, also after one that a killed process of
 * ours has left behind and that goes on without it.
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

/** How a closure is fetched. */
export interface CopyCall extends NixCall {
  publicKeys: readonly string[];
  /** What is not here yet: progress is told of these. */
  expected?: readonly RemotePath[];
  /** Called with every word of nix's: the caller says how often it looks. */
  onProgress?: (progress: CopyProgress) => void;
}

/** Copies into one store, by store: a worker brings the closures of each VM it has orders for, and fallbacks. */
const copies = new TurnsByKey({
  waiting: 2 * MAX_ORDERS,
  what: "copies into one store",
});

/** See {@linkcode Nix.copyFrom}. `lock` names the store and the file its copies take turns by; null: none needed. */
export async function copyFrom(
  run: RunNix,
  { url, paths, lock }: {
    url: string;
    paths: readonly string[];
    lock: { store: string; path: string } | null;
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
  const fetch = async () => {
    for (const part of chunks(paths)) {
      await run(`copy from ${url}`, "nix", [
        "copy",
        ...told.args,
        "--from",
        url,
        "--option",
        "trusted-public-keys",
        publicKeys.join(" "),
        ...part,
      ], { ...told.call, ...locked });
    }
  };
  if (lock === null) await fetch();
  else await copies.run(lock.store, fetch, call.signal);
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
      "--recursive",
      "--json",
      ...part,
    ], call);
    for (const info of parseRemoteInfo(printed)) found.set(info.path, info);
  }
  return [...found.values()];
}
