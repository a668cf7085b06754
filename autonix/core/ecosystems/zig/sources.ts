/**
 * Variables and ports that sources of Zig speak of.
 *
 * @module
 */
import {
  type Language,
  literalAt,
  type Place,
  type PortMention,
  portOf,
  type Use,
} from "../shared/mentions.ts";

function useOf({ before, after }: Place): Use | null {
  const rest = after.slice(0, 300);
  const other =
    /\b(?:orelse|catch(?:\s{0,3}\|\w{1,20}\|)?)\s{1,3}(?:try\s{1,3}[\w.]{1,40}\([^"\n]{0,60})?([^\n;]{1,200})/
      .exec(
        rest.split(";", 1)[0] ?? "",
      );
  if (other !== null) {
    const value = literalAt(other[1] ?? "");
    if (value !== null && value !== "") return { default: value };
    return /return error|panic|exit\(/.test(other[1] ?? "")
      ? "required"
      : "optional";
  }
  if (/\bif\s{0,3}\([\w.]{0,40}\(?$/.test(before) || /hasEnvVar/.test(before)) {
    return "optional";
  }
  if (
    /\btry\s{1,3}[\w.]{0,60}$/.test(before) || /^"\)\.\?/.test(rest)
  ) return "required";
  return "optional";
}

const PORTS = [
  /\b(?:parseIp[46]?|resolveIp|init|initIp4|Address\.\w{1,20})\([^)\n]{0,60},\s{0,3}(\d{2,5})\s{0,3}\)/g,
  /\.port\s{0,3}=\s{0,3}(\d{2,5})\b/g,
  /\bconst\s{1,3}(?:default_|server_|listen_)?port(?::\s{0,3}u16)?\s{0,3}=\s{0,3}(\d{2,5})\b/gi,
];

function portsOf(line: string): PortMention[] {
  if (!/\d{2}/.test(line) || /connect/.test(line)) return [];
  return PORTS.flatMap((pattern) =>
    [...line.matchAll(pattern)].flatMap(([, digits]): PortMention[] => {
      const port = portOf(digits);
      return port === null ? [] : [{ port, kind: "default" }];
    })
  );
}

export const ZIG: Language = {
  extensions: ["zig"],
  variable:
    /\b(?:getenv|getEnvVarOwned|hasEnvVar(?:Constant)?|env(?:_map)?\.get)\([^"\n)]{0,60}"(?<name>[A-Z]\w{1,99})/g,
  useOf,
  portHint: /[pP]ort|PORT|parseIp|Address|resolveIp/g,
  portsOf,
  isComment: (line) => /^\s{0,40}\/\//.test(line),
  // Its tests stand at the end of a source.
  end: /^test\s{1,4}(?:"|\{|\w)/m,
};
