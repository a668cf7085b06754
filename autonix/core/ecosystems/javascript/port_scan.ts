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
  /^(?:APP_|SERVER_|HTTP_|API_|NODE_|WEB_|LISTEN_|NITRO_|BACKEND_|NEST_)?PORT$/;
const TRIGGER =
  /\.listen\(|\b(?:Deno|Bun)\.serve\(|(?<![.\w])serve\(|\bstartStandaloneServer\(|\bexport default \{|\b(?:PORT|[pP]ort)\)?\s{0,3}(?:\|\||\?\?)\s{0,3}["']?\d{2,5}\b/g;
const AHEAD = 400;
/** More are generated. */
const MAX_MENTIONS = 100;
/** `const port = 3000`, also typed. */
const CONSTANT =
  /\b(?:const|let|var)\s{1,5}(\w{0,30}[pP](?:ort|ORT)\w{0,30})\s{0,3}(?::\s{0,3}\w{1,30}\s{0,3})?=\s{0,3}["']?(\d{2,5})\b/g;

/** A number that is a port, or null. */
export function portOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{2,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

function constantsOf(text: string): Map<string, number> {
  const constants = new Map<string, number>();
  for (const [, name = "", digits] of text.matchAll(CONSTANT)) {
    const port = portOf(digits);
    if (port !== null && constants.size < MAX_MENTIONS) {
      constants.set(name, port);
    }
  }
  return constants;
}

/** The options of a call, up to the bracket that closes them. */
function optionsIn(text: string): string {
  const close = text.search(/\}\s{0,20}[),;]|\n\}/);
  return close < 0 ? text : text.slice(0, close + 1);
}

/** A number or the name of a constant. */
function valueOf(
  text: string | undefined,
  constants: ReadonlyMap<string, number>,
): number | null {
  return portOf(text) ?? constants.get(text ?? "") ?? null;
}

const AS_OPTION = /(?:^|[\s{,(])port\s{0,3}(?::\s{0,3}(\w{1,60})|(?=[,}\s]))/;

function listenedAt(
  after: string,
  constants: ReadonlyMap<string, number>,
): number | null {
  const first =
    /^\s{0,20}\+?(?:(?:Number|parseInt)\()?(\w{1,60})(?:\s{1,5}as\s{1,5}\w{1,20})?\s{0,20}[,)]/
      .exec(after);
  if (first !== null) return valueOf(first[1], constants);
  const options = optionsIn(after);
  const named = AS_OPTION.exec(options);
  if (!/^\s{0,20}\{/.test(after) || named === null) return null;
  return valueOf(named[1] ?? "port", constants);
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
  constants: ReadonlyMap<string, number>,
): Omit<PortMention, "line"> | null {
  const [match] = found;
  const end = found.index + match.length;
  const after = text.slice(end, end + AHEAD);
  const digits = /(\d{2,5})$/.exec(match)?.[1];
  if (digits !== undefined) {
    const port = portOf(digits);
    return port === null ? null : { port, kind: "default" };
  }
  if (match === ".listen(") {
    const port = listenedAt(after, constants);
    return port === null ? null : { port, kind: "fixed" };
  }
  const options = optionsIn(after);
  const named = AS_OPTION.exec(options);
  if (match === "export default {" && !/\bfetch\b/.test(options)) return null;
  const isCall = match.endsWith("(");
  if (
    named !== null &&
    (!isCall || /^\s{0,20}(?:[^{}]{1,120},\s{0,20})?\{/.test(after))
  ) {
    const port = valueOf(named[1] ?? "port", constants);
    return port === null ? null : { port, kind: "fixed" };
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
  let constants: ReadonlyMap<string, number> | null = null;
  for (const found of text.matchAll(TRIGGER)) {
    if (mentions.length >= MAX_MENTIONS) break;
    if (isCommented(text, found.index)) continue;
    constants ??= constantsOf(text);
    const mention = mentionAt(text, found, constants);
    // `port || 25` of a file that listens on nothing is somebody else's port.
    if (mention?.kind === "default" && !isServer) continue;
    if (mention !== null) {
      mentions.push({ ...mention, line: lineOf(found.index) });
    }
  }
  return mentions;
}
