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
  /** Names below `releases:`. */
  releases: Found[];
  /** `package: package()`: it is published for others to use. */
  published: Evidence | null;
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
/** Where the list of releases begins. */
const RELEASES =
  /\breleases:\s{0,4}\[|\bdefp?\s{1,4}releases\b(?:\(\))?(?:,\s{0,4}do:|\s{1,4}do\b)\s{0,40}\[/;
/** No list of releases is longer. */
const MAX_RELEASES = 8_000;
/** Strings, and what tells how deep in the list a word stands. */
const RELEASE_TOKEN =
  /"[^"\n]{0,500}"|[[({]\s{0,20}(?::(\w{1,60})\s{0,4},|@(\w{1,60})\s{0,4},)?|[\])}]|\b(\w{1,60}):(?=\s)/g;

/** The text with lines that are comments emptied. */
function withoutComments(reading: Reading, file: string): string {
  return reading.lines(file).slice(0, MAX_LINES)
    .map(({ text }) => text.slice(0, MAX_LINE))
    .map((text) => text.trimStart().startsWith("#") ? "" : text)
    .join("\n");
}

/** `@app :shop` is what `app: @app` means. */
function attribute(text: string, name: string): string | null {
  return new RegExp(`@${name}\\s{1,4}:(\\w{1,100})`).exec(text)?.[1] ?? null;
}

/** Where releases stand, by name: `shop: [...]`, `{:shop, ...}`, `{@app, ...}`. */
function releaseNames(text: string): { name: string; index: number }[] {
  const from = RELEASES.exec(text);
  if (from === null) return [];
  const start = from.index + from[0].length - 1;
  const found: { name: string; index: number }[] = [];
  let depth = 0;
  for (
    const match of text.slice(start, start + MAX_RELEASES)
      .matchAll(RELEASE_TOKEN)
  ) {
    const [token, first, constant, key] = match;
    const index = start + match.index;
    if (/^[[({]/.test(token)) {
      depth += 1;
      const name = constant === undefined ? first : attribute(text, constant);
      if (depth === 2 && token.startsWith("{") && name) {
        found.push({ name, index });
      }
    } else if (/^[\])}]/.test(token)) depth -= 1;
    else if (depth === 1 && key !== undefined) found.push({ name: key, index });
    if (depth === 0) break;
  }
  return found;
}

/** Dependencies as mix.exs and `Mix.install` list them, with the path of one that lies here. */
export function dependenciesIn(
  text: string,
  evidenceAt: (index: number) => Evidence,
): (Dependency & { link: string | null })[] {
  const found: (Dependency & { link: string | null })[] = [];
  for (const match of text.matchAll(DEPENDENCY)) {
    const [, name = "", version] = match;
    if (found.length >= MAX_DEPENDENCIES) break;
    const rest = text.slice(match.index, match.index + MAX_DEPENDENCY);
    const end = rest.indexOf("}");
    const whole = end < 0 ? rest : rest.slice(0, end);
    found.push({
      name,
      version: version ?? null,
      isDev: DEV_ONLY.test(whole),
      evidence: evidenceAt(match.index),
      link: PATH.exec(whole)?.[1] ?? null,
    });
  }
  return found;
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
  const constant = first(/\bapp:\s{0,4}@(\w{1,100})/);
  const value = constant === null ? null : attribute(text, constant.value);
  const mixfile: Mixfile = {
    file,
    // An atom elsewhere is that of a dependency: `app: false`, `{:a, app: :b}`.
    app: constant !== null && value !== null
      ? { ...constant, value }
      : first(/\bapp:\s{0,4}:(\w{1,100})/),
    elixir: first(/\belixir:\s{0,4}"([^"\n]{1,60})"/) ??
      first(/@\w{0,20}elixir\w{0,30}\s{1,4}"([^"\n]{1,60})"/),
    appsPath: first(/\bapps_path:\s{0,4}"([^"\n]{1,100})"/),
    runs: first(/\bmod:\s{0,4}\{/)?.evidence ?? null,
    escript: first(/\bescript:\s{0,4}[[\w]/)?.evidence ?? null,
    releases: releaseNames(text).map(({ name, index }) => ({
      value: name,
      evidence: { file, line: lineOf(index) },
    })),
    published: first(/\bpackage:\s{0,4}(?:package\b|\[)/)?.evidence ?? null,
    assets: first(/"assets\.deploy":/)?.evidence ?? null,
    dependencies: [],
    links: [],
  };
  for (
    const { link, ...dependency } of dependenciesIn(text, (index) => ({
      file,
      line: lineOf(index),
    }))
  ) {
    mixfile.dependencies.push(dependency);
    const path = link === null ? null : joinPath(directory, link);
    if (path !== null) mixfile.links.push(path);
  }
  return mixfile;
}
