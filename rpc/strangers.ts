/**
 * Bounds what peers cost that have not shown who they are: few of them, small
 * messages, and not for long. A connection leaves this list when the server's
 * bootstrap object says that it trusts the peer.
 *
 * @module
 */
import type { Session } from "./session.ts";

/** What peers may use before they are trusted. */
export interface StrangerLimits {
  /** A token and a name fit many times; bytes that claim more end the connection. */
  maxMessageBytes: number;
  /**
   * Connections at once: each holds 10 KiB, and with the largest message that
   * is read of it 150 KiB. One more ends the oldest, so that a flood keeps
   * nobody out; 10,000 workers that come back together log in by turns.
   */
  maxConnections: number;
  /** Who logs in does so in the first message. */
  timeoutMs: number;
}

export const DEFAULT_STRANGER_LIMITS: Readonly<StrangerLimits> = {
  maxMessageBytes: 64 * 1024,
  maxConnections: 1024,
  timeoutMs: 10_000,
};

export class Strangers {
  /** The oldest first. */
  readonly #waiting = new Map<Session, ReturnType<typeof setTimeout>>();

  constructor(private readonly limits: Readonly<StrangerLimits>) {}

  add(session: Session): void {
    if (session.trusted) return;
    if (this.#waiting.size >= this.limits.maxConnections) {
      const [oldest] = this.#waiting.keys();
      oldest?.close("too many others have not logged in either");
    }
    const late = () =>
      session.close(`no login within ${this.limits.timeoutMs} ms`);
    this.#waiting.set(session, setTimeout(late, this.limits.timeoutMs));
    const known = () => this.#forget(session);
    session.whenTrusted(known);
    session.closed.then(known);
  }

  #forget(session: Session): void {
    clearTimeout(this.#waiting.get(session));
    this.#waiting.delete(session);
  }
}
