/**
 * The network between simulated processes: streams that delay, break, stall
 * behind partitions and are half open when one end is gone. Bytes of one
 * stream arrive in order and once; what comes twice or late comes over
 * another connection (worker_link.ts).
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Transport } from "../../rpc/mod.ts";
import { type Kernel, never, type Process, type Timer } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

/** A stream whose bytes are not acknowledged for this long is given up by its sender. */
const PATIENCE_MS = { min: 8000, max: 25_000 };
/** An end that has nothing to send learns from keep-alives that the other is gone. */
const KEEP_ALIVE_MS = 45_000;

export interface NetworkFaults {
  /** A message may take seconds. */
  delay: boolean;
  /** Connections break by themselves. */
  loss: boolean;
}

/** A stream that a test can cut at the moment the other end answers. */
export interface Stream extends Transport {
  /** Asked when the other end writes; true: the connection breaks and what it wrote is lost. */
  onWrite: (() => boolean) | null;
}

type Accept = (transport: Transport, peer: string) => void;

export class Network {
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  readonly #trace: Trace;
  readonly #listeners = new Map<string, { process: Process; accept: Accept }>();
  readonly #blocked = new Set<string>();
  readonly #connections = new Set<Connection>();
  /** When something was last cut, mended, or died at one end. */
  disturbedMs = 0;
  faults: NetworkFaults = { delay: false, loss: false };
  /** What a message takes on a good day. */
  latencyMs = { min: 1, max: 4 };

  constructor(kernel: Kernel, random: RandomStream, trace: Trace) {
    this.#kernel = kernel;
    this.#random = random;
    this.#trace = trace;
  }

  get open(): number {
    return this.#connections.size;
  }

  listen(name: string, process: Process, accept: Accept): void {
    this.#listeners.set(name, { process, accept });
  }

  /** The process that listens by this name. */
  listenerOf(name: string): Process | undefined {
    return this.#listeners.get(name)?.process;
  }

  disturb(): void {
    this.disturbedMs = this.#kernel.nowMs;
  }

