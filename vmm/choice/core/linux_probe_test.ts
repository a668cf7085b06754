import assert from "node:assert/strict";
import { cpioArchive } from "./cpio_archive.ts";
import { LINUX_MARKER, linuxProbeInitrd, probeInit } from "./linux_probe.ts";

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

Deno.test("cpioArchive() pads names and contents to four bytes and ends with the trailer", () => {
  const archive = text(cpioArchive([
    { kind: "directory", name: "d", mode: 0o755 },
    { kind: "file", name: "d/f", mode: 0o644, content: Uint8Array.of(65) },
  ]));
  assert.equal(archive.length % 4, 0);
  const second = archive.indexOf("070701", 1);
  assert.equal(second % 4, 0);
  assert.equal(archive.slice(110, 111), "d");
  assert.equal(parseInt(archive.slice(second + 54, second + 62), 16), 1);
  assert.equal(
    parseInt(archive.slice(second + 14, second + 22), 16),
    0o100644,
  );
  assert.ok(archive.trimEnd().includes("TRAILER!!!"));
});

Deno.test("probeInit() is one segment that holds its own text", () => {
  const init = probeInit();
  const view = new DataView(init.buffer);
  const entry = Number(view.getBigUint64(24, true));
  const base = Number(view.getBigUint64(64 + 16, true));
  const code = init.slice(entry - base);
  const from = new DataView(code.buffer).getUint32(11, true) - entry;
  const length = new DataView(code.buffer).getUint32(16, true);
  assert.equal(text(code.slice(from, from + length)), `${LINUX_MARKER}\n`);
  assert.equal(from + length, code.length);
  assert.equal(Number(view.getBigUint64(64 + 32, true)), init.length);
});

Deno.test("linuxProbeInitrd() has an init and a console", () => {
  const initrd = text(linuxProbeInitrd());
  assert.ok(initrd.includes("init\0"));
  assert.ok(initrd.includes("dev/console\0"));
  assert.ok(initrd.length < 1024);
});
