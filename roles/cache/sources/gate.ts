/**
 * The way to one upstream: lets requests through while it answers, passes it
 * over for a while when it does not (`core/circuit.ts`), and says so.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { ask, type Circuit, failed, FRESH, troubleOf } from "./core/circuit.ts";
import type { SourceMetrics } from "./metrics.ts";
import { OwnFailure } from "./own_failure.ts";

export interface GateOptions {
  /** The upstream's. */
  name: string;
  nowMs: () => number;
  metrics: SourceMetrics;
  log: Logger;
}

export class Gate {
  readonly #options: GateOptions;
  #circuit: Circuit = FRESH;
  /** Resolves with the next answer or failure. */
  #judged = Promise.withResolvers<void>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Why it is passed over, undefined when it is not. */
  get trouble(): string | undefined {
    return troubleOf(this.#circuit);
  }

  /**
   * Asks it by `action`, and learns from how that went.
   *
   * @throws {AppError} `unavailable` when it is passed over; what `action` throws.
   */
  async run<T>(what: string, action: () => Promise<T>): Promise<T> {
    const { name, nowMs, metrics } = this.#options;
    let circuit = ask(this.#circuit, nowMs());
    if (circuit === undefined && this.#circuit.state === "trying") {
      // A client that is told "not here" remembers it for an hour: it waits for the trial.
      await this.#judged.promise;
      circuit = ask(this.#circuit, nowMs());
    }
    if (circuit === undefined) {
      metrics.failure(name, "skipped");
      throw new AppError(
        "unavailable",
        `${name} is passed over for a while: ${this.trouble}`,
      );
    }
    this.#circuit = circuit;
    try {
      const value = await action();
      this.answered();
      return value;
    } catch (error) {
      this.#failed(what, toAppError(error));
      throw error;
    }
  }

  /** It does answer: said in the middle of an `action` that goes on for long. */
  answered(): void {
    if (this.trouble !== undefined) {
      this.#options.log.info("{url} answers again", {
        url: this.#options.name,
      });
    }
    this.#become(FRESH);
  }

  #failed(what: string, error: AppError): void {
    const { name, metrics, log, nowMs } = this.#options;
    // Nor does our own full disk say anything against it: it had answered.
    if (error instanceof OwnFailure || error.code === "storage") {
      return this.answered();
    }
    metrics.failure(name, error.code);
    const before = this.trouble;
    const why = error.message;
    this.#become(failed(this.#circuit, { nowMs: nowMs(), why }));
    const message = this.trouble !== undefined && before === undefined
      ? "{url} failed us with a {what} and is passed over for a while: {why}"
      : "{url} failed us with a {what}: {why}";
    log.warn(message, { url: name, what, why });
  }

  #become(circuit: Circuit): void {
    this.#circuit = circuit;
    this.#judged.resolve();
    this.#judged = Promise.withResolvers();
  }
}
