/**
 * What of a file's bytes is text, wherever they come from: a disk or a commit.
 *
 * @module
 */

/** Text has no NUL; git looks at as many bytes. */
const SNIFFED_CHARS = 8 * 1024;

/** What a file begins with that Windows tools wrote: two bytes that are no UTF-8. */
const WIDE = "\ufffd\ufffd";

/**
 * Text of a file, null for a binary one. `decoded` are its bytes as UTF-8, what
 * is none as replacement characters; the bytes themselves are asked for when it
 * may be something else.
 */
export function textOf(
  decoded: string,
  bytesOf: () => Uint8Array,
): string | null {
  if (decoded.startsWith(WIDE)) {
    const bytes = bytesOf();
    const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
    if (isWide) return new TextDecoder("utf-16le").decode(bytes);
  }
  const nul = decoded.indexOf("\0");
  if (nul >= 0 && nul < SNIFFED_CHARS) return null;
  return decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
}
