import assert from "node:assert/strict";
import { LOAD_ADDRESS, pvhImage } from "./pvh_image.ts";
import { PVH_MARKER, pvhProbe } from "./pvh_probe.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

Deno.test("pvhImage() is an ELF64 executable for x86-64", () => {
  const view = viewOf(pvhImage(Uint8Array.of(0xf4)));
  assert.equal(view.getUint32(0, false), 0x7f454c46);
  assert.equal(view.getUint8(4), 2, "64 bits");
  assert.equal(view.getUint8(5), 1, "little endian");
  assert.equal(view.getUint16(16, true), 2, "executable");
  assert.equal(view.getUint16(18, true), 62, "x86-64");
});

Deno.test("pvhImage() loads the code whole, inside the file", () => {
  const code = Uint8Array.from({ length: 300 }, (_, at) => at & 0xff);
  const image = pvhImage(code);
  const view = viewOf(image);
  const at = Number(view.getBigUint64(32, true));
  assert.equal(view.getUint32(at, true), 1, "PT_LOAD");
  const offset = Number(view.getBigUint64(at + 8, true));
  const address = Number(view.getBigUint64(at + 24, true));
  const inFile = Number(view.getBigUint64(at + 32, true));
  assert.equal(address, LOAD_ADDRESS);
  assert.equal(inFile, code.length);
  assert.equal(Number(view.getBigUint64(at + 40, true)), inFile);
  assert.deepEqual(image.slice(offset, offset + inFile), code);
});

Deno.test("pvhImage() names its entry in a Xen note", () => {
  const image = pvhImage(Uint8Array.of(0xf4));
  const view = viewOf(image);
  const header = Number(view.getBigUint64(32, true)) + 56;
  assert.equal(view.getUint32(header, true), 4, "PT_NOTE");
  const note = Number(view.getBigUint64(header + 8, true));
  const bytes = Number(view.getBigUint64(header + 32, true));
  assert.ok(note + bytes <= image.length);
  assert.equal(view.getUint32(note, true), 4, "bytes of the name");
  assert.equal(view.getUint32(note + 4, true), 8, "bytes of the entry");
  assert.equal(view.getUint32(note + 8, true), 18);
  const name = new TextDecoder().decode(image.slice(note + 12, note + 16));
  assert.equal(name, "Xen\0");
  assert.equal(Number(view.getBigUint64(note + 16, true)), LOAD_ADDRESS);
});

Deno.test("pvhImage() refuses no code and more than it can hold", () => {
  assert.throws(() => pvhImage(new Uint8Array(0)), RangeError);
  assert.throws(() => pvhImage(new Uint8Array(65 * 1024)), RangeError);
});

Deno.test("pvhProbe() writes exactly its text", () => {
  const image = pvhProbe();
  const code = image.slice(256);
  const view = viewOf(code);
  const from = view.getUint32(3, true) - LOAD_ADDRESS;
  const length = view.getUint32(8, true);
  assert.equal(
    new TextDecoder().decode(code.slice(from, from + length)),
    `${PVH_MARKER}\r\n`,
  );
  assert.equal(from + length, code.length);
});
