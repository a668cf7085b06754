/**
 * RPC sessions for tests, in memory: a service of which a test gives what it
 * uses, and peers that a test writes by hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Framer } from "../../rpc/core/framing.ts";
import {
  beginMessage,
  endMessage,
  MESSAGE,
  uint16At,
} from "../../rpc/core/protocol.ts";
import { Reader } from "../../rpc/core/reader.ts";
import { Writer } from "../../rpc/core/writer.ts";
import {
  type CounterServer,
  Service,
  type ServiceServer,
} from "../../rpc/generated/interop.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "../../rpc/limits.ts";
import {
  type Client,
  memoryPair,
  serverOf,
  Session,
  type Transport,
} from "../../rpc/mod.ts";
import { AppError } from "../../roles/model/errors.ts";

/** The tables of a session that holds nothing. */
export const IDLE = {
  questions: 0,
  answers: 0,
  exports: 0,
  imports: 0,
  embargoes: 0,
};

/** Counts up, and how often it was given back. */
export class CounterObject implements CounterServer {
  value = 0;
  releases = 0;
  next({ expect }: { expect: number }) {
    this.value++;
    if (expect !== 0) assert.equal(this.value, expect);
    return { value: this.value };
  }
  total() {
    return { value: this.value };
  }
  released() {
    this.releases++;
  }
}

/** A service of which a test gives what it uses. */
export function service(methods: Partial<ServiceServer>): Client {
  return serverOf(Service, methods as ServiceServer);
}

/** Two sessions; the second sees the service of the first. */
export function connected(
  methods: Partial<ServiceServer>,
  limits: Partial<RpcLimits> = {},
) {
  const [left, right] = memoryPair();
  const server = new Session(left, {
    bootstrap: () => service(methods),
    limits,
  });
  const client = new Session(right, { limits });
  return { server, client, service: client.bootstrap(Service) };
}

/** The AppError that `promise` fails with. */
export async function failure(
  promise: PromiseLike<unknown>,
): Promise<AppError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof AppError, `an AppError, not ${error}`);
  return error;
}

/** Lets everything in memory come to rest. */
export async function rest(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

/** A peer that a test writes by hand. */
export class RawPeer {
  readonly #transport: Transport;
  readonly #framer = new Framer(DEFAULT_LIMITS);
  readonly tags: number[] = [];
  /** Of each Return: its tag. */
  readonly returns: number[] = [];
  ended = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      const bytes = await this.#transport.read();
      if (bytes === null) break;
      this.#framer.push(bytes, (segments) => {
        const reader = new Reader(segments, []);
        reader.structure(reader.segment, 0);
        const tag = uint16At(reader, 0);
        this.tags.push(tag);
        if (tag === MESSAGE.return) {
          reader.structure(reader.segment, reader.pointers);
          this.returns.push(uint16At(reader, 6));
        }
      });
    }
    this.ended = true;
  }

  async send(
    tag: number,
    body: (writer: Writer, at: number) => void,
  ): Promise<void> {
    const writer = new Writer();
    const start = beginMessage(writer, tag);
    body(writer, start + 24);
    endMessage(writer, start);
    await this.#transport.write(writer.bytes.subarray(0, writer.end));
    await rest();
  }

  bootstrap(question: number): Promise<void> {
    return this.send(MESSAGE.bootstrap, (writer, at) => {
      writer.view.setUint32(writer.struct(at, 1, 1), question, true);
    });
  }

  finish(question: number): Promise<void> {
    return this.send(MESSAGE.finish, (writer, at) => {
      writer.view.setUint32(writer.struct(at, 1, 0), question, true);
    });
  }
}

/** A session, and a peer of it that is written by hand. */
export function raw(methods: Partial<ServiceServer>) {
  const [left, right] = memoryPair();
  const session = new Session(left, { bootstrap: () => service(methods) });
  return { session, peer: new RawPeer(right) };
}

/** Sends one echo call after another and does not take the replies until told. */
export class Flood implements Transport {
  readonly peer = "flood";
  reads = 0;
  readonly #data = new Uint8Array(100_000);
  #blocked: (() => void) | undefined;
  open = false;
  stopped = false;

  read(): Promise<Uint8Array | null> {
    if (this.stopped) return Promise.resolve(null);
    const question = this.reads++;
    const writer = new Writer();
    const start = beginMessage(
      writer,
      question === 0 ? MESSAGE.bootstrap : MESSAGE.call,
    );
    if (question === 0) {
      writer.struct(start + 24, 1, 1);
    } else {
      const method = Service.methods.find(({ name }) => name === "echo")!;
      const call = writer.struct(start + 24, 3, 3);
      writer.view.setUint32(call, question, true);
      writer.view.setUint16(call + 4, method.ordinal, true);
      writer.view.setUint32(call + 8, method.interfaceLow, true);
      writer.view.setUint32(call + 12, method.interfaceHigh, true);
      const target = writer.struct(call + 24, 1, 1);
      writer.view.setUint16(target + 4, 1, true);
      writer.struct(target + 8, 1, 1);
      const payload = writer.struct(call + 32, 0, 2);
      writer.data(writer.struct(payload, 0, 1), this.#data);
    }
    endMessage(writer, start);
    return Promise.resolve(writer.bytes.subarray(0, writer.end));
  }

  write(): Promise<void> {
    if (this.open) return Promise.resolve();
    return new Promise((resolve) => this.#blocked = resolve);
  }

  release(): void {
    this.open = true;
    this.#blocked?.();
  }

  close(): void {
    this.stopped = true;
  }
}
