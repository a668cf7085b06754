/**
 * What a Gemfile and a gemspec say, read line by line: they are programs, and
 * what most of them say stands in literals.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Found, Reading } from "../../reading.ts";

/** Lines that regexps are run over are cut to this. */
const MAX_LINE = 2_000;
/** The longest Gemfiles have some 500. */
const MAX_LINES = 5_000;

export interface Gemfile {
  file: string;
  dependencies: Dependency[];
  /** Directories of gems that it takes from the repository. */
  links: string[];
  /** `ruby "3.2.2"`. */
  ruby: Found | null;
  /** Names a gemspec beside it. */
  isOfGemspec: boolean;
}

export interface Gemspec {
  file: string;
  name: Found | null;
  ruby: Found | null;
  dependencies: Dependency[];
  /** `spec.executables`: it is a program. */
  hasPrograms: boolean;
}

const GEM = /^gem[\s(]\s{0,20}["']([\w.-]{1,100})["']/;
const GROUPS = /\bgroups?(?::|\s{0,4}=>)\s{0,4}(\[[^\]]{0,200}\]|:\w+)/;
const GROUP_BLOCK = /^group[\s(](.{0,200}?)\)?\s{1,4}do\b/;
const BLOCK = /\bdo(?:\s{0,4}\|[^|]{0,60}\|)?$/;
const PATH = /\bpath(?::|\s{0,4}=>)\s{0,4}["']([^"']{1,200})["']/;
const PATH_BLOCK = /^path[\s(]\s{0,4}["']([^"']{1,200})["']/;
const REQUIREMENT = /^\s{0,8},\s{0,8}["']([^"'\w]{0,4}\d[^"']{0,60})["']/;
const RUBY = /^ruby[\s(]\s{0,4}((?:["'][^"']{1,60}["'](?:,\s{0,4})?){1,4})/;
/** What nobody needs when it runs. */
const DEV_GROUP = /:(?:development|dev|test|ci|linters?|docs?|tools?)\b/;
const RUN_GROUP = /:(?:default|production|assets|web|app|server)\b/;

function isDevGroup(names: string): boolean {
  return DEV_GROUP.test(names) && !RUN_GROUP.test(names);
}

/** Literal strings after a position: `"~> 1.2", ">= 1.2.3"`. */
function requirements(text: string): string | null {
  const found: string[] = [];
  let rest = text;
  for (let match = REQUIREMENT.exec(rest); match !== null;) {
    found.push(match[1] ?? "");
    rest = rest.slice(match[0].length);
    match = found.length < 4 ? REQUIREMENT.exec(rest) : null;
  }
  return found.length === 0 ? null : found.join(", ");
}

interface Block {
  isDev: boolean;
  path: string | null;
}

function blockOf(text: string): Block {
  const group = GROUP_BLOCK.exec(text)?.[1];
  return {
    isDev: group !== undefined && isDevGroup(group),
    path: PATH_BLOCK.exec(text)?.[1] ?? null,
  };
}

export function readGemfile(
  reading: Reading,
  file: string,
  directory: string,
): Gemfile {
  const gemfile: Gemfile = {
    file,
    dependencies: [],
    links: [],
    ruby: null,
    isOfGemspec: false,
  };
  const open: Block[] = [];
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE).trim();
    if (line === "" || line.startsWith("#")) continue;
    const evidence = { file, line: number };
    const gem = GEM.exec(line);
    if (gem !== null) {
      const name = gem[1] ?? "";
      const groups = GROUPS.exec(line)?.[1];
      const isDev = open.some((block) => block.isDev) ||
        groups !== undefined && isDevGroup(groups);
      const version = requirements(line.slice(gem[0].length));
      gemfile.dependencies.push({ name, version, isDev, evidence });
      const block = open.findLast(({ path }) => path !== null)?.path;
      const path = PATH.exec(line)?.[1] ??
        (block === undefined || block === null ? null : `${block}/${name}`);
      const link = path === null ? null : joinPath(directory, path);
      if (link !== null) gemfile.links.push(link);
    }
    const ruby = RUBY.exec(line)?.[1];
    if (ruby !== undefined) {
      const value = [...ruby.matchAll(/["']([^"']{1,60})["']/g)]
        .map(([, one = ""]) => one.trim()).join(", ");
      gemfile.ruby ??= { value: value.replace(/^ruby-/, ""), evidence };
    }
    // `Bundler.load_gemspec` is another way to take its gems.
    if (/^gemspec\b|\bload_gemspec\b/.test(line)) gemfile.isOfGemspec = true;
    if (BLOCK.test(line)) open.push(blockOf(line));
    else if (/^(?:if|unless|case)\b/.test(line)) {
      open.push({ isDev: false, path: null });
    } else if (/^end\b/.test(line)) open.pop();
  }
  return gemfile;
}

const SPEC_NAME = /^\w{1,20}\.name\s{0,40}=\s{0,8}["']([\w.-]{1,100})["']/;
const SPEC_NEW = /^Gem::Specification\.new[\s(]\s{0,4}["']([\w.-]{1,100})["']/;
const SPEC_RUBY =
  /^\w{1,20}\.required_ruby_version\s{0,40}=\s{0,8}(?:Gem::Requirement\.new\(\s{0,4})?["']([^"']{1,60})["']/;
const SPEC_DEPENDENCY =
  /^\w{1,20}\.add_(runtime_|development_)?dependency[\s(]\s{0,8}["']([\w.-]{1,100})["']/;

export function readGemspec(reading: Reading, file: string): Gemspec {
  const spec: Gemspec = {
    file,
    name: null,
    ruby: null,
    dependencies: [],
    hasPrograms: false,
  };
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE).trim();
    const evidence = { file, line: number };
    const name = SPEC_NAME.exec(line)?.[1] ??
      SPEC_NEW.exec(line)?.[1];
    if (name !== undefined) spec.name ??= { value: name, evidence };
    const ruby = SPEC_RUBY.exec(line)?.[1];
    if (ruby !== undefined) spec.ruby ??= { value: ruby, evidence };
    if (/^\w{1,20}\.executables\b/.test(line)) spec.hasPrograms = true;
    const found = SPEC_DEPENDENCY.exec(line);
    if (found === null) continue;
    spec.dependencies.push({
      name: found[2] ?? "",
      version: requirements(line.slice(found[0].length)),
      isDev: found[1] === "development_",
      evidence,
    });
  }
  return spec;
}

/** `RUBY VERSION\n   ruby 3.1.2p20` of a Gemfile.lock. */
export function lockedRuby(reading: Reading, lock: string): Found | null {
  return reading.match(lock, /^ {3}ruby (\d+\.\d+\.\d+)/);
}
