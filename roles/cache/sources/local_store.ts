/**
 * A nix store on this machine as a source: what nix's database calls valid,
 * with NARs made while they are sent, uncompressed and signed by this cache.
 *
 * Owns nothing of the store and keeps nothing in it: what its garbage collection
 * takes between narinfo and nar is not found, or ends an answer before its end.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { Turns } from "../../turns/mod.ts";
import {
  formatNarInfo,
  MAX_SIGNATURES,
  type NarInfo,
  narInfoFingerprint,
} from "../../nar/core/narinfo.ts";
import { parseBaseName } from "../../nar/core/names.ts";
import { parseSha256 } from "../../nar/core/sha256.ts";
import {
  type SecretKey,
  signatureKeyName,
  signText,
} from "../../nar/core/signature.ts";
import type { OpenFile } from "../storage/files.ts";
import type { Offers } from "../storage/offers.ts";
import { dumpStream } from "./dump.ts";
import type { SourceMetrics } from "./metrics.ts";
import { Recent } from "./recent.ts";
import type { PathSource, SourcedNarInfo } from "./source.ts";
import type { StoreDatabase, ValidPath } from "./store_database.ts";

/** Processes at once; each is as fast as the disk. */
const DUMPING = 16;
const WAITING = 1024;
/** Signed narinfos are kept: signing takes more than all the rest. 16 Mi characters are some 30,000. */
const MAX_TEXT_CHARS = 16 * 1024 * 1024;
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

/** What it is given. */
export interface LocalStoreOptions {
  /** Where its paths lie: `/nix/store`, or `DIR/nix/store`. */
  dir: string;
  /** The store directory that its paths name. */
  storeDir: string;
  database: StoreDatabase;
  signing: readonly SecretKey[];
  offers: Offers;
  metrics: SourceMetrics;
  nowMs: () => number;
}

type Found = SourcedNarInfo & { file: string };

export class LocalStore implements PathSource {
  readonly name = "the local store";
  readonly kind = "store";
  readonly #options: LocalStoreOptions;
  /** By path hash; a path that was added again has another id. */
  readonly #texts: Recent<{ id: number; found: Found }>;
  readonly #dumping = new Turns({
    running: DUMPING,
    waiting: WAITING,
    what: "nars from the local store",
  });
  #trouble: string | undefined;

  constructor(options: LocalStoreOptions) {
    this.#options = options;
    const { nowMs } = options;
    this.#texts = new Recent({
      maxWeight: MAX_TEXT_CHARS,
      weigh: ({ found }) => found.text.length,
      ageMs: FOR_EVER_MS,
      nowMs,
    });
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Before all upstreams: it is on this disk. */
  priority(): Promise<number> {
    return Promise.resolve(-1);
  }

  async narInfo(hash: string): Promise<SourcedNarInfo | undefined> {
    const found = this.#noting(() => this.#narInfo(hash));
    const result = found === undefined ? "miss" : "hit";
    this.#options.metrics.lookup(this.name, "narinfo", result);
    if (found === undefined) return undefined;
    // Nix has no index of nars: which path one is of is kept by us.
    await this.#options.offers.put({
      file: found.file,
      hash,
      source: this.name,
    });
    return found;
  }

  async nar(file: string): Promise<OpenFile | undefined> {
    const { database, offers } = this.#options;
    for (const { hash, source } of offers.of(file)) {
      if (source !== this.name) continue;
      const path = this.#noting(() => database.byHash(hash));
      const info = path === undefined ? undefined : this.#infoOf(path);
      if (info?.file === file) return this.#opened(info);
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#options.database[Symbol.dispose]();
  }

  #opened(info: NarInfo): OpenFile {
    const { dir, metrics } = this.#options;
    const { base, narHash, narSize } = info;
    return {
      size: narSize,
      stream: async (start, end) => {
        const done = await this.#dumping.take();
        metrics.lookup(this.name, "nar", "hit");
        metrics.pulled(this.name, end - start);
        const dumped = { path: `${dir}/${base}`, base, narHash, narSize };
        try {
          return await dumpStream(dumped, { start, end }, done);
        } catch (error) {
          done();
          throw error;
        }
      },
      close: () => {},
    };
  }

  #narInfo(hash: string): Found | undefined {
    const path = this.#options.database.byHash(hash);
    if (path === undefined) return undefined;
    const known = this.#texts.get(hash);
    if (known?.id === path.id) return known.found;
    const info = this.#infoOf(path);
    if (info === undefined) return undefined;
    const { base, file } = info;
    const found = { base, file, text: formatNarInfo(info), via: [] };
    this.#texts.set(hash, { id: path.id, found });
    return found;
  }

  /** Undefined for a path that nix registered without knowing its contents. */
  #infoOf(path: ValidPath): NarInfo | undefined {
    const { storeDir, database, signing } = this.#options;
    const narHash = parseSha256(path.hash);
    const base = path.path.slice(storeDir.length + 1);
    if (narHash === undefined || parseBaseName(base) === undefined) {
      return undefined;
    }
    const narSize = path.narSize ?? 0;
    if (narSize === 0) return undefined;
    const deriver = path.deriver?.slice(storeDir.length + 1) ?? "";
    const info: NarInfo = {
      storeDir,
      base,
      file: `${narHash.slice("sha256:".length)}.nar`,
      compression: "none",
      fileHash: narHash,
      fileSize: narSize,
      narHash,
      narSize,
      references: database.references(path.id).sort(),
      ...(parseBaseName(deriver) === undefined ? {} : { deriver }),
      ...(path.ca === null || path.ca === "" ? {} : { ca: path.ca }),
      signatures: [],
    };
    const fingerprint = narInfoFingerprint(info);
    const ours = signing.map((key) => signText(fingerprint, key));
    const names = new Set(signing.map((key) => key.name));
    // Those in our name are ours anew: an older key of ours may have had it.
    const others = (path.sigs ?? "").split(" ").filter((signature) => {
      const name = signatureKeyName(signature);
      return name !== undefined && !names.has(name);
    });
    const signatures = [...ours, ...others].slice(0, MAX_SIGNATURES);
    return { ...info, signatures };
  }

  /** Remembers whether the database could be read, for `trouble`. */
  #noting<T>(action: () => T): T {
    try {
      const value = action();
      this.#trouble = undefined;
      return value;
    } catch (error) {
      if (error instanceof AppError) {
        this.#trouble = error.message;
        this.#options.metrics.failure(this.name, error.code);
      }
      throw error;
    }
  }
}
