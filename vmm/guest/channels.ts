/**
 * The guest channels of one host: a connection per copy, opened when somebody
 * first asks and again after it has ended; a line for people and one for health
 * checks. Decides nothing about the guests.
 *
 * @module
 */
import { AppError, toAppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock, Random } from "../../roles/model/ports.ts";
import { Turns } from "../../roles/turns/mod.ts";
import type { Vmm } from "../vmm.ts";
import { GuestClient } from "./client.ts";
import { SESSION_DIGITS } from "./core/frames.ts";
import type { ExecOptions, ExecResult, Guests, SwitchResult } from "./guest.ts";

/** Commands of people in one guest at once; the agent takes twice as many as both lines together. */
const MAX_PEOPLE = 4;
/** Commands of checks in one guest at once: they are short, and ended when their time is over. */
const MAX_CHECKS = 4;
/** In line behind them: more are told that the guest is busy. */
const MAX_WAITING = 64;
/** How long a guest that booted may take to answer before a command is given up. */
const READY_MS = 10_000;
/** A guest whose channel was of no use is left alone for a while: it could keep us busy with nothing else. */
const PENANCE_MS = 10_000;

/** What is kept of one copy. */
interface Channel {
  /** The last one, closed or not. */
  client: GuestClient | null;
  opening: Promise<GuestClient> | null;
  people: Turns;
  checks: Turns;
  /** Not opened again before, and why. */
  penance: { untilMs: number; why: AppError } | null;
}

/** {@linkcode Guests} over the guest channel of a driver. */
export class GuestChannels implements Guests {
  readonly #vmm: Pick<Vmm, "guestChannel">;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By copy. */
  readonly #channels = new Map<string, Channel>();
  #isClosed = false;

  constructor(
    options: { vmm: Pick<Vmm, "guestChannel">; clock: Clock; random: Random },
  ) {
    this.#vmm = options.vmm;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async ready(copy: CopyId, timeoutMs: number): Promise<void> {
    const end = this.#clock.bootMs() + timeoutMs;
    const client = await this.#client(copy);
    await client.ready(Math.max(1, end - this.#clock.bootMs()));
  }

  async exec(
    copy: CopyId,
    argv: readonly string[],
    options: ExecOptions,
  ): Promise<ExecResult> {
    const { lane = "people", timeoutMs, ...rest } = options;
    const endsAtMs = timeoutMs === 0
      ? Infinity
      : this.#clock.bootMs() + timeoutMs;
    const leftMs = () => Math.max(1, endsAtMs - this.#clock.bootMs());
    const end = await this.#turn(this.#channel(copy)[lane], options);
    try {
      const client = await this.#client(copy);
      await client.ready(Math.min(READY_MS, leftMs()), options.signal);
      return await client.exec(argv, {
        ...rest,
        timeoutMs: timeoutMs === 0 ? 0 : leftMs(),
      });
    } finally {
      end();
    }
  }

  /** A place in line is waited for within the command's own time. */
  async #turn(
    line: Turns,
    { timeoutMs, signal }: Pick<ExecOptions, "timeoutMs" | "signal">,
  ): Promise<() => void> {
    if (timeoutMs === 0) return await line.take(signal);
    const taken = new AbortController();
    const late = new AbortController();
    this.#clock.sleep(timeoutMs, taken.signal).then(() =>
      late.abort(
        new AppError(
          "timeout",
          `It did not begin within ${timeoutMs} ms: other commands are running in this guest`,
        ),
      )
    );
    const signals = signal === undefined ? [] : [signal];
    try {
      return await line.take(AbortSignal.any([...signals, late.signal]));
    } finally {
      taken.abort("");
    }
  }

  async switchTo(
    copy: CopyId,
    toplevel: string,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<SwitchResult> {
    let client: GuestClient;
    try {
      client = await this.#client(copy);
      const readyMs = Math.min(READY_MS, options.timeoutMs);
      await client.ready(readyMs, options.signal);
    } catch (error) {
      return { kind: "refused", reason: toAppError(error).message };
    }
    return await client.switchTo(toplevel, options);
  }

  forget(copy: CopyId): void {
    const key = copyKey(copy);
    const channel = this.#channels.get(key);
    this.#channels.delete(key);
    channel?.client?.close();
    channel?.opening?.then((client) => client.close(), () => undefined);
  }

  /** Lets go of all connections; nothing is opened any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const { client, opening } of channels) {
      const last = await opening?.catch(() => null) ?? client;
      last?.close();
      await last?.closed;
    }
  }

  #channel(copy: CopyId): Channel {
    const key = copyKey(copy);
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const what = `commands in "${copy.id}"`;
    const waiting = MAX_WAITING;
    const fresh: Channel = {
      client: null,
      opening: null,
      people: new Turns({ running: MAX_PEOPLE, waiting, what }),
      checks: new Turns({ running: MAX_CHECKS, waiting, what }),
      penance: null,
    };
    this.#channels.set(key, fresh);
    return fresh;
  }

  /** The connection to this copy; those who ask while it is opened share it. */
  async #client(copy: CopyId): Promise<GuestClient> {
    if (this.#isClosed) {
      throw new AppError("unavailable", "The worker is stopping");
    }
    const channel = this.#channel(copy);
    const { client, penance } = channel;
    if (client !== null && !client.isClosed) return client;
    if (penance !== null && this.#clock.bootMs() < penance.untilMs) {
      throw penance.why;
    }
    channel.opening ??= this.#open(copy, channel).finally(() => {
      channel.opening = null;
    });
    return await channel.opening;
  }

  async #open(copy: CopyId, channel: Channel): Promise<GuestClient> {
    // A driver has one connection to a copy at a time.
    await channel.client?.closed;
    const connection = await this.#vmm.guestChannel(copy);
    const session = this.#random.hex(SESSION_DIGITS / 2);
    const client = new GuestClient(connection, { session, clock: this.#clock });
    channel.client = client;
    client.closed.then((why) => {
      const untilMs = this.#clock.bootMs() + PENANCE_MS;
      channel.penance = client.isUseless ? { untilMs, why } : null;
    });
    return client;
  }
}
