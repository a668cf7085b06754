/**
 * Builds of Gradle: which directories are projects of which, by
 * settings.gradle, and what all of them share.
 *
 * Projects that a loop includes are seen by their own build files only.
 *
 * @module
 */
import { directoryOf, isWithin, joinPath } from "../../../file_tree.ts";
import type { Found, Reading } from "../../../reading.ts";
import {
  GRADLE,
  quotedIn,
  type Statement,
  statementsOf,
} from "../statements.ts";
import { type Catalog, readCatalog } from "./catalog.ts";

export const BUILD_FILES = ["build.gradle.kts", "build.gradle"];
const SETTINGS = ["settings.gradle.kts", "settings.gradle"];
const MAX_PROJECTS = 2_000;

export interface Build {
  /** Directory of the root project. */
  root: string;
  settings: string | null;
  name: Found | null;
  /** Directory by path of Gradle: `:api:web`. */
  directories: ReadonlyMap<string, string>;
  /** The same by `projects.api.web`, letters and digits only. */
  accessors: ReadonlyMap<string, string>;
  catalog: Catalog;
  properties: ReadonlyMap<string, Found>;
}

/** `key=value` lines. */
export function readProperties(
  reading: Reading,
  file: string | null,
): Map<string, Found> {
  const found = new Map<string, Found>();
  if (file === null) return found;
  for (const { number, text } of reading.lines(file).slice(0, 2_000)) {
    const pair = /^\s{0,40}([\w.-]{1,200})\s{0,20}[=:]\s{0,20}(.*)$/.exec(
      text.slice(0, 2_000),
    );
    const [, key, value] = pair ?? [];
    if (key === undefined || value === undefined) continue;
    found.set(key, {
      value: value.trim(),
      evidence: { file, line: number },
    });
  }
  return found;
}

/** The directories of a build: of each `include` one, unless moved. */
function directoriesOf(
  statements: readonly Statement[],
  root: string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { text } of statements) {
    if (!/^include\b(?!Build)/.test(text)) continue;
    for (const name of quotedIn(text)) {
      if (found.size >= MAX_PROJECTS || name.includes("$")) continue;
      const path = `:${name.replace(/^:/, "")}`;
      const directory = joinPath(root, path.slice(1).replaceAll(":", "/"));
      if (directory !== null) found.set(path, directory);
    }
  }
  for (const { text } of statements) {
    const moved =
      /^project\(\s{0,4}["'](:[^"']{1,200})["']\s{0,4}\)\.projectDir\s{0,4}=\s{0,4}(?:new\s{1,4})?[fF]ile\((?:[\w.]{1,40}\s{0,4},)?\s{0,4}["']([^"'$]{1,200})["']/
        .exec(text);
    const [, path, to] = moved ?? [];
    const directory = to === undefined ? null : joinPath(root, to);
    if (path !== undefined && directory !== null) found.set(path, directory);
  }
  return found;
}

/** Of a path of Gradle and of its accessor the same. */
export function accessorOf(path: string): string {
  return path.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

function readBuild(reading: Reading, root: string): Build {
  const settings = reading.tree.first(root, SETTINGS);
  const statements = settings === null
    ? []
    : statementsOf(reading.tree.text(settings) ?? "", GRADLE);
  let name: Found | null = null;
  for (const { text, line } of statements) {
    const value =
      /^rootProject\.(?:name\s{0,4}=|setName\()\s{0,4}["']([^"'$]{1,200})["']/
        .exec(text)?.[1];
    if (value !== undefined && settings !== null) {
      name = { value, evidence: { file: settings, line } };
    }
  }
  const directories = directoriesOf(statements, root);
  return {
    root,
    settings,
    name,
    directories,
    accessors: new Map(
      [...directories].map((
        [path, directory],
      ) => [accessorOf(path), directory]),
    ),
    catalog: readCatalog(
      reading,
      reading.tree.first(root, ["gradle/libs.versions.toml"]),
    ),
    properties: readProperties(
      reading,
      reading.tree.first(root, ["gradle.properties"]),
    ),
  };
}

/** The build each directory with a project of Gradle is of. */
export function readBuilds(reading: Reading): Map<string, Build> {
  const { tree } = reading;
  const roots = new Map<string, Build>();
  for (const name of SETTINGS) {
    for (const file of tree.named(name)) {
      const root = directoryOf(file);
      if (!roots.has(root)) roots.set(root, readBuild(reading, root));
    }
  }
  const byDirectory = new Map<string, Build>(roots);
  const files = BUILD_FILES.flatMap((name) => tree.named(name));
  for (const file of files) {
    const directory = directoryOf(file);
    const build = buildAbove(directory, roots) ?? readBuild(reading, directory);
    if (!byDirectory.has(directory)) byDirectory.set(directory, build);
  }
  for (const build of roots.values()) {
    for (const directory of build.directories.values()) {
      // Included, and configured by the root: it has to be there at all.
      const isThere = tree.filesIn(directory).length > 0 ||
        tree.directoriesIn(directory).length > 0;
      if (isThere && isWithin(directory, build.root)) {
        byDirectory.set(directory, roots.get(directory) ?? build);
      }
    }
  }
  return byDirectory;
}

function buildAbove(
  directory: string,
  roots: ReadonlyMap<string, Build>,
): Build | null {
  for (let here = directory;; here = directoryOf(here)) {
    const found = roots.get(here);
    if (found !== undefined) return found;
    if (here === ".") return null;
  }
}
