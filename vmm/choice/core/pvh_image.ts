/**
 * A guest without an operating system as the bytes of a kernel file: ELF64 with
 * a PVH note, which cloud-hypervisor and QEMU enter in 32-bit protected mode,
 * paging off, flat segments. Pure: writes bytes, runs nothing.
 *
 * ```text
 *  0    headers     176  the note (24)
 *  256  code and data, loaded at `LOAD_ADDRESS`
 * ```
 *
 * @module
 */
import {
  elfImage,
  endOfHeaders,
  PT_LOAD,
  PT_NOTE,
  READ,
  READ_WRITE_EXECUTE,
} from "../../core/elf_image.ts";

/** Where the code is loaded, 1 MiB: above what firmware uses, below the end of the smallest guest. */
export const LOAD_ADDRESS = 0x10_0000;
const NOTE_OFFSET = endOfHeaders(2);
/** Three words, `Xen\0`, and the entry as the kernel itself writes it: eight bytes. */
const NOTE_BYTES = 24;
const CODE_OFFSET = 256;
/** A guest larger than this is no probe: everything is in one array. */
const MAX_CODE_BYTES = 64 * 1024;
/** XEN_ELFNOTE_PHYS32_ENTRY: the physical address that a PVH guest is entered at. */
const PHYS32_ENTRY = 18;

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
  const image = elfImage({
    size: CODE_OFFSET + code.length,
    entry: LOAD_ADDRESS,
    segments: [{
      type: PT_LOAD,
      flags: READ_WRITE_EXECUTE,
      offset: CODE_OFFSET,
      address: LOAD_ADDRESS,
      bytes: code.length,
      // No paging, so nothing has to be aligned to pages.
      align: 1,
    }, {
      type: PT_NOTE,
      flags: READ,
      offset: NOTE_OFFSET,
      address: 0,
      bytes: NOTE_BYTES,
      align: 4,
    }],
  });
  writeNote(new DataView(image.buffer));
  image.set(code, CODE_OFFSET);
  return image;
}
