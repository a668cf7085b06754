/**
 * What a mix.exs says, read line by line: it is a program, and what most of
 * them say stands in literals.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Found, Reading } from "../../reading.ts";

const MAX_LINE = 2_000;
const MAX_LINES = 5_000;
/** A dependency may go on below its first line. */
const MAX_JOINED = 6;

export interface Mixfile {
  file: string;
  app: Found | null;
  elixir: Found | null;
  /** Where an umbrella has its applications. */
  appsPath: Found | null;
  /** `mod: {Shop.Application, []}`: it runs by itself. */
  runs: Evidence | null;
  escript: Evidence | null;
  /** The first name below `releases:`. */
  release: Found | null;
  /** Names of its aliases with their lines. */
  aliases: Map<string, Evidence>;
  dependencies: Dependency[];
  links: string[];
}

const DEPENDENCY = /^\s{0,40}\{\s{0,4}:(\w{1,100}),\s{0,8}(?:"([^"]{1,60})")?/;
const DEV_ONLY =
  /\bonly:\s{0,4}(?:\[(?:\s{0,4}:(?:dev|test|docs?|ci|lint),?){1,5}\s{0,4}\]|:(?:dev|test|docs?|ci|lint)\b)/;
const PATH = /\bpath:\s{0,4}"([^"]{1,200})"/;
const ALIAS = /^\s{0,12}(?:"([\w.]{1,60})"|([a-z_]\w{0,60})):\s{0,4}[["&]/;

function addDependency(
  mixfile: Mixfile,
  of: { text: string; line: number; directory: string },
): void {
  const found = DEPENDENCY.exec(of.text);
  if (found === null) return;
  const [, name = "", version] = found;
  mixfile.dependencies.push({
    name,
    version: version ?? null,
    isDev: DEV_ONLY.test(of.text),
    evidence: { file: mixfile.file, line: of.line },
  });
  const path = PATH.exec(of.text)?.[1];
  const link = path === undefined ? null : joinPath(of.directory, path);
  if (link !== null) mixfile.links.push(link);
}

export function readMixfile(
  reading: Reading,
  file: string,
  directory: string,
): Mixfile {
  const lines = reading.lines(file).slice(0, MAX_LINES).map(
    ({ number, text }) => ({ number, text: text.slice(0, MAX_LINE) }),
  ).filter(({ text }) => !text.trimStart().startsWith("#"));
  const first = (pattern: RegExp): Found | null => {
    for (const { number, text } of lines) {
      const found = pattern.exec(text);
      if (found !== null) {
        return {
          value: found[1] ?? found[0],
          evidence: { file, line: number },
        };
      }
    }
    return null;
  };
  const mixfile: Mixfile = {
    file,
    app: first(/^\s{0,12}app:\s{0,4}:(\w{1,100})/),
    elixir: first(/^\s{0,12}elixir:\s{0,4}"([^"]{1,60})"/),
    appsPath: first(/^\s{0,12}apps_path:\s{0,4}"([^"]{1,100})"/),
    runs: first(/\bmod:\s{0,4}\{/)?.evidence ?? null,
    escript: first(/^\s{0,12}escript:/)?.evidence ?? null,
    release: null,
    aliases: new Map(),
    dependencies: [],
    links: [],
  };
  const releases = lines.findIndex(({ text }) =>
    /\breleases:\s{0,4}\[|\bdefp?\s{1,4}releases\b/.test(text)
  );
  for (const { number, text } of lines.slice(releases + 1, releases + 6)) {
    const name = /^\s{0,20}(\w{1,60}):\s{0,4}\[/.exec(text)?.[1];
    if (releases < 0 || name === undefined) continue;
    mixfile.release = { value: name, evidence: { file, line: number } };
    break;
  }
  lines.forEach(({ number, text }, index) => {
    const [, quoted, plain] = ALIAS.exec(text) ?? [];
    const alias = quoted ?? plain;
    if (alias !== undefined) mixfile.aliases.set(alias, { file, line: number });
    if (!/^\s{0,40}\{\s{0,4}:\w/.test(text)) return;
    let joined = text;
    for (let more = 1; more < MAX_JOINED && !joined.includes("}"); more++) {
      joined += ` ${lines[index + more]?.text.trim() ?? ""}`;
    }
    addDependency(mixfile, {
      text: joined.slice(0, MAX_LINE),
      line: number,
      directory,
    });
  });
  return mixfile;
}
