/**
 * A draft for each manifest of an ecosystem, as most of them begin.
 *
 * @module
 */
import type {
  Evidence,
  PackageManager,
} from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import {
  claim,
  type Dependency,
  dependencyOf,
  type Draft,
} from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Found, Reading } from "../../reading.ts";
import type { Place } from "./places.ts";

/** What a project of any ecosystem is read with. */
export interface Opened {
  reading: Reading;
  draft: Draft;
  place: Place;
}

/** The first of these files that lies in the project's own directory. */
export function fileOf(
  { reading, place }: Opened,
  ...names: string[]
): string | null {
  return reading.tree.first(place.path, names);
}

export function hasDirectory({ reading, place }: Opened, name: string) {
  const path = joinPath(place.path, name);
  return path !== null && reading.tree.hasDirectory(path);
}

/** Where one of these is asked for, and not for development alone. */
export function uses(
  { draft }: Pick<Opened, "draft">,
  ...names: string[]
): Evidence | null {
  return draft.dependencies.find(({ name, isDev }) =>
    !isDev && names.includes(name)
  )?.evidence ?? null;
}

/** A start command, if there is one. */
export function claimStart(
  draft: Draft,
  start:
    | {
      command: string;
      source: Source;
      evidence: Evidence | readonly Evidence[];
    }
    | null,
): void {
  if (start === null) return;
  claim(draft, "start", start.command, start.source, start.evidence);
}

/** Claims what was found, if anything was. */
export function claimFound(
  draft: Draft,
  field: "name" | "runtimeVersion",
  found: Found | null,
  source: "manifest" | "lock" | "config" = "manifest",
): void {
  claim(draft, field, found?.value ?? null, source, found?.evidence ?? null);
}

/** The manager, by manifest and by lockfile. */
export function claimManager(
  draft: Draft,
  of: { manager: PackageManager; manifest: Evidence; lock: string | null },
): void {
  const { manager, manifest, lock } = of;
  claim(draft, "packageManager", manager, "manifest", manifest);
  if (lock !== null) {
    claim(draft, "packageManager", manager, "lock", { file: lock, line: null });
  }
}

/** The port of the first framework that has one; none of a library. */
export function claimFrameworkPort(
  draft: Draft,
  of: {
    frameworks: readonly string[];
    ports: ReadonlyMap<string, number>;
    /** Where no dependency has the framework's name. */
    manifest: Evidence;
  },
): void {
  const { ports, manifest } = of;
  const framework = of.frameworks.find((one) => ports.has(one));
  if (framework === undefined || draft.role !== "application") return;
  const evidence = dependencyOf(draft, framework)?.evidence ?? manifest;
  claim(draft, "port", ports.get(framework) ?? null, "framework", evidence);
}

/** A framework, and the packages by which it is recognised. */
export type FrameworkTable = readonly (readonly [
  framework: string,
  ...packages: string[],
])[];

/** Dependencies that are there when it runs, by name. */
export function running(draft: Draft): Map<string, Dependency> {
  return new Map(
    draft.dependencies
      .filter(({ isDev }) => !isDev)
      .map((dependency) => [dependency.name, dependency]),
  );
}

/**
 * Claims each framework that is used when it runs; their names in the table's
 * order. Those of `below` are what others stand on: told only where they are
 * alone, and last in the table.
 */
export function claimFrameworks(
  draft: Draft,
  table: FrameworkTable,
  below: ReadonlySet<string> = new Set(),
): string[] {
  const there = running(draft);
  const found: string[] = [];
  for (const [framework, ...packages] of table) {
    const used = packages.map((name) => there.get(name)).filter((one) =>
      one !== undefined
    );
    if (used.length === 0) continue;
    if (found.length > 0 && below.has(framework)) continue;
    found.push(framework);
    claim(
      draft,
      "framework",
      framework,
      "manifest",
      used.map(({ evidence }) => evidence),
    );
  }
  return found;
}

/** The only one of several programs, or the first that has one of these names. */
export function programNamed(
  programs: readonly Found[],
  names: readonly (string | undefined)[],
): Found | null {
  if (programs.length <= 1) return programs[0] ?? null;
  for (const wanted of names) {
    const found = programs.find(({ value }) => value === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/** Tells that of several programs none is plainly the one to start. */
export function reportSeveral(
  reading: Reading,
  path: string,
  of: { programs: number; like: "module" | "package" | "project" },
): void {
  reading.report({
    path,
    what: "start command",
    why:
      `it builds ${of.programs} programs, and none is named like the ${of.like} or a server`,
  });
}

/** How much speaks for this ecosystem: most where something starts it. */
export function weightOf(draft: Draft, of: { isAside: boolean }): 1 | 2 | 3 {
  if (of.isAside) return 1;
  const isStarted = draft.role === "application" &&
    draft.claims.some(({ field, source }) =>
      field === "start" && source !== "guess"
    );
  return isStarted ? 3 : 2;
}

/** Libraries of nixpkgs by the package that needs them. */
export type NativeTable = ReadonlyMap<string, readonly string[]>;

/** Claims what packages need that are there when it runs. */
export function claimNative(draft: Draft, table: NativeTable): void {
  for (const { name, isDev, evidence } of draft.dependencies) {
    if (isDev) continue;
    for (const library of table.get(name) ?? []) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}

/** Evidence of the first of these dependencies. */
export function evidenceOf(
  draft: Draft,
  names: readonly string[],
): Evidence | null {
  for (const name of names) {
    const found = dependencyOf(draft, name);
    if (found !== null) return found.evidence;
  }
  return null;
}
