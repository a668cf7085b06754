/**
 * What the scripts of one project of Gradle say together: its own, what the
 * root says for all, and convention plugins that lie in the repository.
 *
 * @module
 */
import type { Evidence } from "../../../../../roles/model/analysis.ts";
import type { Dependency } from "../../../draft.ts";
import { basenameOf, directoryOf, joinPath } from "../../../file_tree.ts";
import { addTo } from "../../../lists.ts";
import type { Found, Reading } from "../../../reading.ts";
import { GRADLE, lineIn, type Statement, statementsOf } from "../statements.ts";
import { ktorLibrary } from "./catalog.ts";
import { accessorOf, type Build, BUILD_FILES } from "./settings.ts";

/** A statement with the file it stands in. */
export interface Placed extends Statement {
  file: string;
}

/** Convention plugins apply others; more of them make a circle. */
const MAX_FILES = 40;
/** Values that name others. */
const MAX_STEPS = 6;
const MAX_DEPENDENCIES = 2_000;

const SHARED = /^(?:allprojects|subprojects)$/;
const BUILD_LOGIC = /(?:^|\/)(?:buildSrc|build-logic|buildLogic|gradle)\//;

export class Scripts {
  readonly reading: Reading;
  readonly #parsed = new Map<string, readonly Placed[]>();
  readonly #heads = new Map<string, ReadonlyMap<string, readonly Placed[]>>();

  constructor(reading: Reading) {
    this.reading = reading;
  }

  statements(file: string): readonly Placed[] {
    const before = this.#parsed.get(file);
    if (before !== undefined) return before;
    const parsed = statementsOf(this.reading.tree.text(file) ?? "", GRADLE)
      .map((statement) => ({ ...statement, file }));
    this.#parsed.set(file, parsed);
    return parsed;
  }

  /** Everything that holds for a project, its own first. */
  ofProject(directory: string, build: Build): Placed[] {
    const own = this.reading.tree.first(directory, BUILD_FILES);
    const found = own === null ? [] : withoutShared(this.statements(own));
    const root = this.reading.tree.first(build.root, BUILD_FILES);
    if (root !== null) found.push(...this.#fromRoot(root, directory, build));
    this.#addApplied(found);
    return found;
  }

  /** What the root's script says of this project. */
  #fromRoot(root: string, directory: string, build: Build): Placed[] {
    const isRoot = directory === build.root;
    const found: Placed[] = [];
    for (const [head, statements] of this.#byHead(root)) {
      const holds = head === "allprojects" ||
        !isRoot &&
          (head === "subprojects" || build.directories.get(head) === directory);
      if (holds) found.push(...statements);
    }
    return found;
  }

