/**
 * Ports in configuration files that programs read themselves: YAML, TOML, JSON
 * and INI, line by line. Those of programs hold templates and comments that no
 * parser takes.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { portOf } from "./mentions.ts";

const MAX_LINES = 500;
const ENTRY =
  /^([ \t]{0,40})"?([A-Za-z][\w-]{0,40})"?[ \t]{0,8}[:=][ \t]{0,8}(.{0,120})/;
const SECTION = /^\[([\w.-]{1,60})\]/;
/** Keys of where a program listens, with those above them, joined by dots. */
const LISTENING =
  /^(?:(?:app|application|server|http|https?server|api|web|rest|grpc|rpc|service|gateway|listen|default)\.){0,3}(?:port|http_?port|grpc_?port|listen(?:_?on)?|addr|address|bind|listen_?addr(?:ess)?)$/;

interface Found {
  port: number;
  line: number;
}

function portsIn(reading: Reading, file: string): Found[] {
  const found: Found[] = [];
  /** Keys above, by how far they are indented. */
  let above: { indent: number; key: string }[] = [];
  let section = "";
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 200);
    const named = SECTION.exec(line)?.[1];
    if (named !== undefined) {
      section = `${named.toLowerCase()}.`;
      continue;
    }
    const [, indent = "", word = "", rest = ""] = ENTRY.exec(line) ?? [];
    if (word === "") continue;
    const key = word.toLowerCase();
    above = above.filter((one) => one.indent < indent.length);
    const path = section + [...above.map((one) => one.key), key].join(".");
    above.push({ indent: indent.length, key });
    if (!LISTENING.test(path)) continue;
    const digits =
      /^["']?(?:(?:0\.0\.0\.0|localhost|127\.0\.0\.1|\[::\])?:)?(\d{2,5})["']?,?\s{0,8}(?:#.*)?$/
        .exec(rest.trimEnd())?.[1];
    const port = portOf(digits);
    if (port !== null) found.push({ port, line: number });
  }
  return found;
}

/**
 * The ports of the first of these files that names any. Nothing where sources
 * name one: the file is one of those that override it.
 */
export function claimConfigPorts(
  reading: Reading,
  draft: Draft,
  files: readonly string[],
): void {
  const isTold = claimsOf(draft.claims, "port").some(({ source }) =>
    source === "source"
  );
  if (isTold) return;
  for (const name of files) {
    const file = joinPath(draft.path, name) ?? "";
    const ports = reading.tree.has(file) ? portsIn(reading, file) : [];
    for (const { port, line } of ports) {
      claim(draft, "port", port, "config", { file, line });
    }
    if (ports.length > 0) return;
  }
}
