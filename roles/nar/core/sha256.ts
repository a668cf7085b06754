/**
 * The spellings of a sha256 that Nix versions write, brought to one:
 * `sha256:<nix base 32>`.
 *
 * @module
 */
import { decodeNixBase32, encodeNixBase32 } from "./nix_base32.ts";

const BYTES = 32;

function fromHex(text: string): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? Uint8Array.fromHex(text) : undefined;
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  const bytes = Uint8Array.fromBase64(text);
  return bytes.length === BYTES ? bytes : undefined;
}

/** `sha256:<nix base 32>` of a digest. */
export function formatSha256(digest: Uint8Array): string {
  return `sha256:${encodeNixBase32(digest)}`;
}

/** One spelling of `sha256:` + nix base 32, hex or base 64, or of `sha256-` + base 64; else undefined. */
export function parseSha256(text: string): string | undefined {
  const match = /^sha256([:-])(.+)$/.exec(text);
  const digits = match?.[2];
  if (digits === undefined) return undefined;
  const bytes = match?.[1] === "-"
    ? fromBase64(digits)
    : decodeNixBase32(digits, BYTES) ?? fromHex(digits) ?? fromBase64(digits);
  return bytes === undefined ? undefined : formatSha256(bytes);
}
