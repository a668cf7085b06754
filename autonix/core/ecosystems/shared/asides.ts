/**
 * Directories that are not what a repository is about, whatever its language.
 *
 * @module
 */

/** What others wrote: nothing is told of it. */
const FOREIGN: ReadonlySet<string> = new Set([
  "vendor",
  "vendored",
  "third_party",
  "third-party",
  "thirdparty",
  "3rdparty",
  "external",
  "externals",
  "extern",
  "deps",
  "submodules",
  "subprojects",
  "node_modules",
]);

/** What shows, tests or measures something else: counts only where there is nothing else. */
const SHOWN: ReadonlySet<string> = new Set([
  "example",
  "examples",
  "_examples",
  "sample",
  "samples",
  "demo",
  "demos",
  "doc",
  "docs",
  "documentation",
  "fixture",
  "fixtures",
  "test",
  "tests",
  "testing",
  "testdata",
  "testutil",
  "spec",
  "e2e",
  "bench",
  "benches",
  "benchmark",
  "benchmarks",
  "fuzz",
  "playground",
  "template",
  "templates",
  "tutorial",
  "tutorials",
  "hack",
  "xtask",
  ".github",
  ".circleci",
  ".devcontainer",
]);

function someSegment(path: string, names: ReadonlySet<string>): boolean {
  return path.split("/").some((name) => names.has(name.toLowerCase()));
}

/** True for a directory of which nothing is told. */
export function isForeign(directory: string): boolean {
  return someSegment(directory, FOREIGN);
}

/** True for a directory that counts only where there is no other. */
export function isAside(directory: string): boolean {
  return someSegment(directory, SHOWN);
}

/**
 * The firm ones, else those among examples and tests: of a repository that is
 * nothing but examples they are what it is about.
 */
export function withoutAsides<T>(
  all: readonly T[],
  pathOf: (one: T) => string,
): readonly T[] {
  const firm = all.filter((one) => !isAside(pathOf(one)));
  return firm.length > 0 ? firm : all;
}
