/**
 * Which files of a repository are read, out of all there are.
 *
 * Owns the bounds and the order: manifests first, all of them; then sources,
 * entry points before others, shallow before deep. So a repository of half a
 * million files costs what its walk costs, and the choice is the same on every
 * machine.
 *
 * @module
 */
import type { NamePattern, Reads } from "./detector.ts";
import { basenameOf, comparePaths, type Omission } from "./file_tree.ts";

/** A monorepo of a thousand packages has some three manifests each. */
export const MAX_MANIFESTS = 10_000;
/** Sources show entry points, ports and variables; the shallow ones tell most. */
export const MAX_SOURCES = 2_000;
/** The largest lockfile that is worth a look. */
export const MAX_MANIFEST_BYTES = 2 * 1024 * 1024;
/** Sources written by hand are smaller; what is larger is generated. */
export const MAX_SOURCE_BYTES = 256 * 1024;
/** Of all texts together: what is held in memory. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Sources that tell most: they start something, or configure it. */
const ENTRY =
  /^(main|app|application|server|index|manage|wsgi|asgi|settings|config|program|startup|lib|mod|cli|run|start|bot|worker)\b/i;

/** A file as the walk saw it. */
export interface Candidate {
  path: string;
  bytes: number;
}

/** What to read, in this order. */
export interface Choice {
  paths: string[];
  omissions: Omission[];
}

interface Matcher {
  names: ReadonlySet<string>;
  /** Prefix and suffix around the one star. */
  stars: readonly (readonly [string, string])[];
  /** With a directory. */
  paths: readonly (readonly [string, string, string])[];
}

function splitStar(pattern: string): [string, string] | null {
  const star = pattern.indexOf("*");
  return star < 0 ? null : [pattern.slice(0, star), pattern.slice(star + 1)];
}

function matcherOf(patterns: readonly NamePattern[]): Matcher {
  const names = new Set<string>();
  const stars: [string, string][] = [];
  const paths: [string, string, string][] = [];
  for (const pattern of patterns) {
    const slash = pattern.lastIndexOf("/");
    const star = splitStar(pattern.slice(slash + 1));
    if (slash >= 0) {
      const name = star ?? [pattern.slice(slash + 1), ""];
      paths.push([
        pattern.slice(0, slash),
        name[0],
        star === null ? "\0exact" : name[1],
      ]);
    } else if (star === null) names.add(pattern);
    else stars.push(star);
  }
  return { names, stars, paths };
}

function fits(name: string, [prefix, suffix]: readonly [string, string]) {
  return name.length >= prefix.length + suffix.length &&
    name.startsWith(prefix) && name.endsWith(suffix);
}

function matches(path: string, matcher: Matcher): boolean {
  const name = basenameOf(path);
  if (matcher.names.has(name)) return true;
  if (matcher.stars.some((star) => fits(name, star))) return true;
  return matcher.paths.some(([directory, prefix, suffix]) => {
    const own = path.slice(0, Math.max(0, path.length - name.length - 1));
    if (own !== directory && !own.endsWith(`/${directory}`)) return false;
    return suffix === "\0exact"
      ? name === prefix
      : fits(name, [prefix, suffix]);
  });
}

function depthOf(path: string): number {
  let depth = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    depth += 1;
  }
  return depth;
}

function compareShallow(a: Candidate, b: Candidate): number {
  return depthOf(a.path) - depthOf(b.path) || comparePaths(a.path, b.path);
}

function isEntry(path: string): boolean {
  return ENTRY.test(basenameOf(path));
}

/** Which of these files are read. */
export function chooseReads(
  files: readonly Candidate[],
  reads: readonly Reads[],
): Choice {
  const manifest = matcherOf(reads.flatMap(({ manifests }) => [...manifests]));
  const source = matcherOf(reads.flatMap(({ sources }) => [...sources ?? []]));
  const manifests: Candidate[] = [];
  const sources: Candidate[] = [];
  const omissions: Omission[] = [];
  for (const file of files) {
    if (matches(file.path, manifest)) {
      if (file.bytes <= MAX_MANIFEST_BYTES) manifests.push(file);
      else {
        omissions.push({
          path: file.path,
          what: "this file",
          why:
            `has ${file.bytes} bytes; files above ${MAX_MANIFEST_BYTES} are not read`,
        });
      }
    } else if (file.bytes <= MAX_SOURCE_BYTES && matches(file.path, source)) {
      sources.push(file);
    }
  }
  manifests.sort(compareShallow);
  sources.sort((a, b) =>
    Number(isEntry(b.path)) - Number(isEntry(a.path)) || compareShallow(a, b)
  );
  const wanted = [
    ...manifests.slice(0, MAX_MANIFESTS),
    ...sources.slice(0, MAX_SOURCES),
  ];
  if (manifests.length > MAX_MANIFESTS) {
    omissions.push({
      path: ".",
      what: "manifests",
      why:
        `${manifests.length} files look like manifests; the ${MAX_MANIFESTS} nearest to the root are read`,
    });
  }
  return { paths: withinBytes(wanted, omissions), omissions };
}

function withinBytes(files: readonly Candidate[], omissions: Omission[]) {
  const paths: string[] = [];
  let left = MAX_TOTAL_BYTES;
  for (const { path, bytes } of files) {
    if (bytes <= left) {
      left -= bytes;
      paths.push(path);
      continue;
    }
    omissions.push({
      path: ".",
      what: "files",
      why:
        `those read have more than ${MAX_TOTAL_BYTES} bytes together; the rest is known by name`,
    });
    break;
  }
  return paths;
}
