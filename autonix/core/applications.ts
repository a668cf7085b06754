/**
 * Which applications a repository has: the drafts of all ecosystems, one for
 * each directory, with links between them.
 *
 * Owns who gets a directory that several ecosystems claim, to which
 * application a statement about a directory belongs, and what is left out.
 * Knows no file name.
 *
 * @module
 */
import type {
  AnalysedApplication,
  EnvVariable,
} from "../../roles/model/analysis.ts";
import { resolvePorts } from "./application_ports.ts";
import {
  type Claim,
  claimsOf,
  type Field,
  mergeEvidence,
  rankOf,
  resolveAll,
  resolveOne,
} from "./claims.ts";
import type { DirectoryClaim } from "./detector.ts";
import type { Draft, Ecosystem } from "./draft.ts";
import { isAside, isOfTests } from "./ecosystems/shared/asides.ts";
import {
  basenameOf,
  comparePaths,
  directoryOf,
  isWithin,
} from "./file_tree.ts";
import { addTo } from "./lists.ts";

/** What an ecosystem that lost its directory still contributes. */
const OF_SECOND: ReadonlySet<Field> = new Set<Field>([
  "framework",
  "env",
  "nativeLibrary",
]);
/** Their workspaces say which documents and examples are applications all the same. */
const KNOW_MEMBERS: ReadonlySet<Ecosystem> = new Set<Ecosystem>(["javascript"]);
/** What lies beside loose sources of any language and is not the program: pages, then scripts. */
const BESIDE: readonly Ecosystem[] = ["static", "shell"];

function compareBeside(a: Draft, b: Draft): number {
  return a.weight > 1
    ? 0
    : BESIDE.indexOf(a.ecosystem) - BESIDE.indexOf(b.ecosystem);
}

function compareDrafts(a: Draft, b: Draft): number {
  return b.weight - a.weight ||
    compareBeside(a, b) ||
    Number(b.role === "application") - Number(a.role === "application") ||
    b.claims.length - a.claims.length ||
    comparePaths(a.ecosystem, b.ecosystem);
}

/** One draft of those that claim the same directory. */
function mergeSame(drafts: readonly Draft[]): Draft | null {
  const [first, ...others] = drafts.toSorted(compareDrafts);
  if (first === undefined) return null;
  const merged: Draft = {
    ...first,
    claims: [...first.claims],
    dependencies: [...first.dependencies],
    provides: [...first.provides],
    links: [...first.links],
  };
  for (const other of others) {
    const kept = other.ecosystem === first.ecosystem
      ? other.claims
      : other.claims.filter(({ field }) => OF_SECOND.has(field));
    merged.claims.push(...kept);
    merged.dependencies.push(...other.dependencies);
    merged.provides.push(...other.provides);
    merged.links.push(...other.links);
  }
  return merged;
}

/** Tests are what a repository is about where there is nothing that they test. */
function withoutTests(drafts: Draft[]): Draft[] {
  const isTested = drafts.some(({ path, role }) =>
    role !== "root" && !isAside(path)
  );
  return !isTested
    ? drafts
    : drafts.filter(({ path, weight, ecosystem }) =>
      !isOfTests(path) || weight > 1 && KNOW_MEMBERS.has(ecosystem)
    );
}

/**
 * A draft for each directory; weight 1 yields to applications at, below or
 * above it, and among examples and tests to any that is elsewhere.
 */
export function mergeDrafts(drafts: readonly Draft[]): Draft[] {
  const byPath = Map.groupBy(drafts, ({ path }) => path);
  const merged = withoutTests(
    [...byPath.values()].flatMap((same) => mergeSame(same) ?? [])
      .sort((a, b) => comparePaths(a.path, b.path)),
  );
  const strong = merged.filter(({ weight, role }) =>
    weight > 1 && role !== "root"
  );
  const isSomethingElse = strong.some(({ path }) => !isAside(path));
  return merged.filter(({ weight, path, ecosystem }) => {
    const isBeside = isSomethingElse && isAside(path);
    if (weight > 1) return !isBeside || KNOW_MEMBERS.has(ecosystem);
    // An example in another language than what it shows.
    if (isBeside) return false;
    // Loose sources and pages are part of the application around or below them.
    return !strong.some((other) =>
      isWithin(other.path, path) || isWithin(path, other.path)
    );
  });
}

/** The application a directory belongs to: the nearest at or above it. */
export function ownerOf<D extends { path: string }>(
  path: string,
  byPath: ReadonlyMap<string, D>,
): D | null {
  for (let here = path;; here = directoryOf(here)) {
    const found = byPath.get(here);
    if (found !== undefined) return found;
    if (here === ".") return null;
  }
}

