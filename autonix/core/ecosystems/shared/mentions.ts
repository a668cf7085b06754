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
import { claim, type Draft } from "../../draft.ts";
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
  /** A file without it names neither: it is not cut into lines. */
  hint: RegExp;
  /** Global; its group `name` is that of the variable. */
  variable: RegExp;
  /** Null: this is none. */
  useOf(place: Place): Use | null;
  /** Ports that a line names; `text` is the whole file. */
  portsOf(line: string, text: string): PortMention[];
  isComment(line: string): boolean;
}

/** Lines beyond this length are generated. */
const MAX_LINE = 2_000;
/** Lines of a file that are gone through. */
const MAX_LINES = 8_000;
/** What follows a mention: five lines of an `if` fit. */
const AHEAD_LINES = 5;
const AHEAD = 600;
/** Of one application: more are generated. */
const MAX_MENTIONS = 500;

/** Variables that a machine, a shell, a tool or a platform sets. */
const COMMON =
  /^(?:PATH|HOME|PWD|USER|USERNAME|USERPROFILE|SHELL|TERM|COLORTERM|LANG|TMPDIR|TEMP|TMP|HOSTNAME|APPDATA|LOCALAPPDATA|EDITOR|VISUAL|PAGER|DISPLAY|WAYLAND_DISPLAY|CI|NO_COLOR|CLICOLOR|FORCE_COLOR|LOGNAME|OUT_DIR|TARGET|PROFILE|OPT_LEVEL|NUM_JOBS|DOCS_RS|RUST_BACKTRACE|RUST_LOG|RUSTC|RUSTFLAGS|GOPATH|GOROOT|GOOS|GOARCH|GOFLAGS|GOBIN|INVOCATION_ID|LISTEN_FDS|LISTEN_PID|NOTIFY_SOCKET|SSH_AUTH_SOCK|SUDO_USER|CC|CXX|CFLAGS|LDFLAGS)$|^(?:XDG|LC|CARGO|GITHUB|GITLAB|CI|RAILWAY|RENDER|FLY|KUBERNETES|DEP|npm)_/;

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

function usesIn(
  reading: Reading,
  file: string,
  language: Language,
): Map<string, Used[]> {
  const found = new Map<string, Used[]>();
  const lines = reading.lines(file).slice(0, MAX_LINES);
  lines.forEach(({ number, text: full }, index) => {
    const text = full.slice(0, MAX_LINE);
    if (language.isComment(text)) return;
    for (const match of text.matchAll(language.variable)) {
      const name = match.groups?.name ?? "";
      if (!isAsked(name)) continue;
      const rest = text.slice(match.index + match[0].length);
      const ahead = lines.slice(index + 1, index + 1 + AHEAD_LINES)
        .map((line) => line.text.slice(0, 200)).join("\n");
      const use = language.useOf({
        match,
        before: text.slice(0, match.index),
        after: `${rest}\n${ahead}`.slice(0, AHEAD),
      });
      if (use === null) continue;
      const list = found.get(name) ?? [];
      list.push({ use, line: number });
      found.set(name, list);
    }
  });
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
    if (!language.hint.test(reading.tree.text(file) ?? "")) continue;
    for (const [name, uses] of usesIn(reading, file, language)) {
      if (left-- <= 0) return;
      claimVariable(draft, file, name, uses);
    }
    claimPorts(reading, draft, file, language);
  }
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
  if (!OF_LISTENING.test(name) || withDefault === undefined) return;
  claim(draft, "port", portOfAddress(standard ?? ""), "source", {
    file,
    line: withDefault.line,
  });
}

function claimPorts(
  reading: Reading,
  draft: Draft,
  file: string,
  language: Language,
): void {
  const whole = reading.tree.text(file) ?? "";
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE);
    if (language.isComment(line)) continue;
    for (const { port, kind } of language.portsOf(line, whole)) {
      claim(draft, "port", port, kind === "usual" ? "framework" : "source", {
        file,
        line: number,
      });
    }
  }
}
