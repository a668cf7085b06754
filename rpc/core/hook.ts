/**
 * What every capability is behind its typed stub: something that can be
 * called. And what passes between them: contents, payloads, replies.
 *
 * A hook is counted: a stub, an entry of an export table and a payload hold
 * one reference each. References to local objects are free; those to a peer's
 * objects send a Release when the last one goes.
 *
 * @module
 */
import type { AppError } from "../../roles/model/errors.ts";
import { copyPointer } from "./copy.ts";
import { MalformedMessage, Reader, Segment } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Parameters or results: what can be written into a message. Valid during the call that carries it, unless kept. */
export interface Content {
  /** Writes the content's pointer at `at`. May throw a RangeError for a value that does not fit its field. */
  write(writer: Writer, at: number): void;
}

/** A content that is in a message already. */
export class Payload implements Content {
  readonly reader: Reader;
  readonly segment: Segment;
  readonly at: number;

  constructor(reader: Reader, segment: Segment, at: number) {
    this.reader = reader;
    this.segment = segment;
    this.at = at;
  }

  write(writer: Writer, at: number): void {
    this.reader.rewind();
    copyPointer(this.reader, this.segment, this.at, writer, at);
  }

  /** The capability at the end of `path`, a pointer index a step; undefined for null. */
  capabilityAt(path: readonly number[]): Hook | undefined {
    const { reader } = this;
    let { segment, at } = this;
    // Many calls may be pipelined on one answer; each path is bounded by itself.
    reader.rewind();
    for (const index of path) {
      if (!reader.structure(segment, at)) return undefined;
      if (index >= reader.pointerCount) return undefined;
      segment = reader.segment;
      at = reader.pointers + index * 8;
    }
    return reader.capability(segment, at);
  }

  /** A reference to each capability is dropped. Only for payloads that own theirs. */
  releaseCaps(): void {
    for (const hook of this.reader.caps) hook?.release();
  }
}

/** A copy of `content` in memory of its own, with a reference to each of its capabilities. */
export function keep(content: Content): Payload {
  const writer = new Writer(256);
  const root = writer.allocate(8);
  content.write(writer, root);
  for (const hook of writer.caps) hook.addRef();
  const segment = new Segment(writer.bytes.subarray(0, writer.end));
  return new Payload(new Reader([segment], writer.caps), segment, root);
}

/** The content as a payload: itself, or a copy that owns nothing. */
export function asPayload(content: Content): Payload {
  if (content instanceof Payload) return content;
  const writer = new Writer(256);
  const root = writer.allocate(8);
  content.write(writer, root);
  const segment = new Segment(writer.bytes.subarray(0, writer.end));
  return new Payload(new Reader([segment], writer.caps), segment, root);
}

/** One call as it passes from hook to hook. */
export interface Request {
  /** The low and the high half of the interface's id. */
  interfaceLow: number;
  interfaceHigh: number;
  method: number;
  params: Content;
}

/** Where a call's outcome goes; exactly one of the two is called, once, unless the call was cancelled. */
export interface Reply {
  results(content: Content): void;
  exception(error: AppError): void;
}

/** A call under way. */
export interface Started {
  /** The caller does not want the outcome any more. The reply is not called after this. */
  cancel(): void;
  /** The capability that the results will have at `path`, to be called at once. A new reference. */
  pipeline(path: readonly number[]): Hook;
}

export interface Hook {
  call(request: Request, reply: Reply): Started;
  /** The nearest known form: what a promise came to, else itself. Not a new reference. */
  resolved(): Hook;
  /** Calls `then` when an unresolved promise has come to something; never for other hooks. */
  onResolved(then: (hook: Hook) => void): void;
  /** True while it is a promise that is not resolved. */
  readonly pending: boolean;
  /** The connection whose peer hosts it, if any. */
  readonly home: unknown;
  /** A stub of it that is forgotten may give its reference back when it is collected. */
  readonly collectable: boolean;
  addRef(): void;
  release(): void;
  /** A connection took it into its export table, or dropped it. */
  exported(change: 1 | -1): void;
}

/** The path as a key of a table. */
export function pathKey(path: readonly number[]): string {
  return path.join(".");
}

/** Throws unless the payload's capability is there. */
export function needCapability(hook: Hook | undefined): Hook {
  if (hook === undefined) throw new MalformedMessage("a capability is null");
  return hook;
}
