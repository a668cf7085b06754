/**
 * Variables, ports and headers that sources of C and C++ speak of.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import {
  asUse,
  type Language,
  literalAt,
  type Place,
  type PortMention,
  portOf,
  type Use,
} from "../shared/mentions.ts";
import { BY_HEADER } from "./frameworks.ts";

export const OF_C: readonly string[] = ["c"];
export const OF_CPP: readonly string[] = ["cpp", "cc", "cxx", "c++", "cppm"];
const REFUSED =
  /\bexit\(|abort\(|return (?:1|-1|EXIT_FAILURE|false)|throw\b|\bdie\(|errx?\(/;

const MADE_OF =
  /\b(?:string(?:\s{1,3}\w{1,60})?|atoi|atol|stoi|stol|stoul|strtol)\s{0,3}[({]\s{0,3}[\w:]{0,10}$/;

function useOf({ before, after }: Place): Use | null {
  if (/(?:set|put|unset)$/.test(before)) return null;
  const rest = after.replace(/^"\s{0,3}\)/, "");
  if (rest.startsWith('"') || after.startsWith('",')) {
    // A helper with a default: env("PORT", "80").
    return asUse(literalAt(after.replace(/^"\s{0,3},/, "")));
  }
  const line = rest.split("\n", 1)[0] ?? "";
  const choice = /\?(?:[^:;\n]|::){0,100}:\s{0,5}(.{1,100})/.exec(line);
  if (choice !== null) return asUse(literalAt(choice[1] ?? ""));
  if (
    /^\s{0,3}(?:==|!=|&&|\|\|)/.test(line) ||
    /(?:if|while)\s{0,3}\(\s{0,3}!?\s{0,3}[\w:]{0,10}$/.test(before)
  ) {
    const body = rest.slice(0, 200);
    return /!\s{0,3}[\w:]{0,10}$/.test(before) && REFUSED.test(body)
      ? "required"
      : "optional";
  }
  const name = /([A-Za-z_]\w{0,60})\s{0,3}=\s{0,3}[\w:]{0,20}$/.exec(
    before,
  )?.[1];
  // What is handed on may be looked at there; a string or a number is made of it as it is.
  if (name === undefined) return MADE_OF.test(before) ? "required" : "optional";
  const ahead = rest.slice(line.length);
  const at = ahead.search(
    new RegExp(
      `\\b${name}\\b\\s{0,3}(?:\\?|[!=]=)|(?:if|while)\\s{0,3}\\(\\s{0,3}!?\\s{0,3}${name}\\b`,
    ),
  );
  if (at < 0) return "required";
  const test = ahead.slice(at, at + 260);
  const other = new RegExp(
    `\\b${name}\\b[^;\\n?]{0,20}\\?(?:[^:;\\n]|::){0,80}:\\s{0,5}(.{1,100})`,
  ).exec(test);
  if (other !== null) return asUse(literalAt(other[1] ?? ""));
  const isMissing = new RegExp(
    `!\\s{0,3}${name}\\b|${name}\\s{0,3}==\\s{0,3}(?:NULL|nullptr|0)`,
  ).test(test);
  if (!isMissing) return "optional";
  const assigned = new RegExp(`\\b${name}\\s{0,3}=(?!=)\\s{0,3}(.{1,100})`)
    .exec(test);
  if (assigned !== null) return asUse(literalAt(assigned[1] ?? ""));
  return REFUSED.test(test) ? "required" : "optional";
}

const PORTS = [
  /\bhtons\(\s{0,3}(\d{2,5})\s{0,3}\)/g,
  /#\s{0,3}define\s{1,5}(?:[A-Z]{1,20}_)?PORT(?:_NUMBER|_NUM)?\s{1,20}"?(\d{2,5})\b/g,
  /\b(?:const|constexpr|static|int|uint16_t|auto|short)\s[^=;\n"]{0,40}\b(?:(?:default|server|listen|http)_?)?[pP]ort\s{0,3}[={]\s{0,3}(\d{2,5})\b/g,
  /\.(?:port|listen|addListener|bind)\(\s{0,3}(?:"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|::)",\s{0,3})?(\d{2,5})\b/g,
  /\bPort\(\s{0,3}(\d{2,5})\s{0,3}\)/g,
  /"(?:https?|tcp):\/\/(?:0\.0\.0\.0|localhost|\*)?:(\d{2,5})"/g,
];
/** What others are reached at. */
const OUTWARD = /connect|[cC]lient|redis|postgres|mysql|curl/;

function portsOf(line: string): PortMention[] {
  if (!/\d{2}/.test(line) || OUTWARD.test(line)) return [];
  return PORTS.flatMap((pattern) =>
    [...line.matchAll(pattern)].flatMap(([, digits]): PortMention[] => {
      const port = portOf(digits);
      return port === null ? [] : [{ port, kind: "default" }];
    })
  );
}

export const C: Language = {
  extensions: [...OF_C, ...OF_CPP, "h", "hpp"],
  variable: /\b(?:secure_|q)?getenv\(\s{0,5}"(?<name>[A-Z]\w{1,99})/g,
  useOf,
  portHint: /htons|[pP]ort\b|PORT|listen|addListener|:\d{2,5}"|\.bind\(/g,
  portsOf,
  isComment: (line) => /^\s{0,40}(?:\/\/|\*|\/\*)/.test(line),
};

/** Includes stand at the head of a file. */
const HEAD = 16_000;
const INCLUDE =
  /^[ \t]{0,8}#[ \t]{0,4}include[ \t]{0,4}["<]([^">\n]{1,100})[">]/gm;

/** Frameworks that are a header and no library. */
export function claimHeaders(
  reading: Reading,
  draft: Draft,
  sources: readonly string[],
): void {
  for (const file of sources) {
    const text = (reading.tree.text(file) ?? "").slice(0, HEAD);
    for (const { 1: header = "", index } of text.matchAll(INCLUDE)) {
      const framework = BY_HEADER.get(header);
      if (framework === undefined) continue;
      const line = lineFinder(text)(index);
      claim(draft, "framework", framework, "source", { file, line });
    }
  }
}
