/**
 * Somebody who follows the master's events: over the CLI's own client, now and
 * then slow, now and then gone, and after that from the last one on.
 *
 * @module
 */
import {
  type CallWithin,
  operatorMethods,
} from "../../roles/cli/operator_rpc.ts";
import { AppError } from "../../roles/model/errors.ts";
import type { Event } from "../../roles/model/event.ts";
import { Client } from "./client.ts";
import type { Kernel } from "./kernel.ts";
import type { Network } from "./network.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

/** How long one stream is followed, and how long the reader then is away. */
const FOLLOW_MS = { min: 10_000, max: 120_000 };
const AWAY_MS = { min: 500, max: 15_000 };

interface ReaderParts {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
  trace: Trace;
}

export class EventReader {
  /** The last event it has read. */
  after = 0;
  /** Told of each, in the order in which they come. */
  onEvent: (event: Event) => void = () => undefined;
  readonly #parts: ReaderParts;
  readonly #client: Client;
  #isOver = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    const { kernel, network } = parts;
    this.#client = new Client("reader", { kernel, network, token: "viewer" });
  }

  /** Reads until `end`. */
  async run(): Promise<void> {
    const { kernel, random, trace } = this.#parts;
    while (!this.#isOver) {
      try {
        await this.#follow(random.integer(FOLLOW_MS.min, FOLLOW_MS.max));
      } catch (error) {
        if (!(error instanceof AppError)) {
          trace.broken("reader", String(error));
          return;
        }
      }
      await kernel.sleep(
        this.#isOver ? 0 : random.integer(AWAY_MS.min, AWAY_MS.max),
      );
    }
  }

  end(): void {
    this.#isOver = true;
  }

  async #follow(ms: number): Promise<void> {
    const { kernel, trace } = this.#parts;
    const stop = new AbortController();
    kernel.after(ms, () => stop.abort());
    await this.#client.call(async (session, { signal }) => {
      const within: CallWithin = async (action) => await action({ signal });
      const { events } = operatorMethods(session, within);
      trace.seen("follow", "reader", `after ${this.after}`);
      await events({
        after: this.after,
        follow: true,
        topics: [],
        cluster: "",
        audit: false,
        tail: 0,
      }, {
        signal: stop.signal,
        take: (batch) => {
          // What still comes after the reader has let go is not its own any more.
          if (stop.signal.aborted) return;
          for (const event of batch) {
            this.onEvent(event);
            this.after = event.index;
          }
        },
      });
    });
  }
}
