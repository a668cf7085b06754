/**
 * Variables and ports that sources of Go speak of: `os.Getenv`, helpers around
 * it (`getEnv("PORT", "8080")`), viper, struct tags of env, envconfig and
 * cleanenv; `ListenAndServe`, `Run`, `net.Listen`, flags.
 *
 * @module
 */
import {
  type Language,
  literalAt,
  type Place,
  type PortMention,
  portOf,
  portOfAddress,
  type Use,
} from "../shared/mentions.ts";

const REFUSED =
  /log\.Fatal|\.Fatal\w{0,3}\(|panic\(|os\.Exit|Errorf\(|errors\.New|return[^\n]{0,60}\berr/;

/** What the block behind `if name == ""` does. */
function useOfBlock(block: string): Use {
  const body = block.split(/\n\t{0,3}\}/, 1)[0] ?? "";
  const assigned = /(?:^|\n)\s{0,20}(?:return|[\w.]{1,60}\s{0,3}:?=)(.{1,200})/
    .exec(body);
  const value = literalAt(assigned?.[1] ?? "");
  if (value !== null && value !== "") return { default: value };
  return REFUSED.test(body) ? "required" : "optional";
}

/** `env:"PORT" envDefault:"8080"`, `envconfig:"PORT" default:"8080"`, `env:"PORT,required"`. */
function useOfTag(after: string): Use {
  const tag = (after.split("\n", 1)[0] ?? "").split("`", 1)[0] ?? "";
  const value =
    /\b(?:envDefault|env-default|default):"([^"]{0,200})"/.exec(tag)?.[1] ??
      /^[^"]{0,100},\s{0,2}default=([^",]{0,200})/.exec(tag)?.[1];
  if (value !== undefined) return { default: value };
  return /required|notEmpty/.test(tag) ? "required" : "optional";
}

/** What follows the closing bracket of a call without a default. */
function useOfValue(before: string, after: string, isLookup: boolean): Use {
  const compared = /^\)\s{0,3}(==|!=)\s{0,3}(?:""|``)/.exec(after);
  if (compared?.[1] === "==") {
    const block = after.slice(after.indexOf("{") + 1);
    return useOfBlock(block);
  }
  if (/^\)\s{0,3}(?:==|!=)/.test(after)) return "optional";
  const other = /\bcmp\.Or\([\w.]{0,20}$/.test(before)
    ? /^\),/.exec(after)
    : null;
  if (other !== null) {
    const value = literalAt(after.slice(other[0].length));
    return value === null ? "optional" : { default: value };
  }
  const name =
    /([A-Za-z_]\w{0,60})(?:,\s{0,3}(\w{1,30}))?\s{0,3}:?=\s{0,3}(?:[\w.]{1,40}\()?[\w.]{0,40}$/
      .exec(before);
  const [, value = "", second] = name ?? [];
  const asked = isLookup ? `!${second ?? "ok"}` : `${value} == ""`;
  const at = value === "" ? -1 : after.indexOf(asked);
  if (at >= 0 && after.slice(0, at).split("\n").length <= 3) {
    return useOfBlock(after.slice(after.indexOf("{", at) + 1));
  }
  if (isLookup) return "optional";
  if (
    value !== "" &&
    (after.includes(`${value} != ""`) || after.includes(`len(${value})`))
  ) return "optional";
  const failed = /^\)\)\s{0,3}\n\s{0,20}if err != nil \{([^}]{0,200})/.exec(
    after,
  );
  if (failed !== null) return useOfBlock(failed[1] ?? "");
  return /ParseBool\([\w.]{0,20}$/.test(before) ? "optional" : "required";
}

/** A flag of urfave's: `&cli.StringFlag{EnvVars: []string{"PORT"}, Value: "80"}`. */
function useOfFlag({ match: { input, index } }: Place): Use {
  const head = input.slice(Math.max(0, index - 400), index);
  const rest = input.slice(index, index + 500);
  const flag = head.slice(head.lastIndexOf("Flag{") + 1) +
    (rest.split(/Flag\{|\n\t{0,4}\},?\n/, 1)[0] ?? "");
  const standard = /\bValue:\s{0,10}(.{1,100})/.exec(flag)?.[1];
  const value = standard === undefined
    ? null
    : literalAt(standard.replace(/,\s{0,5}$/, ""));
  if (value !== null && value !== "") return { default: value };
  return /\bRequired:\s{0,10}true/.test(flag) ? "required" : "optional";
}

