/**
 * The cache: an HTTP binary cache as stock nix speaks it. Stores what
 * publishers push, signed by its own key, and serves it.
 *
 * Owns the nars' files and their tables. Never builds, never trusts what a
 * client or an upstream says about a nar: it computes it.
 *
 * @module
 */
import { Registry } from "prom-client";
import { systemClock } from "../clock/mod.ts";
import type { TokenOf } from "../config/mod.ts";
import { logger } from "../log/mod.ts";
import { toAppError } from "../model/errors.ts";
import type { Clock, RunningRole } from "../model/mod.ts";
import { startService } from "../service/mod.ts";
import { Turns } from "../turns/mod.ts";
import { cacheApp } from "./app.ts";
import { CacheConfig } from "./config.ts";
import { Collection } from "./gc/mod.ts";
import type { RootSource } from "./gc/root_source.ts";
import { parsePublicKey } from "../nar/core/signature.ts";
import { Database } from "./storage/database.ts";
import { DiskFiles } from "./storage/files.ts";
import { HotTexts } from "./storage/hot_texts.ts";
import { Metadata } from "./storage/metadata.ts";
import { sweepNars, type SweepOptions } from "./storage/sweep.ts";
import { cacheMetrics } from "./metrics.ts";
import { Status } from "./pages/status.ts";
import { openSources } from "./sources/open.ts";
import type { Sources } from "./sources/sources.ts";
import type { CacheService } from "./service.ts";
import { Keyring } from "./signing/keyring.ts";
import { Resigner } from "./signing/resigner.ts";
import { SigningRecords } from "./signing/signing_records.ts";

export { PathsReply, PublicKeyReply } from "./api.ts";
export { backupCache } from "./backup.ts";
export { restoreCache } from "./backup_restore.ts";
export { checkCache } from "./fsck/mod.ts";
export { CacheConfig };

/** 64 Mi characters hold the narinfos of some 100,000 paths; the rest come from SQLite in 4 µs each. */
const HOT_CHARS = 64 * 1024 * 1024;
/** Waiting uploads for each one under way: one nix sends 25 at once, several may push. */
const WAITING_PER_UPLOAD = 16;

/** What the cache is given besides its configuration. */
export interface CacheDeps {
  clock?: Pick<Clock, "now">;
  /** Who says what is in use, in place of those of the configuration. */
  rootSources?: readonly RootSource[];
}

/** The running cache. */
export interface RunningCache extends RunningRole {
  /** What clients put into `trusted-public-keys`. */
  readonly publicKeys: readonly string[];
}

/** What a service is made of besides its configuration. */
interface Parts extends CacheDeps {
  registry: Registry;
  stack: AsyncDisposableStack;
  caCert: string | undefined;
  tokenOf: TokenOf;
}

/** The sources, which put what they pulled into the storage. */
async function sourcesOf(
  service: Omit<CacheService, "sources">,
  { registry, caCert }: Parts,
): Promise<Sources> {
  const { config, keys, files, database, metadata, hot, clock, log } = service;
  const { collection, resigner } = service;
  return await openSources(config, {
    signing: keys.signing,
    files,
    database,
    caCert,
    registry,
    async store(nar, { info, text }, by) {
      const nowMs = clock.now();
      const hash = info.base.slice(0, 32);
      // Nothing waits between them: no collection finds a nar without its path.
      const narStored = metadata.putNar(nar, nowMs);
      // If the path cannot be stored that is what is told, and nobody waits for this.
      narStored.catch(() => undefined);
      files.settle(nar.file);
      // What was uploaded meanwhile stays: contents never change.
      if (metadata.hasPath(hash)) return await narStored;
      const signed = resigner.signed(text, hash);
      const pathStored = metadata.putPath(info, signed, { nowMs, by });
      hot.set(hash, signed);
      collection.uses.mark(hash);
      await Promise.all([narStored, pathStored]);
    },
    nowMs: () => clock.now(),
    log,
  });
}

/** Begins it; nobody waits for it but the stop. */
function sweepBeside(
  options: Omit<SweepOptions, "signal">,
  stack: AsyncDisposableStack,
): void {
  const ending = new AbortController();
  const { signal } = ending;
  const swept = sweepNars({ ...options, signal }).catch((error) => {
    if (signal.aborted) return;
    options.log.warn("the sweep of nars without a record ended: {why}", {
      why: toAppError(error).message,
    });
  });
  stack.defer(async () => {
    ending.abort();
    await swept;
  });
}

async function openService(
  config: CacheConfig,
  parts: Parts,
): Promise<CacheService> {
  const { registry, stack } = parts;
  const log = logger("cache");
  const keyring = await Keyring.open(config.stateDir, {
    keyName: config.keyName,
    files: config.signingKeyFiles,
  });
  const database = stack.use(new Database(`${config.stateDir}/cache.sqlite`));
  const metadata = new Metadata(database);
  const files = await DiskFiles.open(config.stateDir);
  sweepBeside({ files, metadata, log }, stack);
  const hot = new HotTexts(HOT_CHARS);
  const clock = parts.clock ?? systemClock;
  const collection = stack.use(
    new Collection(config, {
      ...parts,
      database,
      files,
      hot,
      clock,
      log,
      ...(parts.rootSources === undefined
        ? {}
        : { sources: parts.rootSources }),
    }),
  );
  const resigner = stack.use(
    new Resigner({
      ...{ keyring, hot, clock, log, storeDir: config.storeDir },
      records: new SigningRecords(database),
    }),
  );
  resigner.begin();
  const service = {
    config,
    keys: {
      signing: keyring.signing,
      trusted: config.trustedPublicKeys.map(parsePublicKey),
    },
    keyring,
    resigner,
    files,
    database,
    metadata,
    hot,
    collection,
    uploads: new Turns({
      running: config.maxUploads,
      waiting: config.maxUploads * WAITING_PER_UPLOAD,
      what: "uploads",
    }),
    metrics: cacheMetrics(registry),
    clock,
    log,
  };
  const sources = stack.use(await sourcesOf(service, parts));
  return { ...service, sources };
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
  return startService("cache", config, async (
    { tokens, stack, stopping, caCert, tokenOf },
  ) => {
    const registry = new Registry();
    const parts = { ...deps, registry, stack, caCert, tokenOf };
    const service = await openService(config, parts);
    let openRequests = () => 0;
    const status = stack.use(
      new Status(service, { registry, openRequests: () => openRequests() }),
    );
    const { collector } = service.collection;
    // Whoever waits for it would hold the stop.
    stopping.addEventListener("abort", () => void collector.cancel());
    const publicKeys = service.keys.signing.map((key) => key.publicText);
    service.log.info("signs with {key}", { key: publicKeys.join(" ") });
    return {
      app: cacheApp(service, { registry, tokens, status }),
      listening: (_url, server) => {
        openRequests = () => server.openRequests;
        service.collection.start();
        service.resigner.start();
      },
      extra: { publicKeys },
    };
  });
}
