/**
 * An upstream cache as a source: asks it for narinfos, believes those that its
 * keys signed, and pulls nars through into the storage.
 *
 * Owns what is known of it lately: what it offers, what it does not have, and
 * whether it is up. Never answers with what was not checked.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { Turns } from "../../turns/mod.ts";
import type { NarRecord } from "../core/admission.ts";
import { MAX_NARINFO_BYTES } from "../../nar/core/narinfo.ts";
import type { PublicKey, SecretKey } from "../../nar/core/signature.ts";
import type { NarFiles, OpenFile } from "../storage/files.ts";
import type { Offers } from "../storage/offers.ts";
import {
  type CacheInfo,
  DEFAULT_PRIORITY,
  parseCacheInfo,
} from "./core/cache_info.ts";
import { type Offer, takeOver } from "./core/upstream_narinfo.ts";
import { meet } from "./core/via.ts";
import { Gate } from "./gate.ts";
import type { SourceMetrics } from "./metrics.ts";
import type { Pull } from "./pull.ts";
import { Recent } from "./recent.ts";
import type {
  Chain,
  PathSource,
  SourcedKind,
  SourcedNarInfo,
  SourcedObject,
} from "./source.ts";
import type { UpstreamClient } from "./upstream_client.ts";
import { UpstreamNars } from "./upstream_nars.ts";
import { UpstreamObjects } from "./upstream_objects.ts";

/** A narinfo from across the world, by way of a cache that asks another in turn. */
const NARINFO_MS = 15_000;
/** What it does not have is asked again after this: a build elsewhere may have pushed it. */
const ABSENT_MS = 30_000;
/** 100 bytes each; a system's closure looked for in vain is 10,000. */
const MAX_ABSENT = 50_000;
/** A narinfo it gave is believed for this long; what was pulled is in the storage. */
const OFFER_MS = 60 * 60_000;
/** 16 Mi characters of narinfos: some 10,000, which have their references twice. */
const MAX_OFFER_CHARS = 16 * 1024 * 1024;
/** Narinfos asked for at once: as many as nix asks a cache for. */
const ASKING = 25;
/** A large closure's worth in line, and a batch's beside it. */
const WAITING = 20_000;
const CACHE_INFO_BYTES = 64 * 1024;

/** What an upstream is given that all upstreams share. */
export interface UpstreamDeps {
  storeDir: string;
  signing: readonly SecretKey[];
  maxNarBytes: number;
  files: Pick<NarFiles, "stage">;
  offers: Offers;
  /** Nars under way from any upstream, by file. */
  pulls: Map<string, Pull>;
  /** Whether the disk can take so many bytes more. */
  hasRoom(bytes: number): Promise<boolean>;
  /** Makes a pulled path part of the cache, seen when the call returns; the nar is on disk. */
  store(nar: NarRecord, offer: Offer, by: string): Promise<void>;
  metrics: SourceMetrics;
  nowMs: () => number;
  log: Logger;
}

/** One upstream. */
export interface UpstreamOptions {
  url: string;
  trusted: readonly PublicKey[];
  priority: number | undefined;
  client: UpstreamClient;
}

/** What it offers, and the caches that it came through. */
interface Known {
  offer: Offer;
  via: Chain;
}

