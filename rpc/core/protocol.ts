/**
 * The messages of rpc.capnp (level 1), written and read by hand: offsets are
 * those that `capnp compile -ocapnp /usr/include/capnp/rpc.capnp` prints.
 *
 * Owns layout only; what a message means is connection.ts's.
 *
 * @module
 */
import { MAX_TRANSFORM } from "../limits.ts";
import type { WireException } from "./errors.ts";
import { MalformedMessage, type Reader, type Segment } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Tags of the union `Message`. */
export const MESSAGE = {
  unimplemented: 0,
  abort: 1,
  call: 2,
  return: 3,
  finish: 4,
  resolve: 5,
  release: 6,
  bootstrap: 8,
  disembargo: 13,
} as const;

/** Tags of the union in `Return`. */
export const RETURN = {
  results: 0,
  exception: 1,
  canceled: 2,
  resultsSentElsewhere: 3,
  takeFromOtherQuestion: 4,
} as const;

/** Tags of `CapDescriptor`. */
export const CAP = {
  none: 0,
  senderHosted: 1,
  senderPromise: 2,
  receiverHosted: 3,
  receiverAnswer: 4,
  thirdPartyHosted: 5,
} as const;

export type Target =
  | { kind: "import"; id: number }
  | { kind: "answer"; id: number; path: readonly number[] };

export type Descriptor =
  | { tag: 0 }
  | { tag: 1 | 2 | 3; id: number }
  | { tag: 4; id: number; path: readonly number[] };

/** Begins a message; returns where. The body's pointer is at `start + 24`. */
export function beginMessage(writer: Writer, tag: number): number {
  writer.caps = [];
  const start = writer.allocate(32);
  const view = writer.view;
  // The frame's header is patched at the end; here: the root pointer and the union's tag.
  view.setUint32(start + 12, 1 | 1 << 16, true);
  view.setUint16(start + 16, tag, true);
  return start;
}

/** Ends the message that begins at `start`; returns its size with the frame's header. */
export function endMessage(writer: Writer, start: number): number {
  const size = writer.end - start;
  writer.view.setUint32(start + 4, (size - 8) / 8, true);
  return size;
}

export function writeTarget(writer: Writer, at: number, target: Target): void {
  const place = writer.struct(at, 1, 1);
  if (target.kind === "import") {
    writer.view.setUint32(place, target.id, true);
    return;
  }
  writer.view.setUint16(place + 4, 1, true);
  writePromisedAnswer(writer, place + 8, target.id, target.path);
}

function writePromisedAnswer(
  writer: Writer,
  at: number,
  id: number,
  path: readonly number[],
): void {
  const place = writer.struct(at, 1, 1);
  writer.view.setUint32(place, id, true);
  if (path.length === 0) return;
  const ops = writer.structList(place + 8, path.length, 1, 0);
  for (let i = 0; i < path.length; i++) {
    writer.view.setUint16(ops + i * 8, 1, true);
    writer.view.setUint16(ops + i * 8 + 2, path[i]!, true);
  }
}

export function writeCapTable(
  writer: Writer,
  at: number,
  descriptors: readonly Descriptor[],
): void {
  if (descriptors.length === 0) return;
  const table = writer.structList(at, descriptors.length, 1, 1);
  for (let i = 0; i < descriptors.length; i++) {
    writeDescriptorBody(writer, table + i * 16, descriptors[i]!);
  }
}

export function writeDescriptor(
  writer: Writer,
  at: number,
  descriptor: Descriptor,
): void {
  writeDescriptorBody(writer, writer.struct(at, 1, 1), descriptor);
}

function writeDescriptorBody(
  writer: Writer,
  place: number,
  descriptor: Descriptor,
): void {
  writer.view.setUint16(place, descriptor.tag, true);
  if (descriptor.tag === CAP.none) return;
  if (descriptor.tag === CAP.receiverAnswer) {
    writePromisedAnswer(writer, place + 8, descriptor.id, descriptor.path);
    return;
  }
  writer.view.setUint32(place + 4, descriptor.id, true);
}

