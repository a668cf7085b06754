/**
 * Ports that a source file listens on: `listen(3000)`, `Deno.serve({ port })`,
 * the default of `PORT`.
 *
 * Tells nothing of ports that a file only speaks to: a number counts where
 * something listens, or where it stands beside `PORT`.
 *
 * @module
 */
import { scanEnv } from "./env_scan.ts";
import { lineCounter } from "./lines.ts";

export interface PortMention {
  port: number;
  line: number;
  /** `default`: of the variable PORT; `fixed`: whatever it says; `usual`: what a server does that is told nothing. */
  kind: "default" | "fixed" | "usual";
}

/** Variables by which an application is told its own port. */
const PORT_NAME =
  /^(?:(?:APP|SERVER|HTTP|API|NODE|WEB|LISTEN|NITRO|BACKEND|NEST|SERVICE|APPLICATION|EXPRESS|NEXT)_){0,2}PORT$/;
const TRIGGER =
  /\.listen\(|\b(?:Deno|Bun)\.serve\(|(?<![.\w])serve\(|\bstartStandaloneServer\(|\bexport default \{|\b(?:PORT|[pP]ort)\)?\s{0,3}(?:\|\||\?\?)\s{0,3}["']?\d{2,5}\b/g;
const AHEAD = 400;
/** More are generated. */
const MAX_MENTIONS = 100;
/** `const port = 3000`, also typed, also out of the environment. */
const CONSTANT =
  /\b(?:const|let|var)\s{1,5}(\w{0,30}[pP](?:ort|ORT)\w{0,30})\s{0,3}(?::\s{0,3}\w{1,30}\s{0,3})?=(?![=>])([^;\n]{1,120})/g;

/** A number that is a port, or null. */
export function portOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{2,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

type Value = Pick<PortMention, "port" | "kind">;
/** What names in a file stand for: constants, and variables with a default. */
interface Known {
  constants: Map<string, Value>;
  variables: ReturnType<typeof scanEnv>;
}

/** A variable of the environment in an expression. */
const VARIABLE =
  /\benv\??(?:\.|\.get\(\s{0,3}["']|\[\s{0,3}["'])([A-Z]\w{0,99})/;
/** `Number(port)`, `+port`, `port as number`: the number or name that is meant. */
const PLAIN =
  /^\s{0,20}\+?(?:(?:Number|parseInt)\(\s{0,3})?["']?(\w{1,60})["']?(?:\s{1,5}as\s{1,5}\w{1,20})?(?:\s{0,3},\s{0,3}10)?\s{0,3}\)?\s{0,20}$/;
/** `... || 3000`, also within brackets. */
const OR_ELSE = /(?:\|\||\?\?)\s{0,5}["']?(\d{2,5})["']?[\s,)\d]{0,10}$/;

/** The port that an expression comes to, and whether a variable decides it. */
function valueOf(expression: string, known: Known): Value | null {
  const plain = PLAIN.exec(expression)?.[1];
  if (plain !== undefined) {
    const port = portOf(plain);
    return port === null
      ? known.constants.get(plain) ?? null
      : { port, kind: "fixed" };
  }
  const name = VARIABLE.exec(expression)?.[1];
  const variable = known.variables.find((one) => one.name === name);
  const port = portOf(variable?.default);
  if (port !== null) return { port, kind: "default" };
  const other = portOf(OR_ELSE.exec(expression)?.[1]);
  return other === null ? null : { port: other, kind: "default" };
}

function constantsOf(text: string, variables: Known["variables"]): Known {
  const known: Known = { constants: new Map(), variables };
  for (const [, name = "", expression = ""] of text.matchAll(CONSTANT)) {
    const value = valueOf(expression, known);
    if (value !== null && known.constants.size < MAX_MENTIONS) {
      known.constants.set(name, value);
    }
  }
  return known;
}

/** The options of a call, up to the bracket that closes them. */
function optionsIn(text: string): string {
  const close = text.search(/\}\s{0,20}[),;]|\n\}/);
  return close < 0 ? text : text.slice(0, close + 1);
}

/** The part of a text before the comma or bracket that ends an argument. */
function argumentOf(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) depth -= 1;
    if (depth < 0 || depth === 0 && (char === "," || char === ";")) {
      return text.slice(0, at);
    }
  }
  return text;
}

const AS_OPTION = /(?:^|[\s{,(])port\s{0,3}(:|(?=[,}\s]))/;

/** What the option `port` says: an expression, or the constant of its name. */
function optionIn(after: string): string | null {
  const options = optionsIn(after);
  const named = AS_OPTION.exec(options);
  if (named === null) return null;
  const from = named.index + named[0].length;
  return named[1] === ":" ? argumentOf(after.slice(from)) : "port";
}

function listenedAt(after: string, known: Known): Value | null {
  if (!/^\s{0,20}\{/.test(after)) return valueOf(argumentOf(after), known);
  const option = optionIn(after);
  return option === null ? null : valueOf(option, known);
}

/** What a server listens on that is told no port. */
const USUAL: ReadonlyMap<string, number> = new Map([
  ["Deno.serve(", 8000],
  ["Bun.serve(", 3000],
  ["startStandaloneServer(", 4000],
]);

function mentionAt(
  text: string,
  found: RegExpExecArray,
  known: Known,
): Omit<PortMention, "line"> | null {
  const [match] = found;
  const end = found.index + match.length;
  const after = text.slice(end, end + AHEAD);
  const digits = /(\d{2,5})$/.exec(match)?.[1];
  if (digits !== undefined) {
    const port = portOf(digits);
    // `url.port || 80` of somebody else's address.
    const isAddress = (port === 80 || port === 443) &&
      text[found.index - 1] === ".";
    return port === null || isAddress ? null : { port, kind: "default" };
  }
  if (match === ".listen(") {
    return listenedAt(after, known);
  }
  const option = optionIn(after);
  if (match === "export default {" && !/\bfetch\b/.test(optionsIn(after))) {
    return null;
  }
  const isCall = match.endsWith("(");
  if (
    option !== null &&
    (!isCall || /^\s{0,20}(?:[^{}]{1,120},\s{0,20})?\{/.test(after))
  ) {
    return valueOf(option, known);
  }
  const usual = USUAL.get(match);
  return usual === undefined ? null : { port: usual, kind: "usual" };
}

/** True for a match whose line is a comment. */
function isCommented(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - 160), index);
  return /^\s{0,80}(?:\/\/|\*)/.test(
    before.slice(before.lastIndexOf("\n") + 1),
  );
}

/** Words without one of which a file listens on nothing; a plain search is soon done. */
const WORDS = [
  ".listen(",
  "serve(",
  "startStandaloneServer(",
  "export default {",
];

/** The ports of a source file; its variables as `scanEnv` told them. */
export function scanPorts(
  text: string,
  variables: ReturnType<typeof scanEnv>,
): PortMention[] {
  const mentions: PortMention[] = [];
  for (const { name, line, default: value } of variables) {
    const port = PORT_NAME.test(name) ? portOf(value) : null;
    if (port !== null) mentions.push({ port, line, kind: "default" });
  }
  if (!WORDS.some((word) => text.includes(word))) return mentions;
  const lineOf = lineCounter(text);
  const isServer = /\.listen\(|\bserve\(/.test(text);
  let known: Known | null = null;
  for (const found of text.matchAll(TRIGGER)) {
    if (mentions.length >= MAX_MENTIONS) break;
    if (isCommented(text, found.index)) continue;
    known ??= constantsOf(text, variables);
    const mention = mentionAt(text, found, known);
    // `port || 25` of a file that listens on nothing is somebody else's port.
    if (mention?.kind === "default" && !isServer) continue;
    if (mention !== null) {
      mentions.push({ ...mention, line: lineOf(found.index) });
    }
  }
  return mentions;
}
