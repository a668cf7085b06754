/**
 * What `git cat-file --batch` prints, as blobs in the order they were asked for.
 *
 * @module
 */

const NEWLINE = 10;
/** `ID TYPE SIZE`, or `ID missing`. */
const MAX_HEAD_CHARS = 256;

/** Takes it piece by piece; null for what is no blob or not there. */
export class BlobParser {
  readonly #onBlob: (bytes: Uint8Array | null) => void;
  readonly #maxBytes: number;
  #head = "";
  /** The bytes of the object under way, and the newline behind it. */
  #body: Uint8Array | null = null;
  #filled = 0;
  #isBlob = false;

  /** @param maxBytes what nobody asked for is larger. */
  constructor(
    onBlob: (bytes: Uint8Array | null) => void,
    maxBytes: number,
  ) {
    this.#maxBytes = maxBytes;
    this.#onBlob = onBlob;
  }

  /** @throws {RangeError} for what git does not print. */
  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      at = this.#body === null
        ? this.#readHead(piece, at)
        : this.#fill(this.#body, piece, at);
    }
  }

  #readHead(piece: Uint8Array, at: number): number {
    const end = piece.indexOf(NEWLINE, at);
    const upTo = end < 0 ? piece.length : end;
    this.#head += String.fromCharCode(
      ...piece.subarray(at, Math.min(upTo, at + MAX_HEAD_CHARS)),
    );
    if (this.#head.length >= MAX_HEAD_CHARS) {
      throw new RangeError("git cat-file printed a line that is none of its");
    }
    if (end < 0) return upTo;
    const [, type, size] = /^\S+ (\w+) (\d+)$/.exec(this.#head) ?? [];
    this.#head = "";
    if (size === undefined) this.#onBlob(null);
    else this.#begin(type === "blob", Number(size));
    return end + 1;
  }

  #begin(isBlob: boolean, bytes: number): void {
    if (bytes > this.#maxBytes) {
      throw new RangeError(`git cat-file printed an object of ${bytes} bytes`);
    }
    this.#isBlob = isBlob;
    this.#body = new Uint8Array(bytes + 1);
    this.#filled = 0;
  }

  #fill(body: Uint8Array, piece: Uint8Array, at: number): number {
    const part = piece.subarray(at, at + body.length - this.#filled);
    body.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === body.length) {
      this.#body = null;
      this.#onBlob(this.#isBlob ? body.subarray(0, -1) : null);
    }
    return at + part.length;
  }
}
