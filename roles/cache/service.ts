/**
 * What every endpoint of the cache is given.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import type { Clock } from "../model/ports.ts";
import type { Turns } from "../turns/mod.ts";
import type { CacheConfig } from "./config.ts";
import type { AdmissionKeys } from "./core/admission.ts";
import type { Collection } from "./gc/mod.ts";
import type { Sources } from "./sources/sources.ts";
import type { Database } from "./storage/database.ts";
import type { NarFiles } from "./storage/files.ts";
import type { HotTexts } from "./storage/hot_texts.ts";
import type { Metadata } from "./storage/metadata.ts";
import type { CacheMetrics } from "./metrics.ts";
import type { Keyring } from "./signing/keyring.ts";
import type { Resigner } from "./signing/resigner.ts";

/** The parts; wired in mod.ts. */
export interface CacheService {
  config: CacheConfig;
  /** `keys.signing` is the keyring's list, which changes with a rotation. */
  keys: AdmissionKeys;
  keyring: Keyring;
  resigner: Resigner;
  files: NarFiles;
  database: Database;
  metadata: Metadata;
  /** Asked for what is not in the storage. */
  sources: Sources;
  /** Narinfos by path hash. */
  hot: HotTexts;
  uploads: Turns;
  /** Whoever is told that a path or a nar is here is told to `collection.uses` as well. */
  collection: Collection;
  metrics: CacheMetrics;
  clock: Pick<Clock, "now">;
  log: Logger;
}
