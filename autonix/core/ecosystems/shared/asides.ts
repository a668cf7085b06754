/**
 * Directories that are not what a repository is about.
 *
 * Owns the names that mean the same in every language; an ecosystem adds its
 * own to them (`src/features` is code in one and tests in another). Java's and
 * .NET's stay apart: to them a `demo` is an application's usual name, and what
 * lies aside is a path.
 *
 * @module
 */

/** What others wrote: nothing is told of it. */
export const FOREIGN: readonly string[] = [
  "vendor",
  "vendors",
  "vendored",
  "third_party",
  "third-party",
  "thirdparty",
  "3rdparty",
  "node_modules",
  "bower_components",
];

/** What shows something else. */
export const EXAMPLES: readonly string[] = [
  "example",
  "examples",
  "sample",
  "samples",
  "demo",
  "demos",
  "tutorials",
];

/** What is written about it. */
export const DOCUMENTS: readonly string[] = [
  "doc",
  "docs",
  "documentation",
];

/** What tests it, and what is made up for that. */
export const TESTS: readonly string[] = [
  "test",
  "tests",
  "testdata",
  "fixture",
  "fixtures",
  "e2e",
];

/** What measures it. */
export const BENCHMARKS: readonly string[] = [
  "bench",
  "benches",
  "benchmark",
  "benchmarks",
];

/** What is copied to begin something else. */
export const TEMPLATES: readonly string[] = ["template", "templates"];

/** True where a part of the path is one of the names, in capitals or not. */
export function hasPart(path: string, names: ReadonlySet<string>): boolean {
  // Asked of each directory there is: nothing is made but the parts.
  for (let from = 0;;) {
    const slash = path.indexOf("/", from);
    const part = slash < 0 ? path.slice(from) : path.slice(from, slash);
    if (names.has(part.toLowerCase())) return true;
    if (slash < 0) return false;
    from = slash + 1;
  }
}

/** Of languages that take the sources of others along. */
const FOREIGN_SOURCES: ReadonlySet<string> = new Set([
  ...FOREIGN,
  "external",
  "externals",
  "extern",
  "deps",
  "submodules",
  "subprojects",
]);

/** What counts only where there is nothing else. */
const ASIDE: ReadonlySet<string> = new Set([
  ...EXAMPLES,
  ...DOCUMENTS,
  ...TESTS,
  ...BENCHMARKS,
  ...TEMPLATES,
  "_examples",
  "testing",
  "testutil",
  "spec",
  "fuzz",
  "playground",
  "tutorial",
  "tutorials",
  "hack",
  "xtask",
  ".github",
  ".circleci",
  ".devcontainer",
]);

const OF_TESTS: ReadonlySet<string> = new Set([
  ...TESTS,
  "testing",
  "testutil",
  "spec",
]);

/** True for a directory that tests something else. */
export function isOfTests(directory: string): boolean {
  return hasPart(directory, OF_TESTS);
}

/** True for a directory of which nothing is told. */
export function isForeign(directory: string): boolean {
  return hasPart(directory, FOREIGN_SOURCES);
}

/** True for a directory that counts only where there is no other. */
export function isAside(directory: string): boolean {
  return hasPart(directory, ASIDE);
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
