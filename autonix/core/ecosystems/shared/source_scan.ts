/**
 * Variables and ports that sources name, for the languages whose look-ups are a
 * call or an index with a literal in it.
 *
 * A language gives the shapes; this finds them, tells which mentions stand in a
 * comment, and what stands beside each: a default, a complaint, or neither.
 * Every look is at a slice of bounded length, so that a line of megabytes costs
 * no more than its length.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import type { Source } from "../../claims.ts";
import { isAsked } from "../javascript/env_names.ts";
import { portOf } from "./mentions.ts";

export interface Mention {
  /** Global; the first group is the name. */
  pattern: RegExp;
  /** True when nobody gets by without it unless something beside it says so. */
  isNeeded: boolean;
}

export interface Syntax {
  /** How a comment's line begins. */
  comments: readonly string[];
  /** A word that stands in every file with a mention: others are not looked into. */
  hints: readonly string[];
  mentions: readonly Mention[];
  /** Behind a mention, anchored; the first group that is there is the default. */
  defaults: readonly RegExp[];
  /** Behind a mention, anchored: it gets by without. */
  optional?: RegExp;
  /** Behind a mention, anchored: it complains without. */
  raising?: RegExp;
  /** Before a mention, anchored at the end: it only asks whether it is there. */
  asking?: RegExp;
  /** Before a mention, anchored at the end: it fails without. */
  demanding?: RegExp;
  /** Names that tools of the language set or that only choose a mode. */
  unasked?: ReadonlySet<string>;
  /** Ports: the first group is the number. */
  ports?: readonly RegExp[];
}

/** An expression fits. */
const AHEAD = 200;
const BEHIND = 120;
/** More mentions than that are generated. */
const MAX_MENTIONS = 1_000;
/** What carries the port an application listens on. */
const PORT_NAME = /^(?:(?:APP|HTTP|SERVER|API|WEB|LISTEN|SERVICE)_)?PORT$/;

function isComment(text: string, index: number, syntax: Syntax): boolean {
  const before = text.slice(Math.max(0, index - BEHIND), index);
  const line = before.slice(before.lastIndexOf("\n") + 1).trimStart();
  return syntax.comments.some((mark) => line.startsWith(mark));
}

interface Use {
  required: boolean;
  default?: string;
}

function useOf(
  before: string,
  after: string,
  mention: Mention,
  syntax: Syntax,
): Use {
  for (const pattern of syntax.defaults) {
    const found = pattern.exec(after);
    if (found === null) continue;
    const value = found.slice(1).find((group) => group !== undefined);
    return value === undefined
      ? { required: false }
      : { required: false, default: value };
  }
  if (syntax.demanding?.test(before) === true) return { required: true };
  if (syntax.raising?.test(after) === true) return { required: true };
  if (syntax.optional?.test(after) === true) return { required: false };
  if (syntax.asking?.test(before) === true) return { required: false };
  return { required: mention.isNeeded };
}

/** Claims what the text of one file says. `source` is what kind of place it is. */
export function scanText(
  draft: Draft,
  of: { file: string; text: string; syntax: Syntax; source?: Source },
): void {
  const { file, text, syntax, source = "source" } = of;
  const isHinted = syntax.hints.some((hint) => text.includes(hint));
  const lineOf = lineFinder(text);
  const found = new Map<string, Use & { line: number }>();
  for (const mention of isHinted ? syntax.mentions : []) {
    let count = 0;
    for (const match of text.matchAll(mention.pattern)) {
      if (++count > MAX_MENTIONS) break;
      const name = match[1] ?? "";
      if (!isAsked(name) || syntax.unasked?.has(name) === true) continue;
      if (isComment(text, match.index, syntax)) continue;
      const end = match.index + match[0].length;
      const use = useOf(
        text.slice(Math.max(0, match.index - BEHIND), match.index),
        text.slice(end, end + AHEAD),
        mention,
        syntax,
      );
      const before = found.get(name);
      // A file that gets by without it once does so everywhere.
      if (
        before === undefined ||
        before.default === undefined &&
          (use.default !== undefined || before.required && !use.required)
      ) found.set(name, { ...use, line: lineOf(match.index) });
    }
  }
  for (const [name, { line, required, default: standard }] of found) {
    const value = standard === undefined
      ? { name, required }
      : { name, required, default: standard };
    claim(draft, "env", value, source, { file, line });
    const port = PORT_NAME.test(name) ? portOf(standard) : null;
    claim(draft, "port", port, source, { file, line });
  }
  for (const pattern of syntax.ports ?? []) {
    const match = pattern.exec(text);
    if (match === null || isComment(text, match.index, syntax)) continue;
    const line = lineOf(match.index);
    claim(draft, "port", portOf(match[1]), source, { file, line });
  }
}

/** Claims what these files say, those that were read. */
export function scanFiles(
  draft: Draft,
  reading: Reading,
  files: readonly string[],
  of: { syntax: Syntax; source?: Source },
): void {
  for (const file of files) {
    const text = reading.tree.text(file);
    if (text !== null) scanText(draft, { file, text, ...of });
  }
}
