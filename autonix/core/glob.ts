/**
 * The patterns of gitignore, compiled and matched in bounded time: at most the
 * length of the pattern times the length of the path, whatever they are.
 *
 * A pattern is split at its slashes. Within a part one remembered star is
 * enough, and of parts one remembered `**`, so that nothing is tried twice; a
 * translation into regular expressions has no such bound.
 *
 * Text is compared as bytes, as git does: `?` is one byte of a name. Callers
 * hand in `bytesOf(text)`.
 *
 * @module
 */

/** One thing that a character may be. */
type Token =
  | { kind: "char"; code: number }
  /** `?` */
  | { kind: "one" }
  /** `*`, within a part. */
  | { kind: "any" }
  | { kind: "set"; isNegated: boolean; has: Uint8Array };

/** `**` between slashes: any number of parts. */
const PARTS = Symbol("**");
type Part = readonly Token[] | typeof PARTS;

/** A pattern after its literal beginning. */
export interface Glob {
  parts: readonly Part[];
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const STAR: Token = { kind: "any" };
const ONE: Token = { kind: "one" };

/** POSIX classes in the C locale, as ranges of bytes. */
const CLASSES: ReadonlyMap<string, readonly (readonly [number, number])[]> =
  new Map([
    ["alnum", [[0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]]],
    ["alpha", [[0x41, 0x5a], [0x61, 0x7a]]],
    ["blank", [[0x09, 0x09], [0x20, 0x20]]],
    ["cntrl", [[0x00, 0x1f], [0x7f, 0x7f]]],
    ["digit", [[0x30, 0x39]]],
    ["graph", [[0x21, 0x7e]]],
    ["lower", [[0x61, 0x7a]]],
    ["print", [[0x20, 0x7e]]],
    ["punct", [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]]],
    ["space", [[0x09, 0x0d], [0x20, 0x20]]],
    ["upper", [[0x41, 0x5a]]],
    ["xdigit", [[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]]],
  ]);

const encoder = new TextEncoder();

/** A text whose characters are the bytes of this one. */
export function bytesOf(text: string): string {
  let isAscii = true;
  for (let at = 0; at < text.length && isAscii; at++) {
    isAscii = text.charCodeAt(at) < 0x80;
  }
  if (isAscii) return text;
  let bytes = "";
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** How much of a pattern is plain text. */
export function literalLength(pattern: string): number {
  const at = pattern.search(/[*?[\\]/);
  return at < 0 ? pattern.length : at;
}

/** Null for a pattern that is malformed, which matches nothing. */
export function compileGlob(pattern: string): Glob | null {
  const parts: Part[] = [];
  let part: Token[] = [];
  let stars = 0;
  const end = (isEscaped: boolean) => {
    const isParts = stars > 1 && part.length === 1 && part[0] === STAR;
    // Before an escaped slash git wants one part at least.
    if (isParts && isEscaped) parts.push(part, PARTS);
    else parts.push(isParts ? PARTS : part);
    part = [];
    stars = 0;
  };
  for (let at = 0; at < pattern.length; at++) {
    let code = pattern.charCodeAt(at);
    if (code === 0x2a) {
      stars = part.at(-1) === STAR ? stars + 1 : 1;
      if (part.at(-1) !== STAR) part.push(STAR);
    } else if (code === 0x3f) part.push(ONE);
    else if (code === 0x5b) {
      const set = readSet(pattern, at);
      if (set === null) return null;
      part.push(set.token);
      at = set.last;
    } else {
      const isEscaped = code === BACKSLASH;
      if (isEscaped) {
        if (++at >= pattern.length) return null;
        code = pattern.charCodeAt(at);
      }
      if (code === SLASH) end(isEscaped);
      else part.push({ kind: "char", code });
    }
  }
  end(false);
  return { parts };
}

/** A set that begins at `first`, and where its bracket closes; null when it never does. */
function readSet(
  pattern: string,
  first: number,
): { token: Token; last: number } | null {
  const has = new Uint8Array(256);
  const add = (from: number, to: number) => {
    for (let code = from; code <= to && code < 256; code++) has[code] = 1;
  };
  let at = first + 1;
  const isNegated = pattern[at] === "!" || pattern[at] === "^";
  if (isNegated) at += 1;
  let previous = -1;
  // A bracket that closes at once is a member.
  for (let isFirst = true; isFirst || pattern[at] !== "]"; at++) {
    isFirst = false;
    if (at >= pattern.length) return null;
    const next = pattern[at + 1];
    if (
      pattern[at] === "-" && previous >= 0 && next !== undefined && next !== "]"
    ) {
      at += next === "\\" ? 2 : 1;
      if (at >= pattern.length) return null;
      add(previous, pattern.charCodeAt(at));
      previous = -1;
      continue;
    }
    if (pattern[at] === "[" && next === ":") {
      const close = pattern.indexOf("]", at + 2);
      if (close < 0) return null;
      if (close > at + 2 && pattern[close - 1] === ":") {
        const ranges = CLASSES.get(pattern.slice(at + 2, close - 1));
        if (ranges === undefined) return null;
        for (const [from, to] of ranges) add(from, to);
        at = close;
        previous = -1;
        continue;
      }
    }
    if (pattern[at] === "\\" && ++at >= pattern.length) return null;
    previous = pattern.charCodeAt(at);
    has[previous] = 1;
  }
  return { token: { kind: "set", isNegated, has }, last: at };
}

function fits(token: Token, code: number): boolean {
  if (token.kind === "char") return token.code === code;
  if (token.kind === "set") return (token.has[code] === 1) !== token.isNegated;
  return true;
}

/** One part of a pattern against one part of a path. */
function matchesPart(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let at = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < text.length) {
    const here = tokens[token];
    if (here === STAR) {
      starToken = token++;
      starAt = at;
    } else if (here !== undefined && fits(here, text.charCodeAt(at))) {
      token += 1;
      at += 1;
    } else if (starToken >= 0) {
      // The star takes one more; an earlier star has nothing to add to that.
      token = starToken + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token] === STAR) token += 1;
  return token === tokens.length;
}

/** True when the whole text is such a path. */
export function matchesGlob(glob: Glob, text: string): boolean {
  const { parts } = glob;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && only !== PARTS) {
    return !text.includes("/") && matchesPart(only, text);
  }
  const names = text.split("/");
  let part = 0;
  let name = 0;
  let starPart = -1;
  let starName = 0;
  while (name < names.length) {
    const here = parts[part];
    if (here === PARTS) {
      // At the end it takes all there is.
      if (part === parts.length - 1) return true;
      starPart = part++;
      starName = name;
    } else if (here !== undefined && matchesPart(here, names[name] ?? "")) {
      part += 1;
      name += 1;
    } else if (starPart >= 0) {
      part = starPart + 1;
      name = ++starName;
    } else return false;
  }
  // What is left would need a part of the path: also `**`, after a slash.
  return part === parts.length;
}
