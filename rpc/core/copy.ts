/**
 * Copies a pointer and all it leads to from a message into a writer, without
 * knowing its schema: for calls and results that only pass through.
 *
 * Bounded by the reader's depth and budget; what it writes is at most what it
 * was allowed to read.
 *
 * @module
 */
import { MalformedMessage, type Reader, type Segment } from "./reader.ts";
import { ELEMENT, type Writer } from "./writer.ts";

/** Copies the pointer at `at` to `to`. Capability pointers name the same hook in the writer's table. */
export function copyPointer(
  reader: Reader,
  segment: Segment,
  at: number,
  writer: Writer,
  to: number,
): void {
  if (!reader.pointer(segment, at)) return;
  switch (reader.kind) {
    case 0:
      return copyStruct(reader, segment, at, writer, to);
    case 1:
      return copyList(reader, segment, at, writer, to);
    case 3: {
      const hook = reader.capability(segment, at);
      if (hook !== undefined) writer.capability(to, hook);
      return;
    }
    default:
      throw new MalformedMessage("a pointer of an unknown kind");
  }
}

function copyStruct(
  reader: Reader,
  from: Segment,
  at: number,
  writer: Writer,
  to: number,
): void {
  reader.structure(from, at);
  const { segment, data, dataBytes, pointers, pointerCount } = reader;
  const target = writer.struct(to, dataBytes / 8, pointerCount);
  copyBody(reader, { segment, data, dataBytes, pointers, pointerCount }, {
    writer,
    target,
  });
}

interface Body {
  segment: Segment;
  data: number;
  dataBytes: number;
  pointers: number;
  pointerCount: number;
}

function copyBody(
  reader: Reader,
  body: Body,
  { writer, target }: { writer: Writer; target: number },
): void {
  const { segment, data, dataBytes, pointers, pointerCount } = body;
  writer.bytes.set(segment.bytes.subarray(data, data + dataBytes), target);
  if (pointerCount === 0) return;
  reader.enter();
  for (let i = 0; i < pointerCount; i++) {
    const to = target + dataBytes + i * 8;
    copyPointer(reader, segment, pointers + i * 8, writer, to);
  }
  reader.leave();
}

function copyList(
  reader: Reader,
  from: Segment,
  at: number,
  writer: Writer,
  to: number,
): void {
  const start = reader.list(from, at);
  const { segment, count, element, stride, dataBytes, pointerCount } = reader;
  if (element === ELEMENT.composite) {
    const target = writer.structList(to, count, dataBytes / 8, pointerCount);
    if (stride === 0) return;
    for (let i = 0; i < count; i++) {
      const data = start + i * stride;
      copyBody(reader, {
        segment,
        data,
        dataBytes,
        pointers: data + dataBytes,
        pointerCount,
      }, { writer, target: target + i * stride });
    }
    return;
  }
  const bytes = element === ELEMENT.bit ? (count + 7) >> 3 : count * stride;
  const target = writer.list(to, element, count, bytes);
  if (element !== ELEMENT.pointer) {
    writer.bytes.set(segment.bytes.subarray(start, start + bytes), target);
    return;
  }
  reader.enter();
  for (let i = 0; i < count; i++) {
    copyPointer(reader, segment, start + i * 8, writer, target + i * 8);
  }
  reader.leave();
}
