/**
 * Ports in the configuration file that a program is started with: viper's
 * config.yaml, go-zero's etc/x.yaml, kratos' configs/config.yaml, beego's
 * conf/app.conf.
 *
 * Files are read line by line, whatever their format: those of programs hold
 * templates and comments that no parser takes.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import type { NamePattern } from "../../detector.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { portOf } from "../shared/mentions.ts";

/** Modules that read such files. */
const READERS =
  /^(?:github\.com\/(?:spf13\/viper|knadh\/koanf|ilyakaznacheev\/cleanenv|zeromicro\/go-zero|go-kratos\/kratos|gogf\/gf|beego\/beego|astaxie\/beego|jinzhu\/configor|BurntSushi\/toml|pelletier\/go-toml|goccy\/go-yaml|go-ini\/ini|num30\/config|gookit\/config)|gopkg\.in\/(?:yaml|ini)\.v\d|go\.yaml\.in\/yaml)(?:\/|$)/;

/** Nearest first; in the first that names a port it stands. */
const FILES = [
  "config.yaml",
  "config.yml",
  "config.toml",
  "config.json",
  "config.local.yaml",
  "config.example.yaml",
  "config.yaml.example",
  "config/config.yaml",
  "config/config.yml",
  "config/config.toml",
  "config/config.json",
  "config/local.yaml",
  "configs/config.yaml",
  "configs/config.yml",
  "configs/config.toml",
  "conf/config.yaml",
  "conf/config.toml",
  "conf/app.conf",
  "conf/app.ini",
  "manifest/config/config.yaml",
];
/** Where go-zero keeps one for each program. */
const FOLDER = "etc";

export const CONFIGS: readonly NamePattern[] = [
  "config.yaml",
  "config.yml",
  "config.toml",
  "config.json",
  "config.local.yaml",
  "config.example.yaml",
  "config.yaml.example",
  "config/local.yaml",
  "conf/app.conf",
  "conf/app.ini",
  "etc/*.yaml",
];

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

/** Nothing where sources name a port: the file is one of those that override it. */
export function claimConfig(reading: Reading, draft: Draft): void {
  if (draft.role !== "application") return;
  if (!draft.dependencies.some(({ name }) => READERS.test(name))) return;
  const isTold = claimsOf(draft.claims, "port").some(({ source }) =>
    source === "source"
  );
  if (isTold) return;
  const folder = joinPath(draft.path, FOLDER) ?? "";
  const kept = reading.tree.filesIn(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `${FOLDER}/${name}`);
  for (const name of [...FILES, ...kept]) {
    const file = joinPath(draft.path, name) ?? "";
    const ports = reading.tree.has(file) ? portsIn(reading, file) : [];
    for (const { port, line } of ports) {
      claim(draft, "port", port, "config", { file, line });
    }
    if (ports.length > 0) return;
  }
}
