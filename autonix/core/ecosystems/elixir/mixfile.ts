/**
 * What a mix.exs says, found by shape: it is a program, and what most of them
 * say stands in literals.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";

const MAX_LINE = 2_000;
const MAX_LINES = 5_000;
/** A dependency may go on below its first line, but not for long. */
const MAX_DEPENDENCY = 600;
/** The largest umbrellas have some hundred. */
const MAX_DEPENDENCIES = 1_000;

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
  /** The alias `assets.deploy`. */
  assets: Evidence | null;
  dependencies: Dependency[];
  links: string[];
}

const DEPENDENCY =
  /\{\s{0,20}:(\w{1,100}),\s{0,40}(?:"([~<>=!\d][^"\n]{0,60})"|(?=(?:github|git|path|in_umbrella|hex|only|env|runtime|organization|override|optional|tag|branch|ref|sparse)\b))/g;
const DEV_ONLY =
  /\bonly:\s{0,4}(?:\[(?:\s{0,4}:(?:dev|test|docs?|ci|lint),?){1,5}\s{0,4}\]|:(?:dev|test|docs?|ci|lint)\b)/;
const PATH = /\bpath:\s{0,4}"([^"\n]{1,200})"/;
const RELEASES =
  /\breleases:\s{0,4}\[\s{0,200}(\w{1,60}):|\bdefp?\s{1,4}releases\b[^[]{0,60}\[\s{0,200}(\w{1,60}):/;

/** The text with lines that are comments emptied. */
function withoutComments(reading: Reading, file: string): string {
  return reading.lines(file).slice(0, MAX_LINES)
    .map(({ text }) => text.slice(0, MAX_LINE))
    .map((text) => text.trimStart().startsWith("#") ? "" : text)
    .join("\n");
}

export function readMixfile(
  reading: Reading,
  file: string,
  directory: string,
): Mixfile {
  const text = withoutComments(reading, file);
  const lineOf = lineFinder(text);
  const first = (pattern: RegExp): Found | null => {
    const found = pattern.exec(text);
    return found === null ? null : {
      value: found.slice(1).find((group) => group !== undefined) ?? found[0],
      evidence: { file, line: lineOf(found.index) },
    };
  };
  const mixfile: Mixfile = {
    file,
    app: first(/\bapp:\s{0,4}:(\w{1,100})/),
    elixir: first(/\belixir:\s{0,4}"([^"\n]{1,60})"/) ??
      first(/@\w{0,20}elixir\w{0,30}\s{1,4}"([^"\n]{1,60})"/),
    appsPath: first(/\bapps_path:\s{0,4}"([^"\n]{1,100})"/),
    runs: first(/\bmod:\s{0,4}\{/)?.evidence ?? null,
    escript: first(/\bescript:\s{0,4}[[\w]/)?.evidence ?? null,
    release: first(RELEASES),
    assets: first(/"assets\.deploy":/)?.evidence ?? null,
    dependencies: [],
    links: [],
  };
  for (const match of text.matchAll(DEPENDENCY)) {
    const [, name = "", version] = match;
    if (mixfile.dependencies.length >= MAX_DEPENDENCIES) break;
    const rest = text.slice(match.index, match.index + MAX_DEPENDENCY);
    const end = rest.indexOf("}");
    const whole = end < 0 ? rest : rest.slice(0, end);
    mixfile.dependencies.push({
      name,
      version: version ?? null,
      isDev: DEV_ONLY.test(whole),
      evidence: { file, line: lineOf(match.index) },
    });
    const path = PATH.exec(whole)?.[1];
    const link = path === undefined ? null : joinPath(directory, path);
    if (link !== null) mixfile.links.push(link);
  }
  return mixfile;
}
