/**
 * The guest channel's frames as lines of text. Pure.
 *
 * ```text
 *   host to guest                          guest to host
 *   hello  S .                             ready S VERSION AGENT .
 *   exec   S ID INPUT ARG... .             out   S ID BYTES .
 *   in     S ID BYTES .                    err   S ID BYTES .
 *   eof    S ID .                          took  S ID .
 *   more   S ID out|err .                  exit  S ID CODE .
 *   kill   S ID .                          no    S ID WHY .
 *   switch S ID ACTION PATH .
 * ```
 *
 * Words between single spaces, ended by a full stop and a line end, so that a
 * shell with nothing but busybox can speak it. Bytes are base64, `-` when there
 * are none. S is the session, drawn anew for each connection of the host: what
 * was written for a former one is recognised and dropped. A line without its
 * full stop was cut by the end of a connection; acting on the beginning of a
 * command would be worse than dropping it.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** What both sides speak; another number is another protocol. */
export const PROTOCOL_VERSION = 1;
/** Hex digits of a session: nobody guesses 64 random bits, and no two workers draw the same. */
export const SESSION_DIGITS = 16;
/** Most bytes in one piece: its line stays below 4096, which a pipe passes on whole whoever else writes to it. */
export const MAX_PIECE_BYTES = 2250;
/** Longest line a guest may send: a piece in base64 and its words. */
export const MAX_GUEST_LINE = 4096;
/** Longest line a host sends, which is that of a command with all its arguments. */
export const MAX_HOST_LINE = 128 * 1024;
/** Ids of one connection: more commands than anybody runs in one. */
const MAX_ID = 1_000_000_000;

/** What the host says. */
export type HostFrame =
  | { readonly kind: "hello" }
  | {
    readonly kind: "exec";
    readonly id: number;
    /** `in` frames follow, each when the guest has asked for it by `took`, and `eof`. */
    readonly input: boolean;
    readonly argv: readonly string[];
  }
  | { readonly kind: "in"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "eof"; readonly id: number }
  | {
    readonly kind: "more";
    readonly id: number;
    readonly stream: "out" | "err";
  }
  | { readonly kind: "kill"; readonly id: number }
  | {
    readonly kind: "switch";
    readonly id: number;
    readonly action: "test";
    readonly toplevel: string;
  };

/** What a guest says. */
export type GuestFrame =
  | {
    readonly kind: "ready";
    readonly version: number;
    /** Another word is another agent, which knows nothing of what a former one began. */
    readonly agent: string;
  }
  | {
    readonly kind: "out" | "err";
    readonly id: number;
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "took"; readonly id: number }
  | { readonly kind: "exit"; readonly id: number; readonly code: number }
  | { readonly kind: "no"; readonly id: number; readonly message: string };

/** Bytes as a word. */
export function wordOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    bytes.byteLength,
  ).toString("base64");
}

/** The bytes of a word; null when it is not one. */
export function bytesOf(word: string): Uint8Array | null {
  if (word === "-") return new Uint8Array();
  if (word.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(word)) {
    return null;
  }
  return new Uint8Array(Buffer.from(word, "base64"));
}

function textWord(text: string): string {
  return wordOf(new TextEncoder().encode(text));
}

function wordsOf(frame: HostFrame): string[] {
  switch (frame.kind) {
    case "hello":
      return [];
    case "exec":
      return [
        String(frame.id),
        frame.input ? "input" : "none",
        ...frame.argv.map(textWord),
      ];
    case "in":
      return [String(frame.id), wordOf(frame.bytes)];
    case "eof":
    case "kill":
      return [String(frame.id)];
    case "more":
      return [String(frame.id), frame.stream];
    case "switch":
      return [String(frame.id), frame.action, textWord(frame.toplevel)];
  }
}

/** A frame as the line that says it. */
export function hostLine(session: string, frame: HostFrame): string {
  return `${[frame.kind, session, ...wordsOf(frame), "."].join(" ")}\n`;
}

function idOf(word: string | undefined): number | null {
  if (word === undefined || !/^[1-9][0-9]{0,9}$/.test(word)) return null;
  const id = Number(word);
  return id <= MAX_ID ? id : null;
}

function codeOf(word: string): number | null {
  if (!/^[0-9]{1,3}$/.test(word)) return null;
  const code = Number(word);
  return code <= 255 ? code : null;
}

function pieceOf(
  kind: "out" | "err",
  id: number,
  word: string,
): GuestFrame | null {
  const bytes = bytesOf(word);
  if (bytes === null || bytes.length > MAX_PIECE_BYTES) return null;
  return bytes.length === 0 ? null : { kind, id, bytes };
}

/** What a guest said in this line to this session; null when nothing that counts. Never throws. */
export function parseGuestLine(
  line: string,
  session: string,
): GuestFrame | null {
  // What is too short for a session is looked at no further.
  if (line.length < SESSION_DIGITS) return null;
  const [kind, said, ...words] = line.split(" ");
  if (said !== session || words.pop() !== ".") return null;
  if (kind === "ready") {
    const [version = "", agent = "", ...more] = words;
    return more.length === 0 && /^[0-9]{1,4}$/.test(version) &&
        /^[0-9a-z.]{1,32}$/.test(agent)
      ? { kind, version: Number(version), agent }
      : null;
  }
  const [first, word = "", ...more] = words;
  const id = idOf(first);
  if (id === null || more.length > 0) return null;
  switch (kind) {
    case "out":
    case "err":
      return pieceOf(kind, id, word);
    case "took":
      return words.length === 1 ? { kind, id } : null;
    case "exit": {
      const code = codeOf(word);
      return code === null ? null : { kind, id, code };
    }
    case "no": {
      const bytes = bytesOf(word);
      if (bytes === null) return null;
      return { kind, id, message: plainText(bytes) };
    }
    default:
      return null;
  }
}

/** What a guest wrote, for people: no control characters that would do something to a terminal. */
export function plainText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  return text.replace(/\p{Cc}+/gu, " ").trim();
}
