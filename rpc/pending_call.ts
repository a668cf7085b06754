/**
 * A call under way, seen from its caller: its outcome, who waits for it, and
 * the capabilities pipelined on it.
 *
 *     waiting --results | exception | abort--> settled
 *
 * A promise is made only when somebody asks for one, so a call of which only
 * the pipeline is used rejects nobody.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { asAppError } from "./core/errors.ts";
import {
  asPayload,
  type Content,
  type Hook,
  type Reply,
  type Started,
} from "./core/hook.ts";
import { BrokenHook } from "./core/hooks.ts";
import type { MethodType } from "./core/types.ts";

/** The state of a call; what its caller holds is made around it in stub.ts. */
export class PendingCall<R> implements Reply {
  readonly #method: MethodType;
  readonly #label: string;
  readonly #hookOf: (value: unknown) => Hook | undefined;
  started: Started | undefined;
  #outcome: { value: R } | { error: AppError } | undefined;
  #taken: Disposable[] = [];
  #promise: Promise<R> | undefined;
  #resolve: ((value: R) => void) | undefined;
  #reject: ((error: AppError) => void) | undefined;
  /** Pipelined stubs that are not disposed. */
  #pipelined = 0;
  #usedPipeline = false;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  /** `hookOf`: what is behind a stub among the results, undefined for another value. */
  constructor(
    method: MethodType,
    label: string,
    hookOf: (value: unknown) => Hook | undefined,
  ) {
    this.#method = method;
    this.#label = label;
    this.#hookOf = hookOf;
  }

  watch(signal: AbortSignal): void {
    this.#signal = signal;
    this.#onAbort = () => {
      const { reason } = signal;
      const late = reason instanceof DOMException &&
        reason.name === "TimeoutError";
      this.started?.cancel();
      this.exception(
        new AppError(
          late ? "timeout" : "failed",
          late
            ? `${this.#label} did not return in time`
            : `${this.#label} was aborted`,
          { cause: reason },
        ),
      );
    };
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  // As a Reply.

  results(content: Content): void {
    if (this.#outcome !== undefined) return;
    try {
      const payload = asPayload(content);
      const { reader } = payload;
      reader.taken = [];
      const value = reader.root(
        payload.segment,
        payload.at,
        this.#method.results.decode,
      ) as R;
      this.#taken = reader.taken;
      reader.taken = [];
      this.#settle({ value });
    } catch (cause) {
      const error = asAppError(cause);
      this.exception(
        new AppError(
          "failed",
          `Cannot read the results of ${this.#label}: ${error.message}`,
          { cause: error },
        ),
      );
    }
  }

  exception(error: AppError): void {
    if (this.#outcome === undefined) this.#settle({ error });
  }

  #settle(outcome: { value: R } | { error: AppError }): void {
    this.#outcome = outcome;
    if (this.#onAbort !== undefined) {
      this.#signal?.removeEventListener("abort", this.#onAbort);
      this.#onAbort = undefined;
    }
    this.#deliver();
    this.#releaseUnused();
  }

  #deliver(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || this.#resolve === undefined) return;
    if ("value" in outcome) this.#resolve(outcome.value);
    else this.#reject?.(outcome.error);
  }

  promise(): Promise<R> {
    if (this.#promise === undefined) {
      this.#promise = new Promise<R>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      this.#deliver();
    }
    return this.#promise;
  }

  /** The hook that the results will have, or have, at `path`. */
  pipeline(path: readonly number[], names: readonly string[]): Hook {
    this.#pipelined++;
    this.#usedPipeline = true;
    if (this.#outcome === undefined) {
      return this.started?.pipeline(path) ??
        new BrokenHook(new AppError("failed", `${this.#label} is not started`));
    }
    if ("error" in this.#outcome) return new BrokenHook(this.#outcome.error);
    let value: unknown = this.#outcome.value;
    for (const name of names) {
      value = (value as Record<string, unknown> | undefined)?.[name];
    }
    const hook = this.#hookOf(value);
    hook?.addRef();
    return hook ?? new BrokenHook(
      new AppError(
        "failed",
        `${this.#label} returned no capability "${names.join(".")}"`,
      ),
    );
  }

  /** A pipelined stub was disposed of. */
  unpipeline(): void {
    this.#pipelined--;
    this.#releaseUnused();
  }

  /** Only the pipeline was used and it is gone: nobody will ask for the results' stubs. */
  #releaseUnused(): void {
    if (this.#pipelined > 0 || this.#promise !== undefined) return;
    if (!this.#usedPipeline) return;
    for (const stub of this.#taken) stub[Symbol.dispose]();
    this.#taken = [];
  }
}
