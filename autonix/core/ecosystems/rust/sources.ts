/**
 * Variables and ports that sources of Rust speak of: `env::var` and what
 * becomes of its result, `env!`, clap's `env = "X"`; addresses that are bound.
 *
 * @module
 */
import {
  asUse,
  type Language,
  type Place,
  type PortMention,
  portOf,
  type Use,
} from "../shared/mentions.ts";

const LITERAL =
  /^\s{0,40}(?:String::from\(\s{0,3}|&)?(?:"([^"\n]{0,200})"|(-?\d[\d_]{0,15}?)(?:_?[iuf]\d{1,3})?\b|(true|false)\b)(?!\s{0,5}[*+%])/;

function literalAt(text: string): string | null {
  const [, quoted, digits, truth] = LITERAL.exec(text) ?? [];
  return quoted ?? digits?.replaceAll("_", "") ?? truth ?? null;
}

const OR =
  /\.unwrap_or(?:_else)?\(\s{0,20}(?:\|[^|\n]{0,20}\|\s{0,20})?(?:\{\s{0,40})?|\.map_or(?:_else)?\(\s{0,20}(?:\|[^|\n]{0,20}\|\s{0,20})?/;
const FAILED = /Err\(\s{0,3}\w{1,20}\s{0,3}\)\s{0,3}=>\s{0,20}(?:\{\s{0,40})?/;
const REFUSED = /panic!|exit\(|return Err|bail!|expect\(|anyhow!/;

/** `match env::var("X") { Ok(v) => v, Err(_) => ... }`. */
function useOfMatch(after: string): Use {
  const failed = FAILED.exec(after);
  if (failed === null) return "optional";
  const rest = after.slice(failed.index + failed[0].length);
  const value = literalAt(rest);
  if (value !== null) return asUse(value);
  return REFUSED.test(rest.slice(0, 120)) ? "required" : "optional";
}

/** `#[arg(long, env = "PORT", default_value_t = 3000)]`, then the field. */
function useOfArgument({ match }: Place, after: string): Use {
  // The attribute may have begun some lines above.
  const { input, index } = match;
  const head = input.slice(Math.max(0, index - 400), index);
  const before = head.slice(head.lastIndexOf("#[") + 1);
  const field = after.split("\n").slice(0, 3).join("\n");
  const [, value = null] = /default_value(?:_t)?\s{0,3}=\s{0,3}(.{1,100})/.exec(
    `${before} ${field}`,
  ) ?? [];
  if (value !== null) return asUse(literalAt(value));
  return /:\s{0,3}(?:Option|Vec|bool)\b/.test(field) ? "optional" : "required";
}

/** clap's `Arg::new("port").env("PORT").default_value("80")`; a command's `.env("X", "y")` reads none. */
function useOfBuilder(after: string): Use | null {
  if (!/^"\s{0,3}\)/.test(after)) return null;
  const chain = after.split(/\bArg::|\.arg\(|;/, 1)[0] ?? "";
  const standard = /\.default_value(?:_t)?\((.{1,100})/.exec(chain)?.[1];
  if (standard !== undefined) return asUse(literalAt(standard));
  return /\.required\(\s{0,3}true/.test(chain) ? "required" : "optional";
}

function useOf(place: Place): Use | null {
  const { match, before, after } = place;
  const [call] = match;
  if (call.includes("=")) return useOfArgument(place, after);
  if (before.endsWith(".") && call.startsWith("env(")) {
    return useOfBuilder(after);
  }
  if (call.startsWith("option_env")) return "optional";
  if (call.startsWith("env!")) return "required";
  if (/(?:set|remove)_\w{0,10}$/.test(before)) return null;
  const comma = /^"\s{0,3},/.exec(after);
  if (comma !== null) return asUse(literalAt(after.slice(comma[0].length)));
  if (/\bmatch\s{1,3}[\w:]{0,20}$/.test(before)) return useOfMatch(after);
  if (
    /\blet\s{1,3}(?:Ok|Some)\([^)]{0,40}\)\s{0,3}=\s{0,3}[\w:]{0,20}$/.test(
      before,
    )
  ) {
    const otherwise = /\belse\s{0,3}\{([^}]{0,200})/.exec(after)?.[1];
    return otherwise !== undefined &&
        /let else|panic!|exit\(|return Err|bail!/.test(otherwise)
      ? "required"
      : "optional";
  }
  const chain = after.split(";", 1)[0] ?? "";
  const or = OR.exec(chain);
  if (or !== null) {
    const rest = chain.slice(or.index + or[0].length);
    return REFUSED.test(rest.slice(0, 60)) && literalAt(rest) === null
      ? "required"
      : asUse(literalAt(rest));
  }
  if (/\.expect\(|\.unwrap\(\)|\)\s{0,40}\?|context\(/.test(chain)) {
    return /\.ok\(\)(?!\?)/.test(
        chain.split(/\.expect|\.unwrap/, 1)[0] ?? "",
      ) &&
        !/\.ok\(\)\s{0,40}\.(?:expect|unwrap)/.test(chain)
      ? "optional"
      : "required";
  }
  return /^"\)\.(?:ok|is_ok|is_err|unwrap_or_default)\b/.test(chain)
    ? "optional"
    : call.includes("var")
    ? "optional"
    : "required";
}

const ADDRESS = /"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\])?:(\d{2,5})"/g;
const PAIRS =
  /(?:\[(?:0, ?0, ?0, ?0|127, ?0, ?0, ?1)\]|"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|::)"|Ipv[46]Addr::(?:UNSPECIFIED|LOCALHOST)|\(0, ?0, ?0, ?0\)\)?)\s{0,3}(?:\.into\(\))?,\s{0,3}(\d{2,5})\b/g;
const NAMED =
  /\b(?:DEFAULT_|SERVER_|HTTP_|default_|server_|http_)?(?:PORT|port)(?::\s{0,3}(?:u16|u32|i32|usize|&str))?\s{0,3}=\s{0,3}"?(\d{2,5})\b/g;
/** The config crate's. */
const SET_DEFAULT =
  /\bset_default\(\s{0,3}"(?:(?:server|http|app|web)\.)?port",\s{0,3}(\d{2,5})\b/g;
/** What others are reached at. */
const OUTWARD = /connect|[cC]lient|redis|postgres|mysql|amqp|kafka|nats/;

function portsOf(line: string): PortMention[] {
  if (!/\d{2}/.test(line) || OUTWARD.test(line)) return [];
  return [ADDRESS, PAIRS, NAMED, SET_DEFAULT].flatMap((pattern) =>
    [...line.matchAll(pattern)].flatMap(([, digits]): PortMention[] => {
      const port = portOf(digits);
      return port === null ? [] : [{ port, kind: "default" }];
    })
  );
}

export const RUST: Language = {
  extensions: ["rs"],
  variable:
    /(?:\benv::var(?:_os)?\(\s{0,5}|\bdotenvy?::var\(\s{0,5}|\b(?:option_)?env!\(\s{0,5}|\benv\s{0,3}=\s{0,3}|\b(?:get_|must_|require_|read_)?env(?:_or|_var|_or_default|_or_else)?\(\s{0,5})"(?<name>[A-Z]\w{1,99})/g,
  useOf,
  portHint:
    /"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[?::1?\]?)|\[(?:0, ?0|127, ?0)|\bport\b|PORT|UNSPECIFIED|LOCALHOST|\(0, ?0, ?0/g,
  portsOf,
  // `mod tests;` in a file of its own stands at the head of others.
  end:
    /^#\[cfg\((?:all\()?test\b[^\n]{0,100}\n[ \t]{0,20}(?:pub(?:\(crate\))? )?mod \w{1,60}\s{0,10}\{/m,
  isComment: (line) => /^\s{0,40}(?:\/\/|\*|\/\*)/.test(line),
};
