/**
 * A call under a time-out of the Clock port, so that it is a simulated one in
 * the simulator and leaves no timer behind.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";

/** How long a call may take, and what is said when it takes longer. */
export interface Within {
  clock: Clock;
  ms: number;
  /** The whole message: `w1 did not answer within 10 s`. */
  late: string;
  /** Ends it sooner. */
  signal?: AbortSignal;
}

/** Why the sleep beside a call ends: made once, since an abort without a reason makes an error with a stack trace each time. */
const ANSWERED = "answered";

/**
 * Runs `call` with a signal that ends after `ms`; gives up on one that ignores
 * its signal.
 *
 * @throws {AppError} `timeout`.
 */
export async function within<T>(
  { clock, ms, late, signal }: Within,
  call: (options: { signal: AbortSignal }) => PromiseLike<T>,
): Promise<T> {
  const done = new AbortController();
  const limit = new AbortController();
  const ended = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    limit.abort(reason);
    ended.reject(reason);
  };
  const onAbort = () => stop(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  void clock.sleep(ms, done.signal).then(() => {
    if (!done.signal.aborted) stop(new AppError("timeout", late));
  });
  try {
    const called = Promise.resolve(
      limit.signal.aborted ? ended.promise : call({ signal: limit.signal }),
    );
    return await Promise.race([called, ended.promise]);
  } finally {
    done.abort(ANSWERED);
    signal?.removeEventListener("abort", onAbort);
    ended.promise.catch(() => undefined);
  }
}
