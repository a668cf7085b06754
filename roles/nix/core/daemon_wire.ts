/**
 * The protocol of `nix-daemon --stdio`, as much of it as brings paths into a
 * store: numbers and texts, and what the daemon answers. Pure.
 *
 * Source: nix's `worker-protocol` and `daemon.cc`, 2.8 (1.34) to 2.34 (1.38);
 * a daemon speaks the version its client names. `ssh-ng://` stores rest on it.
 *
 * ```text
 *   number: 8 bytes, little endian     text: number, bytes, zeros up to 8
 *   answer: message*  (last  result | error)
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

export const CLIENT_MAGIC = 0x6e697863;
export const DAEMON_MAGIC = 0x6478696f;
/** 1.34, which nix 2.8 speaks. */
export const PROTOCOL = 0x122;
/** The first that frames what is added: before it a failure left the stream in no known state. */
export const MIN_MINOR = 34;

/** What is asked of it. */
export const OPERATIONS = {
  setOptions: 19,
  queryAllValidPaths: 23,
  queryValidPaths: 31,
  addToStoreNar: 39,
} as const;

const LAST = 0x616c7473;
const ERROR = 0x63787470;
const NEXT = 0x6f6c6d67;
const START_ACTIVITY = 0x53545254;
const STOP_ACTIVITY = 0x53544f50;
const RESULT = 0x52534c54;

/** Store paths, keys and messages; more than this is no text of a daemon. */
const MAX_TEXT_BYTES = 1024 * 1024;
/** Traces and fields of one message. */
const MAX_FIELDS = 1000;

/** Writes what is sent. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  number(value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    return this.raw(bytes);
  }

  flag(value: boolean): this {
    return this.number(value ? 1 : 0);
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.number(bytes.length).raw(bytes);
    return this.raw(new Uint8Array((8 - bytes.length % 8) % 8));
  }

  texts(values: readonly string[]): this {
    this.number(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Thrown inside alone: there is not enough yet. */
class Incomplete extends Error {}

/** Takes what comes apart. What is not there yet is `undefined`, and asked for again when more came. */
export class WireReader {
  #bytes = new Uint8Array();
  #at = 0;

  push(chunk: Uint8Array): void {
    const left = this.#bytes.subarray(this.#at);
    const joined = new Uint8Array(left.length + chunk.length);
    joined.set(left);
    joined.set(chunk, left.length);
    this.#bytes = joined;
    this.#at = 0;
  }

  /** @throws {AppError} `failed` for what no daemon sends. */
  number(): number | undefined {
    return this.#whole(() => this.#number());
  }

  text(): string | undefined {
    return this.#whole(() => this.#text());
  }

  /** The next message of an answer: something for people, its end, or why it failed. */
  message():
    | { kind: "log"; text: string }
    | { kind: "last" }
    | { kind: "error"; text: string }
    | undefined {
    return this.#whole(() => this.#message());
  }

  #whole<T>(read: () => T): T | undefined {
    const start = this.#at;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      this.#at = start;
      return undefined;
    }
  }

  #take(length: number): Uint8Array {
    if (this.#bytes.length - this.#at < length) throw new Incomplete();
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  #number(): number {
    const bytes = this.#take(8);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8)
      .getBigUint64(0, true);
    // Activities have ids beyond what a number holds: they are only passed over.
    return Number(value);
  }

  #text(): string {
    const length = this.#number();
    if (length > MAX_TEXT_BYTES) throw unreadable(`a text of ${length} bytes`);
    const text = new TextDecoder().decode(this.#take(length));
    this.#take((8 - length % 8) % 8);
    return text;
  }

  #message(): { kind: "log" | "error"; text: string } | { kind: "last" } {
    const tag = this.#number();
    switch (tag) {
      case LAST:
        return { kind: "last" };
      case ERROR:
        return { kind: "error", text: this.#error() };
      case NEXT:
        return { kind: "log", text: this.#text() };
      case START_ACTIVITY:
        for (let index = 0; index < 3; index++) this.#number();
        this.#text();
        this.#fields();
        this.#number();
        return { kind: "log", text: "" };
      case STOP_ACTIVITY:
        this.#number();
        return { kind: "log", text: "" };
      case RESULT:
        this.#number();
        this.#number();
        this.#fields();
        return { kind: "log", text: "" };
      default:
        throw unreadable(`a message ${tag.toString(16)}`);
    }
  }

  /** Type, level, name, message, position, traces. */
  #error(): string {
    this.#text();
    this.#number();
    this.#text();
    const text = this.#text();
    this.#number();
    for (let left = this.#count(); left > 0; left--) {
      this.#number();
      this.#text();
    }
    return text;
  }

  #fields(): void {
    for (let left = this.#count(); left > 0; left--) {
      const type = this.#number();
      if (type === 0) this.#number();
      else if (type === 1) this.#text();
      else throw unreadable(`a field ${type}`);
    }
  }

  #count(): number {
    const count = this.#number();
    if (count > MAX_FIELDS) throw unreadable(`${count} fields`);
    return count;
  }
}

function unreadable(what: string): AppError {
  return new AppError("failed", `Cannot read what nix-daemon says: ${what}`);
}

/** What a path's registration says. */
export interface AddedPath {
  path: string;
  deriver?: string | undefined;
  /** In hex. */
  narHash: string;
  narSizeBytes: number;
  references: readonly string[];
  signatures: readonly string[];
  ca?: string | undefined;
}

/** Begins to add a path; its archive follows in frames. nix checks signature, hash, size and references. */
export function encodeAdd(added: AddedPath): Uint8Array {
  return new WireWriter()
    .number(OPERATIONS.addToStoreNar)
    .text(added.path)
    .text(added.deriver ?? "")
    .text(added.narHash)
    .texts(added.references)
    .number(0) // registered now
    .number(added.narSizeBytes)
    .flag(false) // built elsewhere
    .texts(added.signatures)
    .text(added.ca ?? "")
    .flag(false) // not to repair what is there
    .flag(false) // signatures are checked
    .bytes();
}

/** The settings this session runs with. */
export function encodeOptions(
  settings: Readonly<Record<string, string>>,
): Uint8Array {
  const writer = new WireWriter().number(OPERATIONS.setOptions);
  // keep failed, keep going, try fallback, verbosity (errors), build jobs, silent time,
  // build hook, build verbosity, log type, trace, cores, substitutes
  for (const value of [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) {
    writer.number(value);
  }
  const entries = Object.entries(settings);
  writer.number(entries.length);
  for (const [name, value] of entries) writer.text(name).text(value);
  return writer.bytes();
}
