/**
 * Closures as a cache sends them, made without a cache: signed narinfos, files
 * and the frames around them. Computes only.
 *
 * @module
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import {
  formatNarInfo,
  type NarInfo,
  narInfoFingerprint,
} from "../../roles/nar/core/narinfo.ts";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import { formatSha256 } from "../../roles/nar/core/sha256.ts";
import { type PublicKey, signText } from "../../roles/nar/core/signature.ts";
import { encodeFrame, encodeMagic } from "../../roles/closure/core/frames.ts";
import { encodeMessage } from "../../roles/closure/core/messages.ts";

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** A key of this process. */
export const STREAM_KEY = generateKeyPairSync("ed25519");
export const STREAM_KEYS: readonly PublicKey[] = [
  { name: "test-1", key: STREAM_KEY.publicKey },
];

/** A path that was never in a store, not packed: its file is its nar. */
export interface StreamedPath {
  info: NarInfo;
  file: Uint8Array;
}

/** One whose nar is these bytes. */
export function streamedPath(
  name: string,
  file: Uint8Array,
  references: readonly string[] = [],
): StreamedPath {
  const hash = encodeNixBase32(digest(new TextEncoder().encode(name)))
    .slice(0, 32);
  const narHash = formatSha256(digest(file));
  const info: NarInfo = {
    storeDir: "/nix/store",
    base: `${hash}-${name}`,
    file: `${narHash.slice("sha256:".length)}.nar`,
    compression: "none",
    fileHash: narHash,
    fileSize: file.length,
    narHash,
    narSize: file.length,
    references: [...references].sort(),
    signatures: [],
  };
  const signature = signText(narInfoFingerprint(info), {
    name: "test-1",
    key: STREAM_KEY.privateKey,
    publicText: "",
    public: { name: "test-1", key: STREAM_KEY.publicKey },
  });
  return { info: { ...info, signatures: [signature] }, file };
}

/** What a cache sends of these, in this order. */
export function streamOf(paths: readonly StreamedPath[]): Uint8Array {
  const frames = [
    encodeMagic(),
    encodeFrame(
      "head",
      encodeMessage({
        paths: paths.map(({ info }) => [
          info.base,
          info.narSize,
          info.fileSize,
        ]),
        elsewhere: 0,
      }),
    ),
    ...paths.flatMap(({ info, file }) => [
      encodeFrame("path", new TextEncoder().encode(formatNarInfo(info))),
      encodeFrame("data", file.subarray(0, file.length >> 1)),
      encodeFrame("data", file.subarray(file.length >> 1)),
    ]),
    encodeFrame("end", encodeMessage({ paths: paths.length })),
  ];
  return new Uint8Array(frames.flatMap((frame) => [...frame]));
}
