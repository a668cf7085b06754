/**
 * A cache with paths in it that is stopped, for tests that damage it, and what
 * it takes to look at it afterwards.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { CacheConfig } from "../../roles/cache/mod.ts";
import { checkCache } from "../../roles/cache/mod.ts";
import type { CheckOrder } from "../../roles/cache/fsck/mod.ts";
import type { CacheCheckReport } from "../../roles/model/cache_files.ts";
import { type FakePath, startCache } from "./cache.ts";

/** Pushes paths into a running cache, as nix does: nar, then narinfo. */
export async function pushPaths(
  url: string,
  token: string,
  paths: readonly FakePath[],
): Promise<void> {
  const put = async (name: string, body: Uint8Array | string) => {
    const answer = await fetch(`${url}/${name}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}` },
      body: body as BodyInit,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${name}: ${text}`);
  };
  for (const path of paths) {
    await put(path.url, path.packed);
    await put(`${path.hash}.narinfo`, path.narInfo);
  }
}

/** Makes a cache below `stateDir`, or starts the one that is there, and pushes. */
export async function fillCache(
  stateDir: string,
  paths: readonly FakePath[],
): Promise<void> {
  await using cache = await startCache({ stateDir });
  await pushPaths(cache.url, cache.token("publisher"), paths);
}

/** Which of the paths a cache gives out, nar included and true. */
export async function servedOf(
  url: string,
  paths: readonly FakePath[],
): Promise<FakePath[]> {
  const served: FakePath[] = [];
  for (const path of paths) {
    const info = await fetch(`${url}/${path.hash}.narinfo`);
    const nar = await fetch(`${url}/${path.url}`);
    const bytes = await nar.bytes();
    await info.body?.cancel();
    const isTrue = bytes.length === path.packed.length &&
      bytes.every((byte, at) => byte === path.packed[at]);
    if (info.status === 200 && nar.status === 200 && isTrue) served.push(path);
  }
  return served;
}

/** The file of a path's nar. */
export function narFileOf(stateDir: string, { url }: FakePath): string {
  const file = url.slice("nar/".length);
  return `${stateDir}/nar/${file.slice(0, 2)}/${file}`;
}

/** Changes the tables behind the cache's back. */
export function inTables(
  stateDir: string,
  action: (database: DatabaseSync) => void,
): void {
  const database = new DatabaseSync(`${stateDir}/cache.sqlite`);
  try {
    database.exec("PRAGMA recursive_triggers = ON");
    action(database);
  } finally {
    database.close();
  }
}

/** Checks it in this process. */
export function check(
  stateDir: string,
  order: Partial<CheckOrder> = {},
  config: Partial<CacheConfig> = {},
): Promise<CacheCheckReport> {
  return checkCache({ ...CacheConfig.parse({ stateDir }), ...config }, {
    deep: false,
    repair: false,
    restart: false,
    signal: new AbortController().signal,
    now: () => Date.now(),
    ...order,
  });
}
