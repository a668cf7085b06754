/**
 * Makes the sources that the configuration names.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import type { Registry } from "prom-client";
import { systemRandom } from "../../clock/mod.ts";
import { readSmallFile } from "../../config/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { CacheConfig } from "../config.ts";
import type { NarRecord } from "../core/admission.ts";
import { parsePublicKey, type SecretKey } from "../../nar/core/signature.ts";
import type { Database } from "../storage/database.ts";
import type { NarFiles } from "../storage/files.ts";
import { Offers } from "../storage/offers.ts";
import type { Offer } from "./core/upstream_narinfo.ts";
import { cacheName } from "./core/via.ts";
import { LocalStore } from "./local_store.ts";
import { sourceMetrics } from "./metrics.ts";
import type { Pull } from "./pull.ts";
import { hasRoom } from "./room.ts";
import type { PathSource } from "./source.ts";
import { Sources } from "./sources.ts";
import { StoreDatabase } from "./store_database.ts";
import { Upstream, type UpstreamDeps } from "./upstream.ts";
import { authorizationOf, UpstreamClient } from "./upstream_client.ts";

const GIB = 1024 ** 3;
/** A token or a password is a line. */
const MAX_TOKEN_BYTES = 4096;

/** What the sources are given of the cache. */
export interface SourcesDeps {
  signing: readonly SecretKey[];
  files: NarFiles;
  database: Database;
  caCert: string | undefined;
  registry: Registry;
  /** Makes a pulled path part of the cache, seen when the call returns; the nar is on disk. */
  store(nar: NarRecord, offer: Offer, by: string): Promise<void>;
  nowMs: () => number;
  log: Logger;
}

async function authorizationIn(file: string | undefined) {
  if (file === undefined) return undefined;
  const text = (await readSmallFile(file, {
    what: "the token for an upstream",
    maxBytes: MAX_TOKEN_BYTES,
  })).trim();
  // Of a header: a line that ends in it would begin another.
  if (/^[\x21-\x7e]+$/.test(text)) return authorizationOf(text);
  throw new AppError(
    "invalid",
    `Cannot use the token file ${file}: it is not one line of a token or USER:PASSWORD`,
  );
}

/** `DIR/nix/var/nix/db/db.sqlite` of `DIR/nix/store`, as nix lays stores out. */
function databaseOf(storeDir: string): string {
  return join(dirname(storeDir), "var", "nix", "db", "db.sqlite");
}

/** @throws {AppError} `invalid`, `not_found` for a token file that cannot be used. */
export async function openSources(
  config: CacheConfig,
  deps: SourcesDeps,
): Promise<Sources> {
  const { signing, files, store, nowMs, log, caCert } = deps;
  const { storeDir, maxNarBytes } = config;
  const list: PathSource[] = [];
  const metrics = sourceMetrics(deps.registry, () => list);
  const offers = new Offers(deps.database, nowMs);
  const own = cacheName(systemRandom.hex(8));
  const pulls = new Map<string, Pull>();
  if (config.localStore !== undefined) {
    const dir = config.localStore.replace(/\/+$/, "");
    if (basename(dir) !== "store") {
      throw new AppError(
        "invalid",
        `Cannot use localStore ${dir}: it is no nix store directory`,
        { hint: "say /nix/store, or DIR/nix/store" },
      );
    }
    const database = new StoreDatabase(databaseOf(dir), storeDir);
    list.push(
      new LocalStore({
        ...{ dir, storeDir, database, signing, offers, metrics, nowMs },
      }),
    );
  }
  const room = (bytes: number) =>
    hasRoom(config.stateDir, bytes, config.gc.minFreeGiB * GIB);
  const shared: UpstreamDeps = {
    ...{ storeDir, signing, maxNarBytes, files, offers, pulls },
    ...{ hasRoom: room, store, metrics, nowMs, log },
  };
  for (const { url, publicKeys, priority, tokenFile } of config.upstreams) {
    const authorization = await authorizationIn(tokenFile);
    const client = new UpstreamClient({ url, authorization, caCert, own });
    const trusted = publicKeys.map(parsePublicKey);
    list.push(new Upstream({ url, trusted, priority, client }, shared));
  }
  return new Sources({
    list,
    own,
    offers,
    settled: async () => {
      await Promise.all([...pulls.values()].map(({ done }) => done));
    },
    log,
  });
}
