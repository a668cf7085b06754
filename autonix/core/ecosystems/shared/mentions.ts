/**
 * Environment variables and ports that source files speak of, in any language
 * with lines: a language says which words name one and how what stands around
 * them is read.
 *
 * Every look is at a slice of bounded length. A file that gets by without a
 * variable in one place (a default, a test whether it is there) does not
 * require it in another.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";

/** How an expression uses a variable. */
export type Use = "required" | "optional" | { default: string };

/** A place where a variable is named. */
export interface Place {
  /** The match of the language's pattern. */
  match: RegExpExecArray;
  /** Of the same line. */
  before: string;
  /** What follows, over a few lines. */
  after: string;
}

export interface PortMention {
  port: number;
  /** `default` is what the source says; `usual` what a library does by itself. */
  kind: "default" | "usual";
}

export interface Language {
  /** Extensions of its files, without the dot. */
  extensions: readonly string[];
  /** Global; its group `name` is that of the variable. */
  variable: RegExp;
  /** Global; what stands in every line that names a port: other lines are not looked at. */
  portHint: RegExp;
  /** Null: this is none. */
  useOf(place: Place): Use | null;
  /** Ports that a line names; `says` tells whether the file has a pattern anywhere. */
  portsOf(line: string, says: (pattern: RegExp) => boolean): PortMention[];
  isComment(line: string): boolean;
  /** Multiline; where it matches a file begins to speak of tests only. */
  end?: RegExp;
}

/** What is looked at on both sides of a place: lines beyond that are generated. */
const AROUND = 1_000;
/** What follows a mention: an `if` with its block fits. */
const AHEAD = 600;
/** Of one file: more are generated. */
const MAX_HITS = 1_000;
/** Of one application: more are generated. */
const MAX_MENTIONS = 500;

/** Variables that a machine, a shell, a tool or a platform sets. */
const COMMON =
  /^(?:PATH|HOME|PWD|USER|USERNAME|USERPROFILE|SHELL|TERM|COLORTERM|LANG|TMPDIR|TEMP|TMP|HOSTNAME|APPDATA|LOCALAPPDATA|EDITOR|VISUAL|PAGER|DISPLAY|WAYLAND_DISPLAY|CI|NO_COLOR|CLICOLOR|FORCE_COLOR|LOGNAME|OUT_DIR|TARGET|PROFILE|OPT_LEVEL|NUM_JOBS|DOCS_RS|RUST_BACKTRACE|RUST_LOG|RUSTC|RUSTFLAGS|GOPATH|GOROOT|GOOS|GOARCH|GOFLAGS|GOBIN|INVOCATION_ID|LISTEN_FDS|LISTEN_PID|LISTEN_FDNAMES|WATCHDOG_USEC|WATCHDOG_PID|STATE_DIRECTORY|CACHE_DIRECTORY|RUNTIME_DIRECTORY|CREDENTIALS_DIRECTORY|TZ|RANDOM|HOMEDRIVE|HOMEPATH|PROGRAMFILES|SystemRoot|WINDIR|ComSpec|COLUMNS|LINES|NOTIFY_SOCKET|SSH_AUTH_SOCK|SUDO_USER|CC|CXX|CFLAGS|LDFLAGS)$|^(?:XDG|LC|CARGO|GITHUB|GITLAB|CI|RAILWAY|RENDER|FLY|KUBERNETES|DEP|npm)_/;

/** Variables that say where an application itself listens. */
const OF_LISTENING =
  /^(?:(?:APP|SERVER|HTTP|API|WEB|LISTEN|GRPC|BACKEND|SERVICE)_)?(?:PORT|ADDR|ADDRESS)$|^(?:LISTEN|BIND|BIND_ADDR|BIND_ADDRESS|LISTEN_ADDR|LISTEN_ADDRESS)$/;

/** True for a name that somebody has to set. */
export function isAsked(name: string): boolean {
  return /^[A-Z][A-Za-z0-9_]{1,99}$/.test(name) && !COMMON.test(name);
}

const LITERAL =
  /^\s{0,40}(?:"([^"\n]{0,200})"|`([^`\n]{0,200})`|(-?\d[\d_]{0,15})\b|(true|false)\b)(?!\s{0,5}[*+%.\w(])/;

/** A literal at the beginning of a text, as a variable would hold it. */
export function literalAt(text: string): string | null {
  const found = LITERAL.exec(text);
  if (found === null) return null;
  const [, quoted, raw, digits, truth] = found;
  return quoted ?? raw ?? digits?.replaceAll("_", "") ?? truth ?? null;
}

