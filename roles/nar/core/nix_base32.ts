/**
 * The base 32 that Nix writes hashes in: its own alphabet, and the bytes read
 * from the last to the first.
 *
 * @module
 */

/** No e, o, u, t: so that no hash spells a word. */
const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const DIGITS = new Map([...ALPHABET].map((char, digit) => [char, digit]));

/** How many characters `bytes` bytes take. */
export function nixBase32Length(bytes: number): number {
  return Math.ceil(bytes * 8 / 5);
}

/** Bytes as Nix base 32. */
export function encodeNixBase32(bytes: Uint8Array): string {
  let text = "";
  for (let at = nixBase32Length(bytes.length) - 1; at >= 0; at--) {
    const bit = at * 5;
    const byte = bit >> 3;
    const low = (bytes[byte] ?? 0) >> (bit & 7);
    const high = (bytes[byte + 1] ?? 0) << (8 - (bit & 7));
    text += ALPHABET.charAt((low | high) & 31);
  }
  return text;
}

/** The `length` bytes that `text` stands for, or undefined when it is not exactly that. */
export function decodeNixBase32(
  text: string,
  length: number,
): Uint8Array | undefined {
  if (text.length !== nixBase32Length(length)) return undefined;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < text.length; at++) {
    const digit = DIGITS.get(text.charAt(text.length - 1 - at));
    if (digit === undefined) return undefined;
    const bit = at * 5;
    const byte = bit >> 3;
    const shifted = digit << (bit & 7);
    bytes[byte] = (bytes[byte] ?? 0) | (shifted & 255);
    const carry = shifted >> 8;
    if (byte + 1 < length) bytes[byte + 1] = carry;
    else if (carry !== 0) return undefined;
  }
  return bytes;
}