  /** Nothing sent from one reaches the other until `unblock`. */
  block(from: string, to: string): void {
    this.disturb();
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.disturb();
    this.#blocked.delete(`${from}>${to}`);
    for (const connection of this.#connections) connection.flushHeld();
  }

  unblockAll(): void {
    this.disturb();
    this.#blocked.clear();
    for (const connection of this.#connections) connection.flushHeld();
  }

  /** Somewhere nothing goes through. */
  get isCut(): boolean {
    return this.#blocked.size > 0;
  }

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.has(`${from}>${to}`);
  }

  delayMs(): number {
    if (this.faults.delay && this.#random.chance(0.03)) {
      const ms = this.#random.integer(50, 3000);
      this.#trace.fault("delay", "network", `${ms} ms`);
      return ms;
    }
    return this.#random.integer(this.latencyMs.min, this.latencyMs.max);
  }

  /** Breaks one connection that is open. */
  breakOne(): void {
    const open = [...this.#connections];
    if (open.length === 0) return;
    const connection = this.#random.pick(open);
    this.#trace.fault("connection-loss", "network", connection.label);
    connection.break(this.#random);
    this.disturb();
  }

  /** @throws {AppError} `unavailable` or `timeout`. */
  async connect(
    from: string,
    to: string,
    options: { process: Process; signal: AbortSignal },
  ): Promise<Stream> {
    const { process, signal } = options;
    const gaveUp = Promise.withResolvers<never>();
    const onAbort = () =>
      gaveUp.reject(
        new AppError("timeout", `Cannot connect to ${to}: gave up waiting`, {
          cause: signal.reason,
        }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const made = this.#dial(from, to, process);
      made.then((transport) => {
        if (signal.aborted) transport.close();
      }, () => undefined);
      return await process.alive(Promise.race([made, gaveUp.promise]));
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #dial(
    from: string,
    to: string,
    process: Process,
  ): Promise<Stream> {
    await this.#kernel.sleep(this.delayMs());
    // The first packet or its answer is lost: nothing comes back.
    if (this.isBlocked(from, to) || this.isBlocked(to, from)) return never();
    const listener = this.#listeners.get(to);
    if (listener === undefined || listener.process.isDead || process.isDead) {
      throw new AppError("unavailable", `Cannot connect to ${to}: refused`);
    }
    const connection = new Connection(
      { kernel: this.#kernel, network: this, random: this.#random },
      { name: from, process },
      { name: to, process: listener.process },
    );
    this.#connections.add(connection);
    connection.onOver = () => this.#connections.delete(connection);
    listener.accept(connection.right, from);
    await this.#kernel.sleep(this.delayMs());
    if (this.faults.loss && this.#random.chance(0.02)) {
      this.#trace.fault("connection-loss", "network", connection.label);
      connection.break(this.#random);
      this.disturb();
    }
    return connection.left;
  }
}

interface Surroundings {
  kernel: Kernel;
  network: Network;
  random: RandomStream;
}

interface Endpoint {
  name: string;
  process: Process;
}

class Connection {
  readonly left: End;
  readonly right: End;
  readonly label: string;
  isBroken = false;
  onOver: () => void = () => undefined;

  constructor(around: Surroundings, left: Endpoint, right: Endpoint) {
    this.label = `${left.name}-${right.name}`;
    this.left = new End(this, around, left, right.name);
    this.right = new End(this, around, right, left.name);
    this.left.other = this.right;
    this.right.other = this.left;
  }

  /** Both ends at once; of what is under way perhaps half a message arrives. */
  break(random: RandomStream): void {
    this.left.deliverHalf(random);
    this.right.deliverHalf(random);
    this.isBroken = true;
    this.left.end();
    this.right.end();
  }

  flushHeld(): void {
    this.left.flushHeld();
    this.right.flushHeld();
  }

  ended(): void {
    if (this.left.isClosed && this.right.isClosed) this.onOver();
  }
}

/** Bytes, or the end of the stream. */
type Piece = Uint8Array | null;

class End implements Stream {
  readonly peer: string;
  other: End | undefined;
  isClosed = false;
  onWrite: (() => boolean) | null = null;
  readonly #connection: Connection;
  readonly #around: Surroundings;
  readonly #name: string;
  readonly #process: Process;
  readonly #arrived: Uint8Array[] = [];
  #reader: ((piece: Piece) => void) | undefined;
  #lastAtMs = 0;
  #held: Piece[] = [];
  #underWay: Uint8Array[] = [];
  #patience: Timer | null = null;

  constructor(
    connection: Connection,
    around: Surroundings,
    own: Endpoint,
    peer: string,
  ) {
    this.#connection = connection;
    this.#around = around;
    this.#name = own.name;
    this.#process = own.process;
    this.peer = peer;
    own.process.onKill(() => this.#killed());
  }

  read(): Promise<Uint8Array | null> {
    if (this.#process.isDead) return never();
    const next = this.#arrived.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#reader = resolve);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#process.isDead) return never();
    if (this.isClosed) {
      return Promise.reject(
        new AppError("unavailable", `${this.peer} is not connected`),
      );
    }
    if (this.other?.onWrite?.() === true) {
      this.#connection.isBroken = true;
      this.other.end();
      this.end();
    } else this.#send(bytes.slice());
    return Promise.resolve();
  }

  close(): void {
    if (this.isClosed || this.#process.isDead) return;
    this.#send(null);
    this.end();
  }

  /** This end is over; the other is not told. */
  end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#patience?.cancel();
    this.#held = [];
    if (!this.#process.isDead) this.#reader?.(null);
    this.#reader = undefined;
    this.#connection.ended();
    // Should the news be lost, keep-alives bring it.
    const { other } = this;
    if (other?.isClosed === false) {
      this.#around.kernel.after(KEEP_ALIVE_MS, () => other.end());
    }
  }

  /** The host closes a dead process' sockets. */
  #killed(): void {
    if (this.isClosed) return;
    this.#send(null);
    this.end();
  }

  #send(piece: Piece): void {
    const { network, random } = this.#around;
    if (network.isBlocked(this.#name, this.peer)) {
      this.#held.push(piece);
      this.#patience ??= this.#around.kernel.after(
        random.integer(PATIENCE_MS.min, PATIENCE_MS.max),
        () => {
          this.#patience = null;
          if (this.#held.length > 0) this.end();
        },
      );
      return;
    }
    if (piece !== null) this.#underWay.push(piece);
    const { kernel } = this.#around;
    const atMs = Math.max(this.#lastAtMs, kernel.nowMs + network.delayMs());
    this.#lastAtMs = atMs;
    kernel.after(atMs - kernel.nowMs, () => this.#arrive(piece));
  }

  #arrive(piece: Piece): void {
    if (this.#connection.isBroken) return;
    if (piece !== null) this.#underWay.shift();
    const { other } = this;
    if (other === undefined) return;
    if (other.isClosed) {
      // Nobody is there: a reset comes back.
      if (
        piece !== null && !this.#around.network.isBlocked(this.peer, this.#name)
      ) {
        this.#around.kernel.after(
          this.#around.network.delayMs(),
          () => this.end(),
        );
      }
      return;
    }
    if (piece === null) return other.end();
    other.#take(piece);
  }

  #take(piece: Uint8Array): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#arrived.push(piece);
    else reader(piece);
  }

  flushHeld(): void {
    if (this.#held.length === 0) return;
    if (this.#around.network.isBlocked(this.#name, this.peer)) return;
    this.#patience?.cancel();
    this.#patience = null;
    const held = this.#held;
    this.#held = [];
    for (const piece of held) this.#send(piece);
  }

  deliverHalf(random: RandomStream): void {
    const first = this.#underWay[0];
    if (first === undefined || this.other?.isClosed !== false) return;
    if (random.chance(0.5)) this.other.#take(first.slice(0, first.length >> 1));
  }
}
