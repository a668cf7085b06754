/**
 * Directories whose packages and sources are not what a repository is about.
 *
 * @module
 */

import type { Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  BENCHMARKS,
  DOCUMENTS,
  EXAMPLES,
  FOREIGN,
  hasPart,
  TEMPLATES,
  TESTS,
} from "../shared/asides.ts";

/** What others wrote, or what is handed to browsers as it is: nothing is told of it. */
const VENDORED: ReadonlySet<string> = new Set([
  ...FOREIGN,
  // Wrappers that yarn writes for editors are packages by their manifests.
  ".yarn",
  "public",
  "static",
]);

/** What shows, tests or measures something else. */
const SHOWN: ReadonlySet<string> = new Set([
  ...EXAMPLES,
  ...TESTS,
  ...BENCHMARKS,
  ...TEMPLATES,
  "playground",
  "playgrounds",
  "sandbox",
  "sandboxes",
  "__fixtures__",
  "__mocks__",
  "mocks",
  "__tests__",
  "spec",
  "specs",
  "cypress",
  "boilerplate",
  "stubs",
  "generators",
  "remix.init",
]);

/** An application only where a workspace names it. */
const ABOUT: ReadonlySet<string> = new Set(DOCUMENTS);

/** Parts of a build that sources of its own never lie in. */
const MADE: ReadonlySet<string> = new Set([
  "dist",
  "build",
  "out",
  "coverage",
  ".storybook",
  "storybook",
  "stories",
]);

/** Names of test and story files. */
const TESTING =
  /(?:^|[._-])(?:tests?|spec|examples?|demo)\.[cm]?[jt]sx?$|[._-](?:test|tests|spec|stories|story|e2e|mock|bench)\./i;
/** What sets up programs that test: only they read its variables. */
const OF_RUNNERS =
  /^(?:jest|vitest|playwright|cypress|karma|wdio|mocha|ava|nightwatch|stryker|testcafe|web-test-runner)[\w-]{0,40}\.[\w.-]{0,40}?(?:config|conf|setup|workspace)\./;
const CONFIGURING =
  /(?:\.(?:config|preset|workspace|setup)\.\w{2,4}|^\.[\w.-]{1,40}rc\.\w{2,4})$/;

/** What people run by hand, or a pipeline does. */
const TOOLS: ReadonlySet<string> = new Set([
  "script",
  "scripts",
  "tool",
  "tools",
  "tooling",
  "extra",
  "extras",
  "hack",
  "ci",
  ".github",
  ".circleci",
  ".husky",
]);

/** True for a file, relative to its package, that is a tool for whoever works on it. */
export function isTool(path: string): boolean {
  const [first = ""] = path.split("/", 1);
  return path.includes("/") && TOOLS.has(first);
}

/** True for a directory of which nothing is told. */
export function isForeign(directory: string): boolean {
  return hasPart(directory, VENDORED);
}

/** True for a package that counts only where there is no other. */
export function isAside(directory: string, isMember: boolean): boolean {
  return hasPart(directory, SHOWN) ||
    !isMember && hasPart(directory, ABOUT) ||
    /(?:^|[/-])e2e$|(?:^|[/_-])e2e[_-]tests?$|-(?:examples?|demos?|samples?|tests?)(?:\/|$)/
      .test(
        directory,
      );
}

/** Manifests of other ecosystems: where one lies, there is something else than examples. */
const OTHERS: readonly string[] = [
  "go.mod",
  "Cargo.toml",
  "pyproject.toml",
  "requirements.txt",
  "Pipfile",
  "manage.py",
  "Gemfile",
  "composer.json",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "mix.exs",
  "pubspec.yaml",
  "Package.swift",
];

/** Examples, tests and documents are applications where there is nothing else. */
export function withoutAsides(
  reading: Reading,
  drafts: readonly Draft[],
  members: (directory: string) => boolean,
): Draft[] {
  const isBeside = (path: string) => isAside(path, members(path));
  const isElse =
    drafts.some(({ path, weight, role }) =>
      weight > 1 && role !== "root" && !isBeside(path)
    ) ||
    OTHERS.some((name) =>
      reading.tree.named(name).some((file) => {
        const directory = directoryOf(file);
        return !isBeside(directory) && !isForeign(directory);
      })
    );
  return isElse ? drafts.filter(({ path }) => !isBeside(path)) : [...drafts];
}

/** `name` is a file's: true for what runs when the application runs. */
export function isOwnName(name: string): boolean {
  return !TESTING.test(name) && !OF_RUNNERS.test(name) &&
    !name.endsWith(".d.ts") && !name.includes(".min.") && name !== ".pnp.cjs";
}

/** Of these directories nothing runs when an application runs. */
const NOT_RUN: ReadonlySet<string> = new Set([
  ...VENDORED,
  ...SHOWN,
  ...ABOUT,
  ...MADE,
]);

/** A directory relative to its package: true where what runs may lie. */
export function isOwnDirectory(directory: string): boolean {
  return !directory.startsWith(".yarn") && !hasPart(directory, NOT_RUN);
}

/** `vite.config.ts`, `.eslintrc.cjs`: says nothing of what an application is written in. */
export function isConfiguration(name: string): boolean {
  return CONFIGURING.test(name);
}
