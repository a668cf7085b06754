/**
 * Ports that every role shares. A port that one role needs is declared by that role.
 *
 * @module
 */

/** Time. `now` for people, `bootMs` for leases and deadlines: it does not jump. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Whole milliseconds since the host's boot: never goes back, counts suspended time, shared by all processes of one boot. */
  bootMs(): number;
  /** Resolves after `ms`, at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, so that a simulator can own it. */
export interface Random {
  /** Lower-case hex of `bytes` random bytes. */
  hex(bytes: number): string;
}

/** A role that runs. `stop` is idempotent, drains what is under way within a bound, and never throws. */
export interface RunningRole {
  readonly name: string;
  /** Where it listens: `http`, `rpc`: URLs. */
  readonly endpoints: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** Rejects when the role failed by itself; resolves after `stop`. */
  readonly finished: Promise<void>;
}