export class Upstream implements PathSource {
  readonly name: string;
  readonly kind = "upstream";
  readonly #options: UpstreamOptions;
  readonly #deps: UpstreamDeps;
  readonly #known: Recent<Known>;
  readonly #absent: Recent<true>;
  readonly #asking = new Turns({
    running: ASKING,
    waiting: WAITING,
    what: "narinfos asked of an upstream",
  });
  readonly #gate: Gate;
  readonly #nars: UpstreamNars;
  readonly #objects: UpstreamObjects;
  readonly #flights = new Map<string, Promise<Known | undefined>>();
  #info: CacheInfo | undefined;
  #infoFlight: Promise<CacheInfo> | undefined;

  constructor(options: UpstreamOptions, deps: UpstreamDeps) {
    this.name = options.url;
    this.#options = options;
    this.#deps = deps;
    const { nowMs, files, pulls, hasRoom, store, metrics, log } = deps;
    const { url: name, client } = options;
    const gate = new Gate({ name, nowMs, metrics, log });
    this.#gate = gate;
    this.#nars = new UpstreamNars({
      name,
      client,
      gate,
      files,
      pulls,
      hasRoom,
      store,
      metrics,
    });
    this.#objects = new UpstreamObjects({
      ...{ name, client, gate, metrics, nowMs, log },
    });
    this.#known = new Recent({
      maxWeight: MAX_OFFER_CHARS,
      weigh: ({ offer }) => offer.text.length,
      ageMs: OFFER_MS,
      nowMs,
    });
    this.#absent = new Recent({
      maxWeight: MAX_ABSENT,
      ageMs: ABSENT_MS,
      nowMs,
    });
  }

  get trouble(): string | undefined {
    return this.#gate.trouble;
  }

  async priority(): Promise<number> {
    if (this.#options.priority !== undefined) return this.#options.priority;
    if (this.#info !== undefined) return this.#info.priority;
    // One that is down is not waited for here too.
    if (this.trouble !== undefined) return DEFAULT_PRIORITY;
    try {
      const ask = () => this.#cacheInfo();
      return (await this.#gate.run("nix-cache-info", ask)).priority;
    } catch {
      return DEFAULT_PRIORITY;
    }
  }

  async narInfo(
    hash: string,
    chain: Chain,
  ): Promise<SourcedNarInfo | undefined> {
    const known = await this.#find(hash, chain);
    if (known === undefined) return undefined;
    const { info, text } = known.offer;
    // Told only when it can be fetched, also after a restart.
    await this.#deps.offers.put({ file: info.file, hash, source: this.name });
    return { base: info.base, text, via: known.via };
  }

  async nar(file: string, chain: Chain): Promise<OpenFile | undefined> {
    const pull = this.#deps.pulls.get(file);
    if (pull !== undefined && !meet(pull.via, chain)) {
      await pull.ready;
      return pull.opened;
    }
    if (pull !== undefined) return undefined;
    for (const { hash, source } of this.#deps.offers.of(file)) {
      if (source !== this.name) continue;
      const opened = await this.#narOf(hash, file, chain);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  async object(
    kind: SourcedKind,
    name: string,
    chain: Chain,
  ): Promise<SourcedObject | undefined> {
    return await this.#objects.get(kind, name, chain);
  }

  [Symbol.dispose](): void {
    this.#options.client[Symbol.dispose]();
  }

  async #narOf(
    hash: string,
    file: string,
    chain: Chain,
  ): Promise<OpenFile | undefined> {
    const known = await this.#find(hash, chain);
    if (known === undefined || known.offer.info.file !== file) return undefined;
    try {
      return await this.#nars.open(known.offer, known.via, chain);
    } catch (error) {
      // Asked about it anew: it may name another nar, or none.
      this.#known.delete(hash);
      throw error;
    }
  }

  async #find(hash: string, chain: Chain): Promise<Known | undefined> {
    const known = this.#known.get(hash);
    if (known !== undefined && !meet(known.via, chain)) return known;
    if (this.#absent.get(hash) === true) return undefined;
    // Two caches that ask each other for one path at once would wait for each
    // other: only those share an answer who came by the same way.
    const key = [hash, ...chain].join(" ");
    const flying = this.#flights.get(key);
    if (flying !== undefined) return await flying;
    const flight = this.#asking.run(() => this.#ask(hash, chain));
    this.#flights.set(key, flight);
    try {
      return await flight;
    } finally {
      this.#flights.delete(key);
    }
  }

  async #ask(hash: string, chain: Chain): Promise<Known | undefined> {
    const { metrics, log } = this.#deps;
    const answer = await this.#gate.run("narinfo", async () => {
      await this.#cacheInfo();
      return await this.#options.client.text(`${hash}.narinfo`, {
        chain,
        timeoutMs: NARINFO_MS,
        maxBytes: MAX_NARINFO_BYTES,
      });
    });
    const known = answer === undefined
      ? undefined
      : this.#judge(hash, answer.text, answer.via);
    metrics.lookup(this.name, "narinfo", known === undefined ? "miss" : "hit");
    if (known !== undefined && !meet(known.via, chain)) {
      this.#known.set(hash, known);
      return known;
    }
    // Who came by another cache may have been told "no" to end a loop.
    if (chain.length === 0) this.#absent.set(hash, true);
    log.debug("{url} has no {hash} for us", { url: this.name, hash });
    return undefined;
  }

  #judge(hash: string, text: string, via: Chain): Known | undefined {
    const { storeDir, signing, maxNarBytes, metrics, log } = this.#deps;
    try {
      const { trusted } = this.#options;
      const rules = { hash, storeDir, signing, maxNarBytes, trusted };
      return { offer: takeOver(text, rules), via };
    } catch (error) {
      const { message } = toAppError(error);
      metrics.failure(this.name, "refused");
      log.warn("{hash}.narinfo of {url} is passed over: {message}", {
        hash,
        url: this.name,
        message,
      });
      return undefined;
    }
  }

  /** What its `nix-cache-info` says; asked until it was answered once. */
  async #cacheInfo(): Promise<CacheInfo> {
    if (this.#info !== undefined) return this.#info;
    this.#infoFlight ??= this.#askCacheInfo().finally(() => {
      this.#infoFlight = undefined;
    });
    this.#info = await this.#infoFlight;
    return this.#info;
  }

  async #askCacheInfo(): Promise<CacheInfo> {
    const answer = await this.#options.client.text("nix-cache-info", {
      chain: [],
      timeoutMs: NARINFO_MS,
      maxBytes: CACHE_INFO_BYTES,
    });
    const info = parseCacheInfo(answer?.text ?? "");
    const { storeDir } = this.#deps;
    if (info.storeDir === storeDir) return info;
    throw new AppError(
      "refused",
      `Cannot use it: its store directory is ${info.storeDir}, here it is ${storeDir}`,
      { hint: "take it out of upstreams" },
    );
  }
}
