/**
 * Writes ELF64 executables for x86-64: a header, program headers, and what they
 * name. Pure: bytes in, bytes out; the format is System V's gABI, chapters 4
 * and 5.
 *
 * @module
 */

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const EXECUTABLE = 2;
const X86_64 = 62;

export const PT_LOAD = 1;
export const PT_NOTE = 4;
export const READ_EXECUTE = 5;
export const READ_WRITE_EXECUTE = 7;
export const READ = 4;

/** A part of the file, and where it is in memory. */
export interface Segment {
  type: number;
  flags: number;
  /** In the file. */
  offset: number;
  /** In memory, physical and virtual alike. */
  address: number;
  bytes: number;
  align: number;
}

/** Where what follows the headers of so many segments may begin. */
export function endOfHeaders(segments: number): number {
  return HEADER_BYTES + segments * PROGRAM_HEADER_BYTES;
}

function writeHeader(view: DataView, entry: number, segments: number): void {
  // Magic, 64 bits, little endian, version 1.
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((byte, at) =>
    view.setUint8(at, byte)
  );
  view.setUint16(16, EXECUTABLE, true);
  view.setUint16(18, X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, segments, true);
  // There are no sections; some loaders still want to know how large one is.
  view.setUint16(58, SECTION_HEADER_BYTES, true);
}

function writeSegment(view: DataView, at: number, segment: Segment): void {
  const { type, flags, offset, address, bytes, align } = segment;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  [offset, address, address, bytes, bytes, align].forEach((value, index) =>
    view.setBigUint64(at + 8 + index * 8, BigInt(value), true)
  );
}

/** A file of `size` bytes with its headers; what the segments name is the caller's to write into it. */
export function elfImage(
  { size, entry, segments }: {
    size: number;
    entry: number;
    segments: readonly Segment[];
  },
): Uint8Array {
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  writeHeader(view, entry, segments.length);
  segments.forEach((segment, index) =>
    writeSegment(view, endOfHeaders(index), segment)
  );
  return image;
}

/** Two bytes as instructions hold them. */
export function word(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff];
}

/** Four bytes as instructions hold them. */
export function long(value: number): number[] {
  return [...word(value), ...word(value >>> 16)];
}
