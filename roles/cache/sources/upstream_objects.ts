/**
 * Listings and logs of one upstream: fetched each time anew, once for all who
 * ask meanwhile.
 *
 * They are passed on and not stored: nobody signs them, and what is stored here
 * came from who may publish. What cannot be passed on counts as not there.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import { Turns } from "../../turns/mod.ts";
import { meet } from "./core/via.ts";
import type { Gate } from "./gate.ts";
import type { SourceMetrics } from "./metrics.ts";
import { Recent } from "./recent.ts";
import type { Chain, SourcedKind, SourcedObject } from "./source.ts";
import type { UpstreamClient } from "./upstream_client.ts";

/** A log of 16 MiB from far away. */
const OBJECT_MS = 30_000;
/** As large as those that are stored here. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024;
/** Asked for again after this: a build elsewhere may have pushed it. */
const ABSENT_MS = 30_000;
/** 100 bytes each. */
const MAX_ABSENT = 10_000;
/** At once, each whole in memory: 64 MiB. */
const FETCHING = 4;
/** Those who look at a page of logs at once. */
const WAITING = 64;

/** What it is given. */
export interface UpstreamObjectsOptions {
  /** The upstream's. */
  name: string;
  client: Pick<UpstreamClient, "bytes">;
  gate: Gate;
  metrics: SourceMetrics;
  nowMs: () => number;
  log: Logger;
}

function pathOf(kind: SourcedKind, name: string): string {
  switch (kind) {
    case "ls":
      return `${name}.ls`;
    case "log":
      return `log/${name}`;
  }
}

export class UpstreamObjects {
  readonly #options: UpstreamObjectsOptions;
  readonly #absent: Recent<true>;
  readonly #flights = new Map<string, Promise<SourcedObject | undefined>>();
  readonly #fetching = new Turns({
    running: FETCHING,
    waiting: WAITING,
    what: "listings and logs asked of an upstream",
  });

  constructor(options: UpstreamObjectsOptions) {
    this.#options = options;
    const { nowMs } = options;
    this.#absent = new Recent({
      maxWeight: MAX_ABSENT,
      ageMs: ABSENT_MS,
      nowMs,
    });
  }

  /** @throws {AppError} as `PathSource.object`. */
  async get(
    kind: SourcedKind,
    name: string,
    chain: Chain,
  ): Promise<SourcedObject | undefined> {
    const path = pathOf(kind, name);
    if (this.#absent.get(path) === true) return undefined;
    // As with narinfos: caches that ask each other must not wait for each other.
    const key = [path, ...chain].join(" ");
    const flying = this.#flights.get(key);
    if (flying !== undefined) return await flying;
    const flight = this.#fetching.run(() => this.#fetch(path, chain));
    this.#flights.set(key, flight);
    try {
      return await flight;
    } finally {
      this.#flights.delete(key);
    }
  }

  async #fetch(path: string, chain: Chain): Promise<SourcedObject | undefined> {
    const { name, gate, metrics } = this.#options;
    const answer = await gate.run(path, () => this.#ask(path, chain));
    metrics.lookup(name, "object", answer === undefined ? "miss" : "hit");
    if (answer !== undefined && !meet(answer.via, chain)) return answer;
    // Who came by another cache may have been told "no" to end a loop.
    if (chain.length === 0) this.#absent.set(path, true);
    return undefined;
  }

  async #ask(path: string, chain: Chain): Promise<SourcedObject | undefined> {
    const { client, log } = this.#options;
    try {
      return await client.bytes(path, {
        chain,
        timeoutMs: OBJECT_MS,
        maxBytes: MAX_OBJECT_BYTES,
      });
    } catch (error) {
      // It answers: this one thing of it is of no use.
      if (!(error instanceof AppError) || error.code !== "refused") throw error;
      log.debug("{path} is passed over: {why}", { path, why: error.message });
      return undefined;
    }
  }
}