/** A number that is a port, or null. */
export function portOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{2,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** The port at the end of an address: of `:8080`, `0.0.0.0:8080`, `8080`. */
export function portOfAddress(text: string): number | null {
  return portOf(/(?:^|:)(\d{2,5})$/.exec(text.slice(-80))?.[1]);
}

/** A use with its line, from 1. */
interface Used {
  use: Use;
  line: number;
}

/** A file, of which lines are counted once something is found. */
class SourceText {
  readonly text: string;
  readonly #language: Language;
  #lineOf: ((offset: number) => number) | null = null;
  readonly #said = new Map<RegExp, boolean>();

  constructor(text: string, language: Language) {
    const end = language.end === undefined ? -1 : text.search(language.end);
    this.text = end < 0 ? text : text.slice(0, end);
    this.#language = language;
  }

  lineOf(offset: number): number {
    this.#lineOf ??= lineFinder(this.text);
    return this.#lineOf(offset);
  }

  /** True where the pattern is anywhere; gone through once, however many lines ask. */
  readonly says = (pattern: RegExp): boolean => {
    const before = this.#said.get(pattern);
    if (before !== undefined) return before;
    const isSaid = pattern.test(this.text);
    this.#said.set(pattern, isSaid);
    return isSaid;
  };

  /** What stands before an offset in its line. */
  before(offset: number): string {
    const before = this.text.slice(Math.max(0, offset - AROUND), offset);
    return before.slice(before.lastIndexOf("\n") + 1);
  }

  /** The line around an offset. */
  line(offset: number): string {
    const after = this.text.slice(offset, offset + AROUND);
    const end = after.search(/[\r\n]/);
    return this.before(offset) + (end < 0 ? after : after.slice(0, end));
  }

  isCommented(offset: number): boolean {
    return this.#language.isComment(this.line(offset).slice(0, 100));
  }
}

function usesIn(source: SourceText, language: Language): Map<string, Used[]> {
  const found = new Map<string, Used[]>();
  let left = MAX_HITS;
  for (const match of source.text.matchAll(language.variable)) {
    const name = match.groups?.name ?? "";
    if (!isAsked(name) || source.isCommented(match.index)) continue;
    if (left-- <= 0) break;
    const end = match.index + match[0].length;
    const use = language.useOf({
      match,
      before: source.before(match.index),
      after: source.text.slice(end, end + AHEAD),
    });
    if (use === null) continue;
    const list = found.get(name) ?? [];
    list.push({ use, line: source.lineOf(match.index) });
    found.set(name, list);
  }
  return found;
}

/** The ports and variables that source files tell of. */
export function claimMentions(
  reading: Reading,
  draft: Draft,
  files: readonly string[],
  language: Language,
): void {
  let left = MAX_MENTIONS;
  for (const file of files) {
    const text = reading.tree.text(file);
    if (text === null) continue;
    const source = new SourceText(text, language);
    for (const [name, uses] of usesIn(source, language)) {
      if (left-- <= 0) return;
      claimVariable(draft, file, name, uses);
    }
    claimPorts(draft, file, source, language);
  }
}

function plainName(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** `PORT`, `HTTP_PORT`, and `LEDGER_PORT` of a program called ledger; not `REDIS_PORT`. */
function isOfListening(draft: Draft, name: string): boolean {
  if (OF_LISTENING.test(name)) return true;
  const prefix = /^(\w{1,80})_(?:PORT|ADDR|ADDRESS|LISTEN|BIND)$/.exec(name)
    ?.[1];
  return prefix !== undefined &&
    claimsOf(draft.claims, "name").some(({ value }) =>
      plainName(value) === plainName(prefix)
    );
}

function claimVariable(
  draft: Draft,
  file: string,
  name: string,
  uses: readonly Used[],
): void {
  const withDefault = uses.find(({ use }) => typeof use === "object");
  const standard = typeof withDefault?.use === "object"
    ? withDefault.use.default
    : undefined;
  const required = uses.every(({ use }) => use === "required");
  claim(
    draft,
    "env",
    {
      name,
      required,
      ...(standard === undefined ? {} : { default: standard }),
    },
    "source",
    uses.map(({ line }) => ({ file, line })),
  );
  if (withDefault === undefined || !isOfListening(draft, name)) return;
  claim(draft, "port", portOfAddress(standard ?? ""), "source", {
    file,
    line: withDefault.line,
  });
}

function claimPorts(
  draft: Draft,
  file: string,
  source: SourceText,
  language: Language,
): void {
  let left = MAX_HITS;
  let seen = -1;
  for (const { index } of source.text.matchAll(language.portHint)) {
    // The rest of a line that was looked at.
    if (index < seen) continue;
    if (left-- <= 0) return;
    const line = source.line(index);
    seen = index - source.before(index).length + line.length;
    if (language.isComment(line)) continue;
    for (const { port, kind } of language.portsOf(line, source.says)) {
      claim(draft, "port", port, kind === "usual" ? "framework" : "source", {
        file,
        line: source.lineOf(index),
      });
    }
  }
}
