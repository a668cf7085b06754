/**
 * Signs what is stored with a key that came later: after a rotation, and when
 * a key file was added to the configuration.
 *
 * Works in slices beside requests, goes on after a restart where it was, and
 * never changes what a narinfo says of its path.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../log/mod.ts";
import { toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { signedByAll } from "../core/resign.ts";
import type { SecretKey } from "../../nar/core/signature.ts";
import type { HotTexts } from "../storage/hot_texts.ts";
import type { Keyring } from "./keyring.ts";
import type { SigningRecords, StoredText } from "./signing_records.ts";

/** The digits of a path's hash, in the order that SQLite sorts them in. */
const DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
/** Some 60 µs each to sign, and one sync for all of them: about 8 ms in which nobody else is answered. */
const PATHS_PER_SLICE = 50;
/** A disk that is full now may have room by then. */
const RETRY_MS = 60_000;

export interface ResignerOptions {
  keyring: Keyring;
  records: SigningRecords;
  hot: Pick<HotTexts, "delete">;
  storeDir: string;
  clock: Pick<Clock, "now">;
  log: Logger;
}

export class Resigner implements AsyncDisposable {
  readonly #options: ResignerOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ResignerOptions) {
    this.#options = options;
  }

  /** The keys a cache begins with have signed all that it has: that is put on record. */
  begin(): void {
    const { keyring, records, clock, log } = this.#options;
    try {
      if (records.all().length > 0) return;
      const signedAtMs = clock.now();
      for (const { publicText: key } of keyring.signing) {
        records.put({ key, cursor: "", signedAtMs });
      }
    } catch (error) {
      // A full disk: without the record it looks at all there is, and finds it signed.
      log.warn("the signing keys are not on record: {why}", {
        why: toAppError(error).message,
      });
    }
  }

  /** What part of the paths stored before `key` it has signed: 1 is all of them. */
  partOf(key: SecretKey): number {
    const record = this.#recordOf(key);
    if (record.signedAtMs !== null) return 1;
    // Hashes are spread evenly: the first two characters tell how far it came.
    const digits = [...record.cursor.slice(0, 2)].map((digit) =>
      Math.max(0, DIGITS.indexOf(digit))
    );
    return ((digits[0] ?? 0) * 32 + (digits[1] ?? 0)) / 1024;
  }

  /** `text` signed by every key of now: one that was made before a rotation may come to be stored after it. */
  signed(text: string, hash: string): string {
    const { keyring, storeDir } = this.#options;
    return signedByAll(text, { hash, storeDir }, keyring.signing);
  }

  /** Begins, if there is anything to sign and nobody does. */
  start(): void {
    this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { log } = this.#options;
    for (;;) {
      try {
        const key = this.#next();
        if (key === undefined) return;
        await this.#sign(key);
      } catch (error) {
        if (signal.aborted) return;
        log.warn("signing what is stored goes on in a minute: {why}", {
          why: toAppError(error).message,
        });
        await sleep(RETRY_MS, undefined, { signal, ref: false })
          .catch(() => undefined);
        if (signal.aborted) return;
      }
    }
  }

  #recordOf({ publicText: key }: SecretKey) {
    return this.#options.records.all().find((record) => record.key === key) ??
      { key, cursor: "", signedAtMs: null };
  }

  #next(): SecretKey | undefined {
    return this.#options.keyring.signing.find((key) =>
      this.#recordOf(key).signedAtMs === null
    );
  }

  async #sign(key: SecretKey): Promise<void> {
    const { records, clock, log, keyring } = this.#options;
    let record = this.#recordOf(key);
    let count = 0;
    // Retired meanwhile: nobody wants it any more.
    while (keyring.signing.includes(key)) {
      const begunMs = performance.now();
      const page = records.page(record.cursor, PATHS_PER_SLICE);
      const last = page.at(-1);
      record = {
        key: key.publicText,
        cursor: last?.hash ?? record.cursor,
        signedAtMs: last === undefined ? clock.now() : null,
      };
      count += this.#signPage(page, key, record);
      if (last === undefined) {
        log.info("{count} stored paths are signed with {key} now", {
          count,
          key: key.name,
        });
        return;
      }
      // As long as it took: requests have half of the time at least.
      await sleep(performance.now() - begunMs, undefined, {
        signal: this.#ending.signal,
      });
    }
  }

  #signPage(
    page: readonly StoredText[],
    key: SecretKey,
    record: Parameters<SigningRecords["put"]>[0],
  ): number {
    const { records, storeDir, hot, log } = this.#options;
    const signed: StoredText[] = [];
    for (const { hash, text } of page) {
      try {
        const anew = signedByAll(text, { hash, storeDir }, [key]);
        if (anew !== text) signed.push({ hash, text: anew });
      } catch (error) {
        // Damaged: a repair's matter, and no reason to stop.
        log.warn("{hash}.narinfo is not signed anew: {why}", {
          hash,
          why: toAppError(error).message,
        });
      }
    }
    records.put(record, signed);
    for (const { hash } of signed) hot.delete(hash);
    return signed.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
