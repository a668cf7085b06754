/**
 * Variables and ports that sources of Swift speak of.
 *
 * @module
 */
import {
  asUse,
  type Language,
  literalAt,
  type Place,
  type PortMention,
  portOf,
  type Use,
} from "../shared/mentions.ts";

function useOf({ before, after }: Place): Use | null {
  // `Environment.get("PORT").flatMap(Int.init) ?? 8080`
  const [own = "", next = ""] = after.split("\n", 2);
  const line = next.trimStart().startsWith("??") ? `${own}${next}` : own;
  if (/\bguard\s{1,3}let\s{1,3}\w{1,40}\s{0,3}=[^=]{0,60}$/.test(before)) {
    return /fatalError|throw|preconditionFailure|exit\(/.test(after)
      ? "required"
      : "optional";
  }
  if (/\bif\s{1,3}let\s{1,3}\w{1,40}\s{0,3}=[^=]{0,60}$/.test(before)) {
    return "optional";
  }
  const other = /\?\?\s{0,20}([^\n]{1,200})/.exec(line);
  if (other !== null) {
    return /^fatalError/.test(other[1] ?? "")
      ? "required"
      : asUse(literalAt(other[1] ?? ""));
  }
  if (/^"[\])]!/.test(after)) return "required";
  return "optional";
}

const PORTS = [
  /\bport\s{0,3}[:=]\s{0,3}(\d{2,5})\b/g,
  /\.hostname\([^)\n]{0,80},\s{0,3}port:\s{0,3}(\d{2,5})/g,
];
const OUTWARD =
  /connect|[cC]lient|[rR]edis|[pP]ostgres|[mM]y[sS][qQ][lL]|database|mongo/;

function portsOf(line: string): PortMention[] {
  if (!/\d{2}/.test(line) || OUTWARD.test(line)) return [];
  const found = new Set(
    PORTS.flatMap((pattern) =>
      [...line.matchAll(pattern)].flatMap(([, digits]) => portOf(digits) ?? [])
    ),
  );
  return [...found].map((port) => ({ port, kind: "default" }));
}

export const SWIFT: Language = {
  extensions: ["swift"],
  variable:
    /(?:\bEnvironment\.(?:get|process\.get)\(\s{0,5}|\benvironment\[\s{0,3}|\benvironment\.get\(\s{0,3}|\bgetenv\(\s{0,3})"(?<name>[A-Z]\w{1,99})/g,
  useOf,
  portHint: /\bport\b/g,
  portsOf,
  isComment: (line) => /^\s{0,40}(?:\/\/|\*|\/\*)/.test(line),
};
