/**
 * The cache: an HTTP binary cache as stock nix speaks it. Stores what
 * publishers push, signed by its own key, and serves it.
 *
 * Owns the nars' files and their tables. Never builds, never asks another
 * cache, never trusts what a client says about a nar: it computes it.
 *
 * @module
 */
import { Registry } from "prom-client";
import { systemClock } from "../clock/mod.ts";
import { logger } from "../log/mod.ts";
import type { Clock, RunningRole } from "../model/mod.ts";
import { startService } from "../service/mod.ts";
import { Turns } from "../turns/mod.ts";
import { cacheApp } from "./app.ts";
import { CacheConfig } from "./config.ts";
import { parsePublicKey } from "./core/signature.ts";
import { Database } from "./storage/database.ts";
import { DiskFiles } from "./storage/files.ts";
import { HotTexts } from "./storage/hot_texts.ts";
import { Metadata } from "./storage/metadata.ts";
import { cacheMetrics } from "./metrics.ts";
import type { CacheService } from "./service.ts";
import { loadSigningKeys } from "./signing.ts";

export { PathsReply, PublicKeyReply } from "./api.ts";
export { CacheConfig };

/** 64 Mi characters hold the narinfos of some 100,000 paths; the rest come from SQLite in 4 µs each. */
const HOT_CHARS = 64 * 1024 * 1024;
/** Waiting uploads for each one under way: one nix sends 25 at once, several may push. */
const WAITING_PER_UPLOAD = 16;

/** What the cache is given besides its configuration. */
export interface CacheDeps {
  clock?: Pick<Clock, "now">;
}

/** The running cache. */
export interface RunningCache extends RunningRole {
  /** What clients put into `trusted-public-keys`. */
  readonly publicKeys: readonly string[];
}

async function openService(
  config: CacheConfig,
  deps: CacheDeps,
  registry: Registry,
  stack: AsyncDisposableStack,
): Promise<CacheService> {
  const log = logger("cache");
  const signing = await loadSigningKeys(config.stateDir, {
    keyName: config.keyName,
    files: config.signingKeyFiles,
  });
  const database = stack.use(new Database(`${config.stateDir}/cache.sqlite`));
  const metadata = new Metadata(database);
  const files = await DiskFiles.open(config.stateDir);
  const swept = await files.sweep((file) => metadata.nar(file) !== undefined);
  if (swept > 0) {
    log.info("removed {swept} files of uploads that were cut off", { swept });
  }
  return {
    config,
    keys: { signing, trusted: config.trustedPublicKeys.map(parsePublicKey) },
    files,
    database,
    metadata,
    sources: [],
    hot: new HotTexts(HOT_CHARS),
    uploads: new Turns({
      running: config.maxUploads,
      waiting: config.maxUploads * WAITING_PER_UPLOAD,
      what: "uploads",
    }),
    metrics: cacheMetrics(registry, metadata),
    clock: deps.clock ?? systemClock,
    log,
  };
}

/**
 * Starts the cache.
 *
 * @throws {AppError} `refused` when the directory or the port is in use, or
 * listening there is not safe; `invalid` for a broken key.
 */
export function run(
  config: CacheConfig,
  deps: CacheDeps = {},
): Promise<RunningCache> {
  return startService("cache", config, async ({ tokens, stack }) => {
    const registry = new Registry();
    const service = await openService(config, deps, registry, stack);
    const publicKeys = service.keys.signing.map((key) => key.publicText);
    service.log.info("signs with {key}", { key: publicKeys.join(" ") });
    return {
      app: cacheApp(service, { registry, tokens }),
      extra: { publicKeys },
    };
  });
}
