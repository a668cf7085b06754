/**
 * Variables and ports of languages whose look-ups are a call or an index with a
 * literal in it: a table of shapes says what stands beside each, a default, a
 * complaint, or neither.
 *
 * Finds nothing itself: `mentions.ts` goes through the sources.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";
import type { Source } from "../../claims.ts";
import { claimScanned, type Scan, type Use } from "./mentions.ts";

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
  /** Before a mention, anchored at the end; the same. */
  defaultsBefore?: readonly RegExp[];
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
/** Modes that only choose how much is said, and of the tool that builds assets. */
const UNASKED: ReadonlySet<string> = new Set(["DEBUG", "NODE_ENV"]);

function useOf(
  before: string,
  after: string,
  mention: Mention,
  syntax: Syntax,
): Use {
  const looks = [
    ...syntax.defaults.map((pattern) => [pattern, after] as const),
    ...(syntax.defaultsBefore ?? []).map((pattern) =>
      [pattern, before] as const
    ),
  ];
  for (const [pattern, text] of looks) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const value = found.slice(1).find((group) => group !== undefined);
    return value === undefined ? "optional" : { default: value };
  }
  if (syntax.demanding?.test(before) === true) return "required";
  if (syntax.raising?.test(after) === true) return "required";
  if (syntax.optional?.test(after) === true) return "optional";
  if (syntax.asking?.test(before) === true) return "optional";
  return mention.isNeeded ? "required" : "optional";
}

function scanOf(syntax: Syntax): Scan {
  return {
    lookups: syntax.mentions.map((mention) => ({
      variable: mention.pattern,
      useOf({ match, before, after }) {
        const name = match[1] ?? "";
        return UNASKED.has(name) || syntax.unasked?.has(name) === true
          ? null
          : useOf(
            before.slice(-BEHIND),
            after.slice(0, AHEAD),
            mention,
            syntax,
          );
      },
    })),
    mayLookUp: (text) => syntax.hints.some((hint) => text.includes(hint)),
    isComment(line) {
      const start = line.trimStart();
      return syntax.comments.some((mark) => start.startsWith(mark));
    },
    ports: syntax.ports ?? [],
  };
}

/** Claims what these files say, those that were read. `source` is what kind of place they are. */
export function scanFiles(
  draft: Draft,
  reading: Reading,
  files: readonly string[],
  of: { syntax: Syntax; source?: Source },
): void {
  const { syntax, source = "source" } = of;
  claimScanned(reading, draft, files, { scan: scanOf(syntax), source });
}
