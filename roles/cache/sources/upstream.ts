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
import { MAX_NARINFO_BYTES } from "../core/narinfo.ts";
import { parseNarName } from "../core/names.ts";
import type { PublicKey, SecretKey } from "../core/signature.ts";
import { receiveNar } from "../protocol/receive.ts";
import type { NarFiles, OpenFile } from "../storage/files.ts";
import type { Offers } from "../storage/offers.ts";
import {
  type CacheInfo,
  DEFAULT_PRIORITY,
  parseCacheInfo,
} from "./core/cache_info.ts";
import { ask, type Circuit, failed, FRESH, troubleOf } from "./core/circuit.ts";
import { type Offer, takeOver } from "./core/upstream_narinfo.ts";
import { meet } from "./core/via.ts";
import type { SourceMetrics } from "./metrics.ts";
import { Pull } from "./pull.ts";
import { Recent } from "./recent.ts";
import type { Chain, PathSource, SourcedNarInfo } from "./source.ts";
import type { UpstreamClient } from "./upstream_client.ts";

/** A narinfo from across the world, by way of a cache that asks another in turn. */
const NARINFO_MS = 15_000;
/** Until a nar begins: some caches fetch it from a slow storage first. */
const NAR_HEAD_MS = 30_000;
/** A nar may take this and a second more for each 64 KiB: slower than that, nobody waits for it. */
const NAR_BASE_MS = 2 * 60_000;
const NAR_BYTES_PER_MS = 64 * 1024 / 1000;
/** What a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
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
/** Nars at once: each holds a connection and an unpacker. */
const PULLING = 8;
const WAITING_PULLS = 1024;
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
  /** Makes a pulled path part of the cache; the nar is on disk. */
  store(nar: NarRecord, offer: Offer, by: string): void;
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

function withDeadline(size: number): { signal: AbortSignal; end: () => void } {
  const abort = new AbortController();
  const ms = Math.min(NAR_BASE_MS + size / NAR_BYTES_PER_MS, MAX_TIMER_MS);
  const late = () =>
    abort.abort(
      new AppError("timeout", `Cannot wait for a nar that takes ${ms} ms`),
    );
  const timer = setTimeout(late, ms);
  return { signal: abort.signal, end: () => clearTimeout(timer) };
}