  /** A root's statements for other projects: by `allprojects`, `subprojects`, `:api`. */
  #byHead(root: string): ReadonlyMap<string, readonly Placed[]> {
    const before = this.#heads.get(root);
    if (before !== undefined) return before;
    const byHead = new Map<string, Placed[]>();
    for (const statement of this.statements(root)) {
      const [head, ...blocks] = statement.blocks;
      if (head === undefined) continue;
      const path =
        /^project\(\s{0,4}["'](:[^"']{1,200})["']\s{0,4}\)$/.exec(head)
          ?.[1] ?? head;
      addTo(byHead, path, { ...statement, blocks });
    }
    this.#heads.set(root, byHead);
    return byHead;
  }

  /** Plugins and scripts of the repository that are applied. */
  #addApplied(found: Placed[]): void {
    const files = new Set<string>();
    for (
      let index = 0;
      index < found.length && files.size < MAX_FILES;
      index++
    ) {
      const statement = found[index];
      if (statement === undefined) continue;
      const file = this.#appliedFile(statement);
      if (file === null || files.has(file)) continue;
      files.add(file);
      found.push(...this.statements(file));
    }
  }

  #appliedFile(statement: Placed): string | null {
    const from =
      /^apply\s{0,4}\(?\s{0,4}from\s{0,4}[:=]\s{0,4}(?:[\w.]{1,40}\()?["']([^"']{1,200})["']/
        .exec(statement.text)?.[1];
    if (from !== undefined) {
      const path = from.replace(/^\$\{?[\w.]{1,40}\}?\//, "");
      const name = basenameOf(path);
      return joinPath(directoryOf(statement.file), path) === null
        ? null
        : this.reading.tree.named(name).find((file) =>
          file === path || file.endsWith(`/${path}`)
        ) ?? null;
    }
    const id = pluginIn(statement);
    if (id === null) return null;
    return [`${id}.gradle.kts`, `${id}.gradle`]
      .flatMap((name) => this.reading.tree.named(name))
      .find((file) => BUILD_LOGIC.test(file)) ?? null;
  }
}

function withoutShared(statements: readonly Placed[]): Placed[] {
  return statements.filter(({ blocks }) => {
    const [head = ""] = blocks;
    return !SHARED.test(head) && head !== "buildscript" &&
      !/^project\(|^configure\(/.test(head);
  });
}

/** The plugin that a statement applies, catalogs aside. */
function pluginIn({ text, blocks }: Statement): string | null {
  if (/\bapply\s{0,4}\(?\s{0,4}false\b/.test(text)) return null;
  const isList = blocks.at(-1) === "plugins";
  if (isList) {
    const id = /^id\s{0,4}\(?\s{0,4}["']([\w.-]{1,200})["']/.exec(text)?.[1];
    if (id !== undefined) return id;
    const kotlin = /^kotlin\s{0,4}\(\s{0,4}["']([\w.-]{1,100})["']/.exec(text)
      ?.[1];
    if (kotlin !== undefined) return `org.jetbrains.kotlin.${kotlin}`;
    return /^`?([a-z][\w.-]{0,200})`?$/.exec(text)?.[1] ?? null;
  }
  return /^apply\s{0,4}\(?\s{0,4}plugin\s{0,4}[:=]\s{0,4}["']([\w.-]{1,200})["']/
    .exec(text)?.[1] ??
    /^(?:pluginManager|plugins)\.apply\(\s{0,4}["']([\w.-]{1,200})["']/.exec(
      text,
    )
      ?.[1] ??
    null;
}

/** What Ktor's published catalog, `ktorLibs`, calls its plugin. */
const OF_KTOR = /^alias\s{0,4}\(\s{0,4}ktorLibs\.plugins\.ktor\b/;

export function pluginsIn(
  statements: readonly Placed[],
  build: Build,
): Map<string, Evidence> {
  const found = new Map<string, Evidence>();
  for (const statement of statements) {
    const { file, line, text, blocks } = statement;
    const alias = /^alias\s{0,4}\(\s{0,4}\w{1,40}\.plugins\.([\w.]{1,200})/
      .exec(text)?.[1];
    const id = OF_KTOR.test(text)
      ? "io.ktor.plugin"
      : alias === undefined
      ? pluginIn(statement)
      : blocks.at(-1) !== "plugins" ||
          /\bapply\s{0,4}\(?\s{0,4}false\b/.test(text)
      ? null
      : build.catalog.plugins.get(alias.replace(/\.asProvider\(?$/, "")) ??
        null;
    if (id !== null && !found.has(id)) found.set(id, { file, line });
  }
  return found;
}

/** Names that a script gives to values: `val x = "1"`, `ext.x = 1`, `ext { x = 1 }`. */
export class Values {
  readonly #named = new Map<string, string>();
  readonly #build: Build;

  constructor(statements: readonly Placed[], build: Build) {
    this.#build = build;
    for (const { text, blocks } of statements) {
      const isExtra = /^(?:ext|extra)$/.test(blocks.at(-1) ?? "");
      const found =
        /^(?:(?:val|def|var|String|int|final)\s{1,4}|ext\.|project\.ext\.|extra\[["'])(\w{1,100})(?:["']\])?(?:\s{0,4}:\s{0,4}\w{1,40})?\s{0,4}(?:=|by\s{1,4}extra\()\s{0,4}([^\n]{1,300})$/
          .exec(text) ??
          (isExtra
            ? /^(?:set\(\s{0,4}["'])?(\w{1,100})["']?\s{0,4}[=,]\s{0,4}([^\n]{1,300})$/
              .exec(text)
            : null);
      const [, name, value] = found ?? [];
      if (name !== undefined && value !== undefined && !this.#named.has(name)) {
        this.#named.set(name, value);
      }
    }
  }

  /** What an expression comes to; null where that cannot be seen. */
  text(expression: string, depth = 0): string | null {
    const told = expression.trim().replace(/\.toString\(\)$/, "").slice(0, 300);
    if (depth > MAX_STEPS) return null;
    const quoted = /^(["'])([^"']{0,200})\1\)?$/.exec(told)?.[2];
    if (quoted !== undefined) {
      return told.startsWith("'") ? quoted : this.#filled(quoted, depth);
    }
    if (/^[0-9][\w.]{0,40}$/.test(told)) return told;
    const version =
      /^\w{1,40}\.versions\.([\w.]{1,100}?)\.get\(\)(?:\.toInt\(\))?$/
        .exec(told)?.[1];
    if (version !== undefined) {
      return this.#build.catalog.versions.get(version)?.value ?? null;
    }
    const name =
      /^(?:(?:rootProject|project)\.)?(?:ext\.|extra\.)?(\w{1,100})(?:\.toInt\(\))?$/
        .exec(told)?.[1] ??
        /^(?:rootProject\.|project\.)?(?:findProperty|property|providers\.gradleProperty|extra)[[(]\s{0,4}["'](\w{1,100})["']\s{0,4}[\])]/
          .exec(told)?.[1];
    if (name === undefined) return null;
    const known = this.#named.get(name);
    if (known !== undefined && known !== told) {
      return this.text(known, depth + 1);
    }
    return this.#build.properties.get(name)?.value ?? null;
  }

  /** `shop-$version`. */
  #filled(text: string, depth: number): string | null {
    let isKnown = true;
    const value = text.replace(
      /\$(?:\{([^{}]{1,100})\}|(\w{1,100}))/g,
      (_, long?: string, short?: string) => {
        const inner = this.text(long ?? short ?? "", depth + 1);
        if (inner === null) isKnown = false;
        return inner ?? "";
      },
    );
    return isKnown ? value : null;
  }

  /** The value that is assigned to a name, with its place. */
  assigned(
    statements: readonly Placed[],
    name: RegExp,
    within?: RegExp,
  ): Found | null {
    for (const { text, blocks, file, line } of statements) {
      if (
        within === undefined
          ? blocks.length > 0
          : !within.test(blocks.at(-1) ?? "")
      ) {
        continue;
      }
      const left = name.exec(text);
      if (left === null) continue;
      const right = /^\s{0,4}(?:=|\.set\(|\s)\s{0,4}([^\n]{1,300}?)\)?$/.exec(
        text.slice(left[0].length),
      )?.[1];
      const value = right === undefined ? null : this.text(right);
      if (value !== null) return { value, evidence: { file, line } };
    }
    return null;
  }
}

const DEV =
  /[tT]est|^(?:annotationProcessor|kapt|ksp|compileOnly|compileOnlyApi|providedCompile|providedRuntime|developmentOnly|productionOnly|checkstyle|detekt\w*|ktlint\w*|jmh\w*|classpath)/;

/** What the `dependencies` block asks for. */
export function dependenciesIn(
  statements: readonly Placed[],
  build: Build,
  values: Values,
): { dependencies: Dependency[]; projects: string[] } {
  const dependencies: Dependency[] = [];
  const projects: string[] = [];
  for (const statement of statements) {
    if (statement.blocks.at(-1) !== "dependencies") continue;
    const { text } = statement;
    const configuration = /^["']?(\w{1,60})["']?/.exec(text)?.[1];
    if (configuration === undefined || configuration === "constraints") {
      continue;
    }
    const isDev = DEV.test(configuration);
    const add = (name: string, version: string | null, index: number) => {
      if (dependencies.length >= MAX_DEPENDENCIES) return;
      const line = lineIn(statement, index);
      dependencies.push({
        name,
        version,
        isDev,
        evidence: { file: statement.file, line },
      });
    };
    projects.push(...isDev ? [] : projectsIn(text, build));
    if (/^\w{1,60}[\s(]{1,4}(?:enforcedPlatform|platform)\(/.test(text)) {
      continue;
    }
    for (const [name, version, index] of coordinatesIn(text, build, values)) {
      add(name, version, index);
    }
  }
  return { dependencies, projects };
}

type Coordinate = readonly [string, string | null, number];

function coordinatesIn(
  text: string,
  build: Build,
  values: Values,
): Coordinate[] {
  const found: Coordinate[] = [];
  for (
    const { 1: group, 2: artifact, 3: version, index } of text.matchAll(
      /["']([\w.-]{1,200}):([\w.$-]{1,200})(?::([^"':@]{1,100}))?[^"'\n]{0,60}["']/g,
    )
  ) {
    const told = version === undefined ? null : values.text(`"${version}"`);
    found.push([`${group}:${artifact}`, told, index]);
  }
  const map =
    /group\s{0,4}[:=]\s{0,4}["']([\w.-]{1,200})["']\s{0,4},\s{0,4}name\s{0,4}[:=]\s{0,4}["']([\w.-]{1,200})["'](?:\s{0,4},\s{0,4}version\s{0,4}[:=]\s{0,4}["']([^"']{1,100})["'])?/
      .exec(text);
  if (map !== null) {
    found.push([`${map[1]}:${map[2]}`, map[3] ?? null, map.index]);
  }
  const kotlin = /\bkotlin\(\s{0,4}["']([\w-]{1,100})["']/.exec(text);
  if (kotlin !== null) {
    found.push([
      `org.jetbrains.kotlin:kotlin-${kotlin[1]}`,
      null,
      kotlin.index,
    ]);
  }
  for (
    const { 1: alias = "", index } of text.matchAll(
      /\bktorLibs\.([\w.]{1,200})/g,
    )
  ) {
    found.push([ktorLibrary(alias.replace(/\.get$/, "")), null, index]);
  }
  for (
    const { 1: alias = "", index } of text.matchAll(/\blibs\.([\w.]{1,200})/g)
  ) {
    const name = alias.replace(/\.get$/, "");
    const { libraries, bundles } = build.catalog;
    const all = name.startsWith("bundles.")
      ? bundles.get(name.slice("bundles.".length)) ?? []
      : [name];
    for (const one of all) {
      const library = libraries.get(one);
      if (library !== undefined) {
        found.push([library.name, library.version, index]);
      }
    }
  }
  return found;
}

/** Directories of the projects that a dependency names. */
function projectsIn(text: string, build: Build): string[] {
  const found: string[] = [];
  for (
    const [, path = ""] of text.matchAll(
      /\bproject\(\s{0,4}(?:path\s{0,4}[:=]\s{0,4})?["']:?([^"']{1,200})["']/g,
    )
  ) {
    const directory = build.directories.get(`:${path}`) ??
      joinPath(build.root, path.replaceAll(":", "/"));
    if (directory !== null) found.push(directory);
  }
  for (
    const [, accessor = ""] of text.matchAll(/\bprojects\.([\w.]{1,200})/g)
  ) {
    const directory = build.accessors.get(accessorOf(accessor));
    if (directory !== undefined) found.push(directory);
  }
  return found;
}
