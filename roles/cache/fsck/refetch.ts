/**
 * Brings what was lost from the upstreams that have it, as a pull does: checked
 * against their keys and hashes, signed by ours.
 *
 * @module
 */
import { Registry } from "prom-client";
import { loadCa } from "../../auth/mod.ts";
import { logger } from "../../log/mod.ts";
import { toAppError } from "../../model/errors.ts";
import { narPath } from "../backup_files.ts";
import type { CacheConfig } from "../config.ts";
import { parseNarInfo } from "../../nar/core/narinfo.ts";
import type { SecretKey } from "../../nar/core/signature.ts";
import { openSources } from "../sources/open.ts";
import type { Asking } from "../sources/source.ts";
import type { Sources } from "../sources/sources.ts";
import type { Database } from "../storage/database.ts";
import { DiskFiles } from "../storage/files.ts";
import { Metadata } from "../storage/metadata.ts";
import type { Findings, Lost } from "./findings.ts";

/** As a publisher asks: a local store keeps nothing for us. */
const ASKING: Asking = { chain: [], lasting: true };

/** What the sources are opened with. */
export interface ElsewhereDeps {
  database: Database;
  keys: readonly SecretKey[];
  now(): number;
}

/** Root mends for the user that the cache runs as: the one whose directory it is. */
function giveAway(stateDir: string, file: string): void {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = Deno.statSync(stateDir);
  const path = narPath(stateDir, file);
  for (const name of [path, path.slice(0, path.lastIndexOf("/"))]) {
    Deno.chownSync(name, uid, gid);
  }
}

/** Other sources of a cache that is stopped. */
export class Lookout implements AsyncDisposable {
  private constructor(
    private readonly sources: Sources,
    private readonly storeDir: string,
  ) {}

  /** Undefined: none are configured. */
  static async open(
    config: CacheConfig,
    { database, keys, now }: ElsewhereDeps,
  ): Promise<Lookout | undefined> {
    if (config.upstreams.length === 0) return undefined;
    const metadata = new Metadata(database);
    const sources = await openSources({ ...config, localStore: undefined }, {
      signing: keys,
      files: await DiskFiles.open(config.stateDir),
      database,
      caCert: await loadCa(config.caFile),
      registry: new Registry(),
      async store(nar, { info, text }, by) {
        const nowMs = now();
        giveAway(config.stateDir, nar.file);
        const stored = [metadata.putNar(nar, nowMs)];
        if (!metadata.hasPath(info.base.slice(0, 32))) {
          stored.push(metadata.putPath(info, text, { nowMs, by }));
        }
        await Promise.all(stored);
      },
      nowMs: now,
      log: logger("cache"),
    });
    return new Lookout(sources, config.storeDir);
  }

  /** Those that an upstream serves. */
  async bases(bases: readonly string[]): Promise<ReadonlySet<string>> {
    return await this.sources.bases(bases, ASKING);
  }

  /** Fetches what it can; what came is no longer lost. */
  async fetch(
    findings: Findings,
    { told, signal }: { told(base: string): void; signal: AbortSignal },
  ): Promise<void> {
    for (const lost of [...findings.lost]) {
      signal.throwIfAborted();
      told(lost.base);
      if (await this.#fetchOne(lost)) findings.found(lost.base);
    }
  }

  /** Upstreams that did not answer. */
  get troubles(): readonly string[] {
    return this.sources.troubles;
  }

  async #fetchOne({ base, narHash }: Lost): Promise<boolean> {
    const hash = base.slice(0, 32);
    const found = await this.sources.narInfo(hash, ASKING);
    if (found?.base !== base) return false;
    const info = parseNarInfo(found.text, { hash, storeDir: this.storeDir });
    // Others have another build of it: who refers to it was built with ours.
    if (narHash !== null && info.narHash !== narHash) return false;
    try {
      const opened = await this.sources.nar(info.file, []);
      if (opened === undefined) return false;
      const stream = await opened.stream(0, opened.size);
      for await (const _ of stream) {
        // The pull stores it while it passes by.
      }
      return true;
    } catch (error) {
      logger("cache").warn("{base} cannot be fetched: {why}", {
        base,
        why: toAppError(error).message,
      });
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sources[Symbol.asyncDispose]();
  }
}
