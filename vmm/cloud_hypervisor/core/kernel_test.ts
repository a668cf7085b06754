import assert from "node:assert/strict";
import fc from "fast-check";
import { hasPvhNote, readKernelHead } from "./kernel.ts";
import { pvhProbe } from "../../choice/core/pvh_probe.ts";

/** The beginning of a bzImage of this boot protocol. */
function bzImage(protocol = 0x020f): Uint8Array {
  const bytes = new Uint8Array(0x400);
  const view = new DataView(bytes.buffer);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, protocol, true);
  return bytes;
}

Deno.test("readKernelHead() knows a bzImage", () => {
  assert.deepEqual(readKernelHead(bzImage()), { kind: "bzImage" });
  assert.equal(readKernelHead(bzImage(0x0100)).kind, "none");
});

Deno.test("readKernelHead() finds the notes of an ELF kernel", () => {
  const image = pvhProbe();
  const head = readKernelHead(image);
  assert.ok(head.kind === "elf");
  const [range] = head.notes;
  assert.ok(range !== undefined);
  assert.equal(
    hasPvhNote(image.subarray(range.offset, range.offset + range.bytes)),
    true,
  );
});

Deno.test("readKernelHead() refuses other files in words", () => {
  const why = (bytes: Uint8Array) => {
    const head = readKernelHead(bytes);
    return head.kind === "none" ? head.why : head.kind;
  };
  assert.match(why(new Uint8Array(0)), /neither a bzImage nor an ELF/);
  assert.match(why(new TextEncoder().encode("#!/bin/sh\n")), /neither/);
  const arm = pvhProbe();
  arm[18] = 183;
  assert.match(why(arm), /not for x86-64/);
  const small = pvhProbe();
  small[4] = 1;
  assert.match(why(small), /not for x86-64/);
});

Deno.test("hasPvhNote() looks through all notes, and is not led astray", () => {
  const note = (type: number, name: string, desc: number) => {
    const bytes = new Uint8Array(12 + 4 + desc);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 4, true);
    view.setUint32(4, desc, true);
    view.setUint32(8, type, true);
    bytes.set(new TextEncoder().encode(name), 12);
    return bytes;
  };
  const join = (...parts: Uint8Array[]) =>
    Uint8Array.from(parts.flatMap((part) => [...part]));
  const pvh = note(18, "Xen\0", 8);
  assert.equal(hasPvhNote(join(note(3, "GNU\0", 20), pvh)), true);
  assert.equal(hasPvhNote(note(18, "GNU\0", 8)), false);
  assert.equal(hasPvhNote(note(6, "Xen\0", 8)), false);
  assert.equal(hasPvhNote(pvh.subarray(0, 14)), false);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    hasPvhNote(bytes);
    readKernelHead(bytes);
  }));
});
