/**
 * The RPC state machine of one connection, level 1: messages in, messages
 * out. Owns the four tables (questions, answers, exports, imports) and the
 * embargoes. Never touches a socket, a timer or a promise.
 *
 *     open --end(reason)--> ended: every table empty, every pending call failed
 *
 * A question lives from Call to Return and Finish, an answer from Call to
 * Finish. Results are taken out of a Return at once, so Finish follows it at
 * once; what is pipelined later goes to the results' capabilities.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { RpcLimits } from "../limits.ts";
import { Answers } from "./answers.ts";
import { Capabilities } from "./capabilities.ts";
import { asAppError, toWireException } from "./errors.ts";
import { copyPointer } from "./copy.ts";
import {
  type Content,
  type Hook,
  Payload,
  type Reply,
  type Request,
  type Started,
} from "./hook.ts";
import { BrokenCall, BrokenHook } from "./hooks.ts";
import { handleMessage } from "./incoming.ts";
import {
  beginMessage,
  type Descriptor,
  endMessage,
  MESSAGE,
  readDescriptor,
  type Target,
  writeCapTable,
  writeDescriptor,
  writeException,
  writeTarget,
} from "./protocol.ts";
import { Questions } from "./questions.ts";
import { MalformedMessage, Reader, Segment } from "./reader.ts";
import { Writer } from "./writer.ts";

export interface ConnectionOptions {
  /** What a Bootstrap gets. A new reference. Throws where there is nothing to offer. */
  bootstrap: () => Hook;
  limits: Readonly<RpcLimits>;
  /** Stubs that are forgotten without dispose give their capability back when they are collected. */
  collectForgotten: boolean;
  /** A message was added to `output`. */
  onOutput: () => void;
  /** The connection is over; called once. */
  onEnd: (reason: AppError) => void;
}

/** How many entries each table holds: all 0 on a connection that is idle and holds nothing. */
export interface TableSizes {
  questions: number;
  answers: number;
  exports: number;
  imports: number;
  embargoes: number;
}

export class Connection {
  readonly limits: Readonly<RpcLimits>;
  readonly collectForgotten: boolean;
  /** Messages that were not taken yet. The owner may put an empty writer here at any time. */
  output = new Writer();
  /** Bytes of replies in all of `output` since it began: what pauses reading. */
  replyBytes = 0;
  /** Set when the connection is over. */
  ended: AppError | undefined;