export class Upstream implements PathSource {
  readonly name: string;
  readonly asksOthers = true;
  readonly #options: UpstreamOptions;
  readonly #deps: UpstreamDeps;
  readonly #known: Recent<Known>;
  readonly #absent: Recent<true>;
  readonly #asking = new Turns({
    running: ASKING,
    waiting: WAITING,
    what: "narinfos asked of an upstream",
  });
  readonly #pulling = new Turns({
    running: PULLING,
    waiting: WAITING_PULLS,
    what: "nars from an upstream",
  });
  readonly #flights = new Map<string, Promise<Known | undefined>>();
  #circuit: Circuit = FRESH;
  #info: CacheInfo | undefined;
  #infoFlight: Promise<CacheInfo> | undefined;

  constructor(options: UpstreamOptions, deps: UpstreamDeps) {
    this.name = options.url;
    this.#options = options;
    this.#deps = deps;
    const { nowMs } = deps;
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
    return troubleOf(this.#circuit);
  }

  async priority(): Promise<number> {
    if (this.#options.priority !== undefined) return this.#options.priority;
    try {
      return (await this.#cacheInfo()).priority;
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
    const row = this.#deps.offers.get(file);
    if (pull !== undefined || row?.source !== this.name) return undefined;
    const known = await this.#find(row.hash, chain);
    if (known === undefined || known.offer.info.file !== file) return undefined;
    return await this.#pull(known, chain);
  }

  [Symbol.dispose](): void {
    this.#options.client[Symbol.dispose]();
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
    const answer = await this.#guarded("narinfo", async () => {
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

  async #pull(known: Known, chain: Chain): Promise<OpenFile> {
    const { pulls, files } = this.#deps;
    const { file, fileSize } = known.offer.info;
    // Another may have begun it meanwhile.
    let pull = pulls.get(file);
    if (pull !== undefined && meet(pull.via, chain)) {
      throw new AppError("unavailable", `nar/${file} is on a way in a circle`);
    }
    if (pull === undefined) {
      pull = new Pull(
        fileSize,
        known.via,
        files,
        (stage) =>
          this.#pulling.run(() => this.#fetch(known.offer, chain, stage)),
      );
      pulls.set(file, pull);
      void pull.done.then(() => pulls.delete(file));
    }
    await pull.ready;
    return pull.opened;
  }

  /** Fetches, checks and stores a nar and its path. */
  async #fetch(
    offer: Offer,
    chain: Chain,
    stage: NarFiles["stage"],
  ): Promise<void> {
    const { info, url } = offer;
    const name = parseNarName(info.file);
    if (name === undefined) throw new Error("an offer names its own nar");
    const deadline = withDeadline(info.fileSize);
    try {
      const nar = await this.#guarded("nar", async () => {
        const answer = await this.#options.client.open(url, {
          chain,
          timeoutMs: NAR_HEAD_MS,
          signal: deadline.signal,
        });
        if (answer === undefined) return undefined;
        // A trial is over: others need not wait until the nar is here.
        this.#answered();
        return await this.#receive(answer.body, offer, answer.length, stage);
      });
      if (nar === undefined) {
        this.#known.delete(info.base.slice(0, 32));
        throw new AppError(
          "not_found",
          `${this.name} names nar/${info.file} and does not have it`,
        );
      }
      this.#deps.store(nar, offer, `upstream ${this.name}`);
      this.#deps.metrics.lookup(this.name, "nar", "hit");
    } finally {
      deadline.end();
    }
  }

  async #receive(
    body: ReadableStream<Uint8Array>,
    { info }: Offer,
    length: number | undefined,
    stage: NarFiles["stage"],
  ): Promise<NarRecord> {
    const name = parseNarName(info.file);
    if (name === undefined) throw new Error("an offer names its own nar");
    if (length !== undefined && length !== info.fileSize) {
      await body.cancel();
      throw new AppError(
        "unavailable",
        `Cannot take over nar/${info.file}: it has ${length} bytes, its narinfo says ${info.fileSize}`,
      );
    }
    const { metrics } = this.#deps;
    const counted = body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          metrics.pulled(this.name, chunk.length);
          controller.enqueue(chunk);
        },
      }),
    );
    return await receiveNar(counted, name, {
      files: { stage },
      maxBytes: Math.max(info.fileSize, info.narSize),
      check: (nar) => {
        if (nar.narHash === info.narHash && nar.narSize === info.narSize) {
          return;
        }
        throw new AppError(
          "unavailable",
          `Cannot take over nar/${info.file}: unpacked it has the hash ${nar.narHash}, its narinfo says ${info.narHash}`,
        );
      },
    });
  }

  /** Asks it unless it is passed over, and learns from how that went. */
  async #guarded<T>(what: string, action: () => Promise<T>): Promise<T> {
    const { nowMs, metrics } = this.#deps;
    const circuit = ask(this.#circuit, nowMs());
    if (circuit === undefined) {
      metrics.failure(this.name, "skipped");
      throw new AppError(
        "unavailable",
        `${this.name} is passed over for a while: ${this.trouble}`,
      );
    }
    this.#circuit = circuit;
    try {
      const value = await action();
      this.#answered();
      return value;
    } catch (error) {
      this.#failed(what, toAppError(error));
      throw error;
    }
  }

  #answered(): void {
    if (this.trouble !== undefined) {
      this.#deps.log.info("{url} answers again", { url: this.name });
    }
    this.#circuit = FRESH;
  }

  #failed(what: string, error: AppError): void {
    const { metrics, log, nowMs } = this.#deps;
    metrics.failure(this.name, error.code);
    // Our own full disk says nothing against it: it had answered.
    if (error.code === "storage") return this.#answered();
    const before = this.trouble;
    const why = error.message;
    this.#circuit = failed(this.#circuit, { nowMs: nowMs(), why });
    const message = this.trouble !== undefined && before === undefined
      ? "{url} failed us with a {what} and is passed over for a while: {why}"
      : "{url} failed us with a {what}: {why}";
    log.warn(message, { url: this.name, what, why });
  }
}
