/**
 * Pulls nars from one upstream: each once for all who ask, checked while it is
 * received, stored when it was true. Without room on the disk each client gets
 * its own, checked and not stored.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { Turns } from "../../turns/mod.ts";
import type { NarRecord } from "../core/admission.ts";
import { parseNarName } from "../../nar/core/names.ts";
import { receiveNar } from "../protocol/receive.ts";
import type { NarFiles, OpenFile } from "../storage/files.ts";
import type { Offer } from "./core/upstream_narinfo.ts";
import { meet } from "./core/via.ts";
import type { Gate } from "./gate.ts";
import type { SourceMetrics } from "./metrics.ts";
import { Pull } from "./pull.ts";
import type { Chain } from "./source.ts";
import { unpackedStream } from "./unpacked.ts";
import { relayed } from "./relay.ts";
import type { UpstreamAnswer, UpstreamClient } from "./upstream_client.ts";

/** Until a nar begins: some caches fetch it from a slow storage first. */
const HEAD_MS = 30_000;
/** A nar may take this and a second more for each 64 KiB: slower than that, nobody waits for it. */
const BASE_MS = 2 * 60_000;
const BYTES_PER_MS = 64 * 1024 / 1000;
/** What a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Nars at once: each holds a connection and an unpacker. */
const PULLING = 16;
const RELAYING = 32;
const WAITING = 1024;

/** What it is given. */
export interface UpstreamNarsOptions {
  /** The upstream's. */
  name: string;
  client: Pick<UpstreamClient, "open">;
  gate: Gate;
  files: Pick<NarFiles, "stage">;
  /** Nars under way from any upstream, by file. */
  pulls: Map<string, Pull>;
  /** Whether the disk can take so many bytes more. */
  hasRoom(bytes: number): Promise<boolean>;
  /** Makes a pulled path part of the cache, seen when the call returns; the nar is on disk. */
  store(nar: NarRecord, offer: Offer, by: string): Promise<void>;
  metrics: SourceMetrics;
}

/** Where a nar goes. */
interface Into {
  stage: NarFiles["stage"];
  isTrue?: () => void;
}

function withDeadline(size: number): { signal: AbortSignal; end: () => void } {
  const abort = new AbortController();
  const ms = Math.min(BASE_MS + size / BYTES_PER_MS, MAX_TIMER_MS);
  const late = () =>
    abort.abort(
      new AppError("timeout", `Cannot wait for a nar that takes ${ms} ms`),
    );
  const timer = setTimeout(late, ms);
  return { signal: abort.signal, end: () => clearTimeout(timer) };
}

export class UpstreamNars {
  readonly #options: UpstreamNarsOptions;
  readonly #pulling = new Turns({
    running: PULLING,
    waiting: WAITING,
    what: "nars from an upstream",
  });
  /** Of their own: these go at the pace of their clients. */
  readonly #relaying = new Turns({
    running: RELAYING,
    waiting: WAITING,
    what: "nars from an upstream that the disk has no room for",
  });

  constructor(options: UpstreamNarsOptions) {
    this.#options = options;
  }

  /**
   * The nar of an offer, from the pull that is under way or a new one.
   *
   * @param via the caches that the offer came through.
   * @param chain the caches that the request came through.
   * @throws {AppError} `not_found` when it is not there after all; as `PathSource.nar`.
   */
  async open(offer: Offer, via: Chain, chain: Chain): Promise<OpenFile> {
    const { pulls } = this.#options;
    const { file, fileSize } = offer.info;
    const room = pulls.has(file) || await this.#hasRoom(fileSize);
    // Nothing waits from here on: two who come at once make one pull.
    let pull = pulls.get(file);
    if (pull !== undefined && meet(pull.via, chain)) {
      throw new AppError("unavailable", `nar/${file} is on a way in a circle`);
    }
    if (pull === undefined && !room) {
      return relayed(fileSize, async (stage) => {
        await this.#relaying.run(() => this.#fetch(offer, chain, { stage }));
      });
    }
    pull ??= this.#begin(offer, via, chain);
    await pull.ready;
    return pull.opened;
  }

  async #hasRoom(bytes: number): Promise<boolean> {
    const { pulls, hasRoom } = this.#options;
    const coming = [...pulls.values()].reduce((sum, { size }) => sum + size, 0);
    return await hasRoom(coming + bytes);
  }

  #begin(offer: Offer, via: Chain, chain: Chain): Pull {
    const { name, pulls, files, store } = this.#options;
    const { file, fileSize } = offer.info;
    const pull = new Pull(fileSize, via, files, async (stage, isTrue) => {
      await this.#pulling.run(async () => {
        const nar = await this.#fetch(offer, chain, { stage, isTrue });
        const stored = store(nar, offer, `upstream ${name}`);
        // Whoever comes now finds it in the storage, or that it was deleted there.
        pulls.delete(file);
        await stored;
      });
    });
    pulls.set(file, pull);
    void pull.done.then(() => {
      // Another one may have begun since it was stored.
      if (pulls.get(file) === pull) pulls.delete(file);
    });
    return pull;
  }

  async #fetch(
    offer: Offer,
    chain: Chain,
    into: Into,
  ): Promise<NarRecord> {
    const { name, client, gate, metrics } = this.#options;
    const deadline = withDeadline(offer.info.fileSize);
    try {
      const nar = await gate.run("nar", async () => {
        const answer = await client.open(offer.url, {
          chain,
          timeoutMs: HEAD_MS,
          signal: deadline.signal,
        });
        if (answer === undefined) return undefined;
        // A trial is over: others need not wait until the nar is here.
        gate.answered();
        return await this.#receive(answer, offer, into);
      });
      if (nar === undefined) {
        throw new AppError(
          "not_found",
          `${name} names nar/${offer.info.file} and does not have it`,
        );
      }
      metrics.lookup(name, "nar", "hit");
      return nar;
    } finally {
      deadline.end();
    }
  }

  async #receive(
    { body, length }: UpstreamAnswer,
    { info, unpack }: Offer,
    { stage, isTrue }: Into,
  ): Promise<NarRecord> {
    const name = parseNarName(info.file);
    if (name === undefined) throw new Error("an offer names its own nar");
    const known = unpack === undefined ? length : undefined;
    if (known !== undefined && known !== info.fileSize) {
      await body.cancel();
      throw new AppError(
        "unavailable",
        `Cannot take over nar/${info.file}: it has ${known} bytes, its narinfo says ${info.fileSize}`,
      );
    }
    const counted = this.#counted(body);
    const stream = unpack === undefined
      ? counted
      : unpackedStream(counted, unpack);
    return await receiveNar(stream, name, {
      files: { stage },
      maxBytes: Math.max(info.fileSize, info.narSize),
      check: (nar) => {
        if (nar.narHash === info.narHash && nar.narSize === info.narSize) {
          return isTrue?.();
        }
        throw new AppError(
          "unavailable",
          `Cannot take over nar/${info.file}: unpacked it has the hash ${nar.narHash}, its narinfo says ${info.narHash}`,
        );
      },
    });
  }

  #counted(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const { metrics, name } = this.#options;
    return body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          metrics.pulled(name, chunk.length);
          controller.enqueue(chunk);
        },
      }),
    );
  }
}