/** Adds what was said of directories to the applications they belong to. */
export function attachClaims(
  drafts: readonly Draft[],
  claims: readonly DirectoryClaim[],
): Draft[] {
  const byPath = new Map(drafts.map((draft) => [
    draft.path,
    { ...draft, claims: [...draft.claims] },
  ]));
  for (const { path, claim } of claims) {
    ownerOf(path, byPath)?.claims.push(claim);
  }
  return [...byPath.values()];
}

/** Directories that hold a workspace together are no application unless something starts them. */
export function withoutRoots(drafts: readonly Draft[]): Draft[] {
  return drafts.filter((draft) =>
    draft.role !== "root" ||
    claimsOf(draft.claims, "start").length > 0 || drafts.length === 1
  );
}

/** Who depends on whom: names that drafts go by, looked up and not gone through for each. */
export class Links {
  /** Places among the drafts, by path, and by ecosystem and name. */
  readonly #byPath = new Map<string, number[]>();
  readonly #byName = new Map<string, number[]>();
  readonly #paths: readonly string[];

  constructor(drafts: readonly Draft[]) {
    this.#paths = drafts.map(({ path }) => path);
    drafts.forEach(({ path, ecosystem, provides }, place) => {
      addTo(this.#byPath, path, place);
      for (const name of provides) {
        addTo(this.#byName, `${ecosystem}\0${name}`, place);
      }
    });
  }

  /** Paths of the others that one depends on, by name or by path, in the order of all. */
  of({ path, ecosystem, dependencies, links }: Draft): string[] {
    const places = new Set<number>();
    const add = (found: readonly number[] = []) => {
      for (const place of found) places.add(place);
    };
    for (const link of links) add(this.#byPath.get(link));
    for (const { name } of dependencies) {
      add(this.#byName.get(`${ecosystem}\0${name}`));
    }
    return [...places].sort((a, b) => a - b)
      .map((place) => this.#paths[place] ?? path)
      .filter((other) => other !== path);
  }
}

const LISTING: ReadonlySet<string> = new Set(["env-file"]);
const PASSING: ReadonlySet<string> = new Set(["env-file", "container"]);

/** Sources that read a variable know whether they do without; a list of variables only that it is empty there. */
function isRequired(claims: readonly Claim<"env">[]): boolean {
  const isOf = (places: ReadonlySet<string>) =>
    claims.filter(({ source }) => !places.has(source));
  // A compose file only passes on what it is given.
  const [deciding = claims] = [isOf(PASSING), isOf(LISTING)]
    .filter((some) => some.length > 0);
  return deciding.some(({ value }) => value.required);
}

function resolveEnv(claims: readonly Claim[]): EnvVariable[] {
  const byName = Map.groupBy(
    claimsOf(claims, "env"),
    ({ value }) => value.name,
  );
  return [...byName].sort(([a], [b]) => comparePaths(a, b)).map(
    ([name, same]) => {
      const sorted = same.toSorted((a, b) =>
        rankOf(a) - rankOf(b) ||
        comparePaths(a.value.default ?? "", b.value.default ?? "")
      );
      const standard = sorted.find(({ value }) => value.default !== undefined)
        ?.value.default;
      return {
        name,
        required: standard === undefined &&
          isRequired(sorted),
        ...(standard === undefined ? {} : { default: standard }),
        evidence: mergeEvidence(sorted.map(({ evidence }) => evidence)),
      };
    },
  );
}

/** The name a directory gives; of the root, the one the caller gives the repository. */
function nameOf(path: string, repository: string): string {
  return path === "." ? repository : basenameOf(path);
}

/** A draft as it is told, or null when nobody says its language. */
export function applicationOf(
  draft: Draft,
  of: { links: Links; repository: string },
): AnalysedApplication | null {
  const { claims, path } = draft;
  const language = resolveOne(claims, "language");
  if (language === null) return null;
  const start = resolveOne(claims, "start");
  return {
    path,
    name: resolveOne(claims, "name")?.value || nameOf(path, of.repository),
    language,
    runtimeVersion: resolveOne(claims, "runtimeVersion"),
    packageManager: resolveOne(claims, "packageManager"),
    frameworks: resolveAll(claims, "framework"),
    commands: {
      install: resolveOne(claims, "install"),
      build: resolveOne(claims, "build"),
      start,
      test: resolveOne(claims, "test"),
    },
    ports: resolvePorts(claims, start),
    env: resolveEnv(claims),
    nativeLibraries: resolveAll(claims, "nativeLibrary"),
    dependsOn: of.links.of(draft),
  };
}
