/**
 * Environment variables and ports that source files speak of: goes through the
 * sources of every language that has no reader of its own.
 *
 * What to look for a language says, in code (`Language`), where what becomes of
 * a value is to be followed, or in a table of shapes (`source_scan.ts`).
 *
 * Every look is at a slice of bounded length. A file that gets by without a
 * variable in one place (a default, a test whether it is there) does not
 * require it in another.
 *
 * @module
 */
import { claimsOf, type Source } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import { addTo } from "../../lists.ts";
import type { Reading } from "../../reading.ts";
import { isOfMachine } from "./machine_names.ts";

/** How an expression uses a variable. */
export type Use = "required" | "optional" | { default: string };

/** With a default an empty one says nothing of. */
export function asUse(value: string | null): Use {
  return value === null || value === "" ? "optional" : { default: value };
}

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

/** How variables are looked up, and what becomes of them. */
export interface Lookup {
  /** Global; its group `name`, or its first, is that of the variable. */
  variable: RegExp;
  /** Null: this is none. */
  useOf(place: Place): Use | null;
}

/** What is looked for in sources. */
export interface Scan {
  lookups: readonly Lookup[];
  /** False for a file that has no lookup in it. */
  mayLookUp?(text: string): boolean;
  isComment(line: string): boolean;
  /** Ports by line; `portHint` is global. */
  byLine?: Pick<Language, "portHint" | "portsOf">;
  /** Ports by the first match of each, over lines; the first group is the number. */
  ports?: readonly RegExp[];
  end?: RegExp;
}