function useOf(place: Place): Use | null {
  const { match, before, after } = place;
  const [call] = match;
  if (/^[eE]nvVars?\b/.test(call)) return useOfFlag(place);
  if (call.includes(":")) {
    // Below a namespace the name is a part of one.
    const isPart = match.input.includes("env-namespace:") &&
      !match.groups?.name?.includes("_");
    return isPart ? null : useOfTag(after.replace(/^"/, ""));
  }
  const rest = after.replace(/^"\s{0,3}/, "");
  if (/(?:^|[^A-Za-z])(?:[uU]n)?[sS]et$|[cC]lear$/.test(before)) return null;
  if (rest.startsWith(",")) {
    const value = literalAt(rest.slice(1));
    if (value !== null) return value === "" ? "optional" : { default: value };
    return /[mM]ust\w{0,10}$|[rR]equire\w{0,10}$/.test(before)
      ? "required"
      : "optional";
  }
  if (call.startsWith("viper")) return "optional";
  return useOfValue(before, rest, /[lL]ookup$/.test(before));
}

/** `":8080"`, `"0.0.0.0:8080"` as what is listened on. */
const LISTENED =
  /\b(?:ListenAndServe(?:TLS)?|RunTLS|Run|StartTLS|Start|ListenTLS|Listen|Spin)\(\s{0,5}(?:\w{1,20},\s{0,3})?(?:"tcp[46]?",\s{0,3})?"([^"\n]{0,60}:\d{2,5})"/g;
/** Only where no host is named: clients have an `Addr` too. */
const ADDRESS = /\bAddr(?:ess)?:\s{0,10}"(?:0\.0\.0\.0|\[::\])?:(\d{2,5})"/g;
const NAMED =
  /\b(?:(?:default|server|http|listen|web|api|app|grpc)_?)?(?:port|addr|address)\s{0,5}(?:string|int)?\s{0,5}:?=\s{0,3}"?(?:0\.0\.0\.0|localhost|127\.0\.0\.1)?:?(\d{2,5})\b"?(?![.\d])/gi;
const FLAG =
  /\b(?:String|Int|Uint|StringVar|IntVar|StringP|IntP|StringVarP|IntVarP)\(\s{0,3}(?:&[\w.]{1,40},\s{0,3})?"(?:(?:(?:https?|grpc|rest|api|web|server|app|listen|bind|gateway|admin)[-_.])?(?:port|addr|address|listen|bind)|http|p)",\s{0,3}(?:"\w",\s{0,3})?(?:"?(?:[^",\n]{0,40}:)?)(\d{2,5})\b(?![.\d])/g;
const SERVING =
  /ListenAndServe|net\.Listen|http\.Server\{|NewServer\(|\.(?:Listen|Start|Run|Serve)\(/;

/** Of an engine: queues and schedulers run too. */
const GIN_RUN =
  /(?:^|[^.\w])(?:[a-z]|app|api|srv|\w{0,30}(?:[gG]in|[rR]oute|[rR]outer|[rR]outes|[eE]ngine|[sS]erver))\.Run\(\s{0,3}\)/;
const GIN = /gin-gonic\/gin/;

function portsOf(
  line: string,
  says: (pattern: RegExp) => boolean,
): PortMention[] {
  const ports: (number | null)[] = [];
  if (line.includes('"')) {
    for (const [, address = ""] of line.matchAll(LISTENED)) {
      ports.push(portOfAddress(address));
    }
    for (const pattern of [ADDRESS, FLAG]) {
      for (const [, digits] of line.matchAll(pattern)) {
        ports.push(portOf(digits));
      }
    }
  }
  if (
    /port|addr/i.test(line) &&
    (/default/i.test(line) || says(SERVING))
  ) {
    for (const [, digits] of line.matchAll(NAMED)) ports.push(portOf(digits));
  }
  const found: PortMention[] = ports.flatMap((port) =>
    port === null ? [] : [{ port, kind: "default" }]
  );
  // gin takes PORT, or 8080.
  if (GIN_RUN.test(line) && says(GIN)) {
    found.push({ port: 8080, kind: "usual" });
  }
  return found;
}

export const GO: Language = {
  extensions: ["go"],
  variable:
    /(?:[eE]nv\w{0,30}\(\s{0,5}|EnvVars?:\s{0,5}(?:\[\]string\{\s{0,5})?|\benv(?:config)?:|viper\.(?:Get|BindEnv|MustBindEnv|SetDefault)\w{0,20}\(\s{0,5})"(?<name>[A-Z]\w{1,99})/g,
  useOf,
  portHint: /:\d{2,5}"|[pP]ort|PORT|[aA]ddr|\.Run\(\s{0,3}\)/g,
  portsOf,
  isComment: (line) => /^\s{0,40}(?:\/\/|\*|\/\*)/.test(line),
};