  readonly questions: Questions;
  readonly answers: Answers;
  readonly capabilities: Capabilities;
  readonly #options: ConnectionOptions;
  /** Where the message under way begins. */
  #start = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.collectForgotten = options.collectForgotten;
    this.capabilities = new Capabilities(this);
    this.questions = new Questions(this);
    this.answers = new Answers(this);
  }

  sizes(): TableSizes {
    return {
      questions: this.questions.size,
      answers: this.answers.size,
      exports: this.capabilities.exportCount,
      imports: this.capabilities.importCount,
      embargoes: this.capabilities.embargoCount,
    };
  }

  /** The peer's bootstrap capability, usable at once. A new reference. */
  bootstrap(): Hook {
    const started = this.questions.ask({
      results() {},
      exception() {},
    }, (id) => {
      this.send(MESSAGE.bootstrap, (writer, start) => {
        writer.view.setUint32(writer.struct(start + 24, 1, 1), id, true);
      });
      return [];
    });
    return started.pipeline([]);
  }

  /** Calls `target`, which the peer hosts. */
  call(target: Target, request: Request, reply: Reply): Started {
    return this.questions.ask(reply, (id) => {
      let exports: number[] = [];
      this.send(MESSAGE.call, (writer, start) => {
        const call = writer.struct(start + 24, 3, 3);
        const view = writer.view;
        view.setUint32(call, id, true);
        view.setUint16(call + 4, request.method, true);
        view.setUint32(call + 8, request.interfaceLow, true);
        view.setUint32(call + 12, request.interfaceHigh, true);
        writeTarget(writer, call + 24, target);
        exports = this.writePayload(writer, call + 32, request.params);
      });
      return exports;
    });
  }

  /** Writes a Payload; returns the exports it made. Makes none when it throws. */
  writePayload(writer: Writer, at: number, content: Content): number[] {
    const payload = writer.struct(at, 0, 2);
    content.write(writer, payload);
    // Before exports are made, so that a refused message makes none.
    this.#checkSize(writer.end - this.#start + writer.caps.length * 16);
    if (writer.caps.length === 0) return NO_EXPORTS;
    const { descriptors, exports } = this.capabilities.describeAll(writer.caps);
    writeCapTable(writer, payload + 8, descriptors);
    return exports;
  }

  /**
   * Writes one message.
   *
   * @returns Its size in bytes.
   * @throws What `write` throws; nothing is sent then.
   */
  send(tag: number, write: (writer: Writer, start: number) => void): number {
    if (this.ended !== undefined) throw this.ended;
    const writer = this.output;
    const start = beginMessage(writer, tag);
    try {
      this.#start = start;
      write(writer, start);
    } catch (error) {
      writer.truncate(start);
      throw error;
    }
    const size = endMessage(writer, start);
    if (tag === MESSAGE.return) this.replyBytes += size;
    this.#options.onOutput();
    return size;
  }

  #checkSize(size: number): void {
    // What the fixed parts and long paths add stays below this.
    const room = 4096;
    if (size + room <= this.limits.maxMessageBytes) return;
    throw new AppError(
      "invalid",
      `Cannot send a message of ${size} bytes: at most ${
        this.limits.maxMessageBytes - room
      } are sent`,
      { hint: "send less at once" },
    );
  }

  /** As `send`, for messages without content; nothing happens on a connection that is over. */
  notify(tag: number, write: (writer: Writer, start: number) => void): void {
    if (this.ended === undefined) this.send(tag, write);
  }

  /** Handles one message. What is wrong with it ends the connection with an Abort. */
  receive(segments: Segment[]): void {
    if (this.ended !== undefined) return;
    try {
      handleMessage(this, new Reader(segments, []), this.#options.bootstrap);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.abort(error.message);
    }
  }

  /** Tells the peer what it did wrong, and ends the connection. */
  abort(why: string): void {
    const error = new AppError("failed", `The peer broke the protocol: ${why}`);
    this.notify(MESSAGE.abort, (writer, start) => {
      writeException(writer, start + 24, toWireException(error));
    });
    this.end(error);
  }

  /** Fails everything that is pending. Idempotent. */
  end(reason: AppError): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.questions.end(reason);
    this.answers.end(reason);
    this.capabilities.end(reason);
    this.#options.onEnd(reason);
  }

  /** Reads the Payload at `at`: its content and a new reference to each of its capabilities. */
  readPayload(reader: Reader, segment: Segment, at: number): Payload {
    if (at < 0 || !reader.structure(segment, at)) {
      return new Payload(reader, EMPTY, 0);
    }
    const { segment: within, pointers, pointerCount } = reader;
    if (pointerCount > 1) {
      const table = reader.structs(within, pointers + 8, readDescriptor);
      if (table.length > 0) reader.caps = this.capabilities.takeAll(table);
    }
    return pointerCount > 0
      ? new Payload(reader, within, pointers)
      : new Payload(reader, EMPTY, 0);
  }

  /** What the peer means by `target`. A new reference. */
  hookOf(target: Target): Hook {
    return target.kind === "import"
      ? this.capabilities.exported(target.id)
      : this.answers.pipelined(target.id, target.path);
  }

  /** Sends the whole message back: what the protocol asks for what is not known. */
  sendUnimplemented(reader: Reader): void {
    reader.rewind();
    // Capability pointers in it mean nothing to the peer's reading of an echo.
    reader.caps = [];
    this.notify(MESSAGE.unimplemented, (writer, start) => {
      try {
        copyPointer(reader, reader.segments[0]!, 0, writer, start + 24);
      } catch (error) {
        if (!(error instanceof MalformedMessage)) throw error;
      }
    });
  }

  /** Sends a Resolve for the promise we export as `id`. */
  sendResolve(id: number, resolution: Descriptor | AppError): void {
    this.notify(MESSAGE.resolve, (writer, start) => {
      const place = writer.struct(start + 24, 1, 1);
      writer.view.setUint32(place, id, true);
      if (resolution instanceof AppError) {
        writer.view.setUint16(place + 4, 1, true);
        writeException(writer, place + 8, toWireException(resolution));
      } else {
        writeDescriptor(writer, place + 8, resolution);
      }
    });
  }

  /** A call that fails before it is sent. */
  refuse(reply: Reply, error: unknown): Started {
    const known = asAppError(error);
    reply.exception(known);
    return new BrokenCall(new BrokenHook(known));
  }
}

const NO_EXPORTS: number[] = [];
/** A null pointer, for payloads without content. */
const EMPTY = new Segment(new Uint8Array(8));