export interface Language extends Lookup {
  /** Extensions of its files, without the dot. */
  extensions: readonly string[];
  /** Global; what stands in every line that names a port: other lines are not looked at. */
  portHint: RegExp;
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

/** Variables that tools, init systems and terminals set. */
const COMMON =
  /^(?:COLORTERM|VISUAL|PAGER|DISPLAY|WAYLAND_DISPLAY|CLICOLOR|LOGNAME|OUT_DIR|TARGET|PROFILE|OPT_LEVEL|NUM_JOBS|DOCS_RS|RUST_BACKTRACE|RUST_LOG|RUSTC|RUSTFLAGS|GOPATH|GOROOT|GOOS|GOARCH|GOFLAGS|GOBIN|INVOCATION_ID|LISTEN_FDS|LISTEN_PID|LISTEN_FDNAMES|WATCHDOG_USEC|WATCHDOG_PID|STATE_DIRECTORY|CACHE_DIRECTORY|RUNTIME_DIRECTORY|CREDENTIALS_DIRECTORY|TZ|RANDOM|HOMEDRIVE|HOMEPATH|PROGRAMFILES|SystemRoot|WINDIR|ComSpec|COLUMNS|LINES|NOTIFY_SOCKET|SSH_AUTH_SOCK|SUDO_USER|SHLVL|PSModulePath|MSYSTEM|CC|CXX|CFLAGS|LDFLAGS)$|^(?:CARGO|KUBERNETES|DEP|VERGEN)_/;

/** Variables that say where an application itself listens. */
const OF_LISTENING =
  /^(?:(?:APP|SERVER|HTTP|API|WEB|LISTEN|GRPC|BACKEND|SERVICE)_)?(?:PORT|ADDR|ADDRESS)$|^(?:LISTEN|BIND|BIND_ADDR|BIND_ADDRESS|LISTEN_ADDR|LISTEN_ADDRESS)$/;

/** True for a name that somebody has to set. */
export function isAsked(name: string): boolean {
  // A prefix that the rest is put behind ends in its line.
  return /^_{0,2}[A-Z][A-Za-z0-9_]{0,98}[A-Za-z0-9]$/.test(name) &&
    !COMMON.test(name) &&
    !isOfMachine(name);
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
  readonly #scan: Scan;
  #lineOf: ((offset: number) => number) | null = null;
  readonly #said = new Map<RegExp, boolean>();

  constructor(text: string, scan: Scan) {
    const end = scan.end === undefined ? -1 : text.search(scan.end);
    this.text = end < 0 ? text : text.slice(0, end);
    this.#scan = scan;
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
    return this.#scan.isComment(this.line(offset).slice(0, 100));
  }
}

function usesIn(source: SourceText, scan: Scan): Map<string, Used[]> {
  const found = new Map<string, Used[]>();
  if (scan.mayLookUp?.(source.text) === false) return found;
  for (const { variable, useOf } of scan.lookups) {
    let left = MAX_HITS;
    for (const match of source.text.matchAll(variable)) {
      const name = match.groups?.name ?? match[1] ?? "";
      if (!isAsked(name) || source.isCommented(match.index)) continue;
      if (left-- <= 0) break;
      const end = match.index + match[0].length;
      const use = useOf({
        match,
        before: source.before(match.index),
        after: source.text.slice(end, end + AHEAD),
      });
      if (use === null) continue;
      addTo(found, name, { use, line: source.lineOf(match.index) });
    }
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
  const { variable, useOf } = language;
  claimScanned(reading, draft, files, {
    scan: {
      lookups: [{ variable, useOf }],
      isComment: language.isComment,
      byLine: language,
      ...language.end === undefined ? {} : { end: language.end },
    },
    source: "source",
  });
}

/** The same of a scan, in files that are this kind of place. */
export function claimScanned(
  reading: Reading,
  draft: Draft,
  files: readonly string[],
  of: { scan: Scan; source: Source },
): void {
  let left = MAX_MENTIONS;
  for (const file of files) {
    const text = reading.tree.text(file);
    if (text === null) continue;
    const source = new SourceText(text, of.scan);
    const to = { draft, file, kind: of.source };
    for (const [name, uses] of usesIn(source, of.scan)) {
      if (left-- <= 0) return;
      claimVariable(to, name, uses);
    }
    claimPorts(to, source, of.scan);
    claimFirstPorts(to, source, of.scan);
  }
}

/** Whose claims they are, where they stand, and what kind of place that is. */
interface To {
  draft: Draft;
  file: string;
  kind: Source;
}

function plainName(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** `PORT`, `HTTP_PORT`, and `LEDGER_PORT` of a program called ledger; not `REDIS_PORT`. */
function isOfListening(draft: Draft, name: string): boolean {
  if (OF_LISTENING.test(name)) return true;
  const prefix = /^(\w{1,80})_(?:PORT|ADDR|ADDRESS|LISTEN|BIND)$/.exec(name)
    ?.[1]?.replace(/_(?:SERVER|HTTP|LISTEN|WEB|API|GRPC)$/, "");
  return prefix !== undefined &&
    claimsOf(draft.claims, "name").some(({ value }) =>
      plainName(value) === plainName(prefix)
    );
}

function claimVariable(
  { draft, file, kind }: To,
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
    kind,
    uses.map(({ line }) => ({ file, line })),
  );
  if (withDefault === undefined || !isOfListening(draft, name)) return;
  claim(draft, "port", portOfAddress(standard ?? ""), kind, {
    file,
    line: withDefault.line,
  });
}

function claimPorts(to: To, source: SourceText, scan: Scan): void {
  if (scan.byLine === undefined) return;
  const { portHint, portsOf } = scan.byLine;
  let left = MAX_HITS;
  let seen = -1;
  for (const { index } of source.text.matchAll(portHint)) {
    // The rest of a line that was looked at.
    if (index < seen) continue;
    if (left-- <= 0) return;
    const line = source.line(index);
    seen = index - source.before(index).length + line.length;
    if (scan.isComment(line)) continue;
    for (const { port, kind } of portsOf(line, source.says)) {
      claim(to.draft, "port", port, kind === "usual" ? "framework" : to.kind, {
        file: to.file,
        line: source.lineOf(index),
      });
    }
  }
}

function claimFirstPorts(to: To, source: SourceText, scan: Scan): void {
  for (const pattern of scan.ports ?? []) {
    const match = pattern.exec(source.text);
    if (match === null || source.isCommented(match.index)) continue;
    claim(to.draft, "port", portOf(match[1]), to.kind, {
      file: to.file,
      line: source.lineOf(match.index),
    });
  }
}
