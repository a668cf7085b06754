/**
 * What every build tool of the JVM comes down to: one project with its
 * dependencies, plugins and the commands that build and start it.
 *
 * @module
 */
import type {
  Evidence,
  Language,
  PackageManager,
} from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import type { Dependency, Role } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Found, Reading } from "../../reading.ts";
import type { OwnSources } from "./sources.ts";

/** A command with where it comes from. */
export interface Command {
  command: string;
  source: Source;
  evidence: Evidence;
}

export interface Project {
  path: string;
  manifest: string;
  /** Null for ant and for sources alone. */
  tool: PackageManager | null;
  role: Role;
  name: Found | null;
  /** As the manifest has it. */
  javaVersion: Found | null;
  /** What plugins and their like say; sources say more. */
  language: Language;
  dependencies: Dependency[];
  /** Ids of build plugins: `org.springframework.boot`, `group:artifact`. */
  plugins: ReadonlyMap<string, Evidence>;
  provides: string[];
  links: string[];
  install: Command | null;
  build: Command | null;
  start: Command | null;
  test: Command | null;
  /** Where the manifest has one. */
  port?: Found;
  /** Where what starts it listens unless told otherwise. */
  usualPort?: Found;
  /** Why there is no start, where a user wonders. */
  noStart?: string;
}

/** What a tool is given to read a project. */
export interface Place {
  reading: Reading;
  path: string;
  manifest: string;
  sources: OwnSources;
}

/** The way from a directory up to one above it: `../..`; `.` for itself. */
export function upTo(path: string, above: string): string {
  let up = "";
  for (let here = path; here !== above; here = directoryOf(here)) {
    up = up === "" ? ".." : `${up}/..`;
    if (here === ".") break;
  }
  return up === "" ? "." : up;
}

/** The nearest file of this name at or above a directory. */
export function nearestFile(
  reading: Reading,
  path: string,
  name: string,
): string | null {
  for (let here = path;; here = directoryOf(here)) {
    const file = joinPath(here, name);
    if (file !== null && reading.tree.has(file)) return file;
    if (here === ".") return null;
  }
}

/** `./mvnw`, `../gradlew` where the script is committed, else the tool's own name. */
export function wrapperOr(
  reading: Reading,
  path: string,
  of: { script: string; tool: string },
): string {
  const file = nearestFile(reading, path, of.script);
  if (file === null) return of.tool;
  const up = upTo(path, directoryOf(file));
  return `${up}/${of.script}`;
}

/** Shell words that need no quotes are left as they are. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./*-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The dependency of a project whose artifact is this; dev ones do not count. */
export function artifactOf(
  project: Pick<Project, "dependencies">,
  artifact: string,
): Dependency | null {
  return project.dependencies.find(({ name, isDev }) =>
    !isDev && name.slice(name.lastIndexOf(":") + 1) === artifact
  ) ?? null;
}