export function writeException(
  writer: Writer,
  at: number,
  exception: WireException,
): void {
  const place = writer.struct(at, 1, 2);
  writer.view.setUint16(place + 4, exception.type, true);
  writer.text(place + 8, exception.reason);
}

// Reading. A field beyond the struct's section is zero, as for any struct of an older peer.

export function uint32At(reader: Reader, offset: number): number {
  return reader.dataBytes >= offset + 4
    ? reader.segment.view.getUint32(reader.data + offset, true)
    : 0;
}

export function uint16At(reader: Reader, offset: number): number {
  return reader.dataBytes >= offset + 2
    ? reader.segment.view.getUint16(reader.data + offset, true)
    : 0;
}

export function bitAt(reader: Reader, offset: number, bit: number): boolean {
  return reader.dataBytes > offset &&
    (reader.segment.view.getUint8(reader.data + offset) >> bit & 1) === 1;
}

/** Place of the `index`-th pointer of the struct in the registers; -1 when it has none. */
export function pointerAt(reader: Reader, index: number): number {
  return index < reader.pointerCount ? reader.pointers + index * 8 : -1;
}

/** Sets the registers to the struct at pointer `index` of the struct in the registers. */
export function needStruct(
  reader: Reader,
  segment: Segment,
  at: number,
  what: string,
): void {
  if (at < 0 || !reader.structure(segment, at)) {
    throw new MalformedMessage(`a message without ${what}`);
  }
}

export function readTarget(
  reader: Reader,
  segment: Segment,
  at: number,
): Target {
  needStruct(reader, segment, at, "a target");
  const tag = uint16At(reader, 4);
  if (tag === 0) return { kind: "import", id: uint32At(reader, 0) };
  if (tag !== 1) throw new MalformedMessage(`a target of kind ${tag}`);
  return {
    kind: "answer",
    ...readPromisedAnswer(reader, reader.segment, pointerAt(reader, 0)),
  };
}

function readPromisedAnswer(
  reader: Reader,
  segment: Segment,
  at: number,
): { id: number; path: number[] } {
  needStruct(reader, segment, at, "a promised answer");
  const id = uint32At(reader, 0);
  const opsAt = pointerAt(reader, 0);
  if (opsAt < 0) return { id, path: [] };
  const ops = reader.structs(reader.segment, opsAt, (op) => ({
    tag: uint16At(op, 0),
    index: uint16At(op, 2),
  }));
  if (ops.length > MAX_TRANSFORM) {
    throw new MalformedMessage(`a path of ${ops.length} steps`);
  }
  const path: number[] = [];
  for (const { tag, index } of ops) {
    if (tag > 1) throw new MalformedMessage(`a path step of kind ${tag}`);
    if (tag === 1) path.push(index);
  }
  return { id, path };
}

export function readDescriptor(reader: Reader): Descriptor {
  const tag = uint16At(reader, 0);
  switch (tag) {
    case CAP.none:
      return { tag };
    case CAP.senderHosted:
    case CAP.senderPromise:
    case CAP.receiverHosted:
      return { tag, id: uint32At(reader, 4) };
    case CAP.receiverAnswer:
      return {
        tag,
        ...readPromisedAnswer(reader, reader.segment, pointerAt(reader, 0)),
      };
    case CAP.thirdPartyHosted: {
      // Level 3 is out: the vine is a capability like any other.
      const at = pointerAt(reader, 0);
      needStruct(reader, reader.segment, at, "a vine");
      return { tag: CAP.senderHosted, id: uint32At(reader, 0) };
    }
    default:
      throw new MalformedMessage(`a capability of kind ${tag}`);
  }
}

export function readException(
  reader: Reader,
  segment: Segment,
  at: number,
): WireException {
  if (at < 0 || !reader.structure(segment, at)) return { reason: "", type: 0 };
  const type = uint16At(reader, 4);
  const reasonAt = pointerAt(reader, 0);
  return {
    type,
    reason: reasonAt < 0 ? "" : reader.text(reader.segment, reasonAt),
  };
}
