/**
 * Whether a file is a kernel that cloud-hypervisor boots: a bzImage, or ELF64
 * with a PVH note. Pure: says which bytes of the file it wants to see.
 *
 * Sources: Linux Documentation/arch/x86/boot.rst for the bzImage; the ELF
 * specification; Xen's docs/misc/pvh.pandoc for the note.
 *
 * @module
 */

/** Holds the header of a bzImage, and the program headers that we look at of an ELF file. */
export const HEAD_BYTES = 16 * 1024;
/** Notes of a kernel are some hundred bytes. */
const MAX_NOTES_BYTES = 64 * 1024;
/** A kernel has a handful. */
const MAX_PROGRAM_HEADERS = 64;

const BOOT_FLAG = 0xaa55;
/** "HdrS" */
const SETUP_MAGIC = 0x53726448;
/** 2.02: from here on a command line of any place is taken. */
const OLDEST_PROTOCOL = 0x0202;
const ELF_MAGIC = 0x464c457f;
const ELF_CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const X86_64 = 62;
const PT_NOTE = 4;
/** XEN_ELFNOTE_PHYS32_ENTRY */
const PHYS32_ENTRY = 18;
const NOTE_HEADER_BYTES = 12;

/** A part of a file. */
export interface FileRange {
  offset: number;
  bytes: number;
}

/** What a file's beginning says. */
export type KernelHead =
  | { kind: "bzImage" }
  /** One of these parts has to hold a PVH note. */
  | { kind: "elf"; notes: FileRange[] }
  | { kind: "none"; why: string };

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isBzImage(view: DataView): boolean {
  return view.byteLength >= 0x210 &&
    view.getUint16(0x1fe, true) === BOOT_FLAG &&
    view.getUint32(0x202, true) === SETUP_MAGIC &&
    view.getUint16(0x206, true) >= OLDEST_PROTOCOL;
}

function noteRanges(view: DataView): FileRange[] {
  const at = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = Math.min(view.getUint16(56, true), MAX_PROGRAM_HEADERS);
  const ranges: FileRange[] = [];
  for (let index = 0; index < count; index++) {
    const header = at + index * size;
    if (size < 56 || header + 56 > view.byteLength) break;
    if (view.getUint32(header, true) !== PT_NOTE) continue;
    const offset = Number(view.getBigUint64(header + 8, true));
    const bytes = Number(view.getBigUint64(header + 32, true));
    if (!Number.isSafeInteger(offset + bytes)) continue;
    ranges.push({ offset, bytes: Math.min(bytes, MAX_NOTES_BYTES) });
  }
  return ranges;
}

/** What the first {@linkcode HEAD_BYTES} of a file say. */
export function readKernelHead(head: Uint8Array): KernelHead {
  const view = viewOf(head);
  if (isBzImage(view)) return { kind: "bzImage" };
  if (view.byteLength < 64 || view.getUint32(0, true) !== ELF_MAGIC) {
    return { kind: "none", why: "it is neither a bzImage nor an ELF file" };
  }
  const isOurs = view.getUint8(4) === ELF_CLASS_64 &&
    view.getUint8(5) === LITTLE_ENDIAN && view.getUint16(18, true) === X86_64;
  if (!isOurs) {
    return { kind: "none", why: "it is an ELF file, but not for x86-64" };
  }
  return { kind: "elf", notes: noteRanges(view) };
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/** True when one of the notes in `bytes` names an entry for PVH. */
export function hasPvhNote(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  for (let at = 0; at + NOTE_HEADER_BYTES <= view.byteLength;) {
    const nameBytes = view.getUint32(at, true);
    const descBytes = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const name = at + NOTE_HEADER_BYTES;
    if (
      type === PHYS32_ENTRY && nameBytes === 4 &&
      name + 4 <= view.byteLength && view.getUint32(name, true) === 0x6e6558
    ) return true;
    at = name + padded(nameBytes) + padded(descBytes);
  }
  return false;
}
