/**
 * A guest without an operating system as the bytes of a kernel file: ELF64 with
 * a PVH note, which cloud-hypervisor and QEMU enter in 32-bit protected mode,
 * paging off, flat segments. Pure: writes bytes, runs nothing.
 *
 * ```text
 *  0    ELF header (64)     64   program headers (2 x 56)
 *  176  the note (24)       256  code and data, loaded at `LOAD_ADDRESS`
 * ```
 *
 * @module
 */

/** Where the code is loaded, 1 MiB: above what firmware uses, below the end of the smallest guest. */
export const LOAD_ADDRESS = 0x10_0000;
const PROGRAM_HEADERS = 2;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const NOTE_OFFSET = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
/** Three words, `Xen\0`, and the entry as the kernel itself writes it: eight bytes. */
const NOTE_BYTES = 24;
const CODE_OFFSET = 256;
/** A guest larger than this is no probe: everything is in one array. */
const MAX_CODE_BYTES = 64 * 1024;

/** XEN_ELFNOTE_PHYS32_ENTRY: the physical address that a PVH guest is entered at. */
const PHYS32_ENTRY = 18;
const EXECUTABLE = 2;
const X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
const READ_WRITE_EXECUTE = 7;
const READ = 4;

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  bytes: number;
  align: number;
}

function writeProgramHeader(view: DataView, at: number, segment: Segment) {
  const { type, flags, offset, address, bytes, align } = segment;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  const longs = [offset, address, address, bytes, bytes, align];
  longs.forEach((value, index) =>
    view.setBigUint64(at + 8 + index * 8, BigInt(value), true)
  );
}

function writeHeader(view: DataView): void {
  // Magic, 64 bits, little endian, version 1.
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((byte, at) =>
    view.setUint8(at, byte)
  );
  view.setUint16(16, EXECUTABLE, true);
  view.setUint16(18, X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(LOAD_ADDRESS), true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, PROGRAM_HEADERS, true);
  // Without sections some loaders still want the size of one.
  view.setUint16(58, 64, true);
}

function writeNote(view: DataView): void {
  view.setUint32(NOTE_OFFSET, 4, true);
  view.setUint32(NOTE_OFFSET + 4, 8, true);
  view.setUint32(NOTE_OFFSET + 8, PHYS32_ENTRY, true);
  [0x58, 0x65, 0x6e, 0].forEach((byte, at) =>
    view.setUint8(NOTE_OFFSET + 12 + at, byte)
  );
  view.setBigUint64(NOTE_OFFSET + 16, BigInt(LOAD_ADDRESS), true);
}

/**
 * A kernel file whose first instruction is the first byte of `code`, 32-bit,
 * linked for {@linkcode LOAD_ADDRESS}; data may follow the instructions.
 */
export function pvhImage(code: Uint8Array): Uint8Array {
  if (code.length === 0 || code.length > MAX_CODE_BYTES) {
    throw new RangeError(
      `a PVH guest has 1 to ${MAX_CODE_BYTES} bytes, not ${code.length}`,
    );
  }
  const image = new Uint8Array(CODE_OFFSET + code.length);
  const view = new DataView(image.buffer);
  writeHeader(view);
  writeProgramHeader(view, HEADER_BYTES, {
    type: PT_LOAD,
    flags: READ_WRITE_EXECUTE,
    offset: CODE_OFFSET,
    address: LOAD_ADDRESS,
    bytes: code.length,
    // No paging, so nothing has to be aligned to pages.
    align: 1,
  });
  writeProgramHeader(view, HEADER_BYTES + PROGRAM_HEADER_BYTES, {
    type: PT_NOTE,
    flags: READ,
    offset: NOTE_OFFSET,
    address: 0,
    bytes: NOTE_BYTES,
    align: 4,
  });
  writeNote(view);
  image.set(code, CODE_OFFSET);
  return image;
}
