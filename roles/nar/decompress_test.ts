import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Compression } from "./core/names.ts";
import { unpacker } from "./decompress.ts";

const TEXT = "a nar, or so ".repeat(20_000);
const PLAIN = new TextEncoder().encode(TEXT);
// `printf 'a nar' | xz`
const XZ = Uint8Array.fromBase64(
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAEYSBuYXIAAAAAE4MXUlOmGOAAAR0FuC2Arx+2830BAAAAAARZWg==",
);

async function unpack(
  compression: Compression,
  packed: Uint8Array,
  maxBytes = Infinity,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const unpack = await unpacker(compression, (chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw new Error("too much");
    chunks.push(chunk.slice());
  });
  try {
    for (let at = 0; at < packed.length; at += 1000) {
      await unpack.write(packed.subarray(at, at + 1000));
    }
    await unpack.end();
  } finally {
    unpack.close();
  }
  return await new Blob(chunks as BlobPart[]).text();
}

const ZSTD: [Compression, Uint8Array] = [
  "zstd",
  new Uint8Array(zstdCompressSync(PLAIN)),
];
const PACKED: [Compression, Uint8Array][] = [
  ["none", PLAIN],
  ZSTD,
  ["gzip", new Uint8Array(gzipSync(PLAIN))],
];

Deno.test("every accepted compression is unpacked", async () => {
  for (const [compression, packed] of PACKED) {
    assert.equal(await unpack(compression, packed), TEXT, compression);
  }
  assert.equal(await unpack("xz", XZ), "a nar");
});

Deno.test("cut, foreign and trailing bytes are refused, without a wait for ever", async () => {
  for (
    const [compression, packed] of [...PACKED.slice(1), ["xz", XZ] as const]
  ) {
    await assert.rejects(
      unpack(compression, packed.subarray(0, -1)),
      compression,
    );
    await assert.rejects(unpack(compression, PLAIN), compression);
    await assert.rejects(unpack(compression, new Uint8Array()), compression);
  }
  for (const [compression, packed] of [ZSTD, ["xz", XZ] as const]) {
    const longer = new Uint8Array([...packed, ...PLAIN.subarray(0, 5000)]);
    await assert.rejects(unpack(compression, longer), compression);
  }
});

Deno.test("what the reader throws ends the unpacking", async () => {
  for (const [compression, packed] of [...PACKED, ["xz", XZ] as const]) {
    await assert.rejects(unpack(compression, packed, 3), /too much/);
  }
});
