/**
 * Which directories are projects of C or C++, and how each is built.
 *
 * The topmost directory with a build file is the project: what it adds below is
 * part of it. Where several build files lie side by side CMake goes before
 * Meson, Meson before autotools, those before make; Bazel counts where there is
 * none of them.
 *
 * @module
 */
import { directoryOf, type FileTree } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign, withoutAsides } from "../shared/asides.ts";
import { CONFIGURES, readAutotools } from "./autotools.ts";
import { bazelCompiles, readBazel, WORKSPACES } from "./bazel.ts";
import { type Build, builtByMake } from "./build.ts";
import { readCmake } from "./cmake.ts";
import {
  compiles,
  delegatesTo,
  MAKEFILES,
  readDelegating,
  readMake,
} from "./make.ts";
import { readMeson } from "./meson.ts";
import { PLATFORMIO, readPlatformio } from "./platformio.ts";
import { qmakeFiles, readQmake } from "./qmake.ts";
import { OF_C, OF_CPP } from "./sources.ts";

export interface Project {
  directory: string;
  build: Build;
  /** A manifest of another language beside or above it: this is part of that. */
  isPart: boolean;
}

/** Manifests of languages that bind C. */
const OTHERS = [
  "package.json",
  "pyproject.toml",
  "setup.py",
  "go.mod",
  "Cargo.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Gemfile",
  "composer.json",
  "mix.exs",
  "pubspec.yaml",
  "Package.swift",
  "build.zig",
  "dune-project",
  "rebar.config",
  "shard.yml",
  "DESCRIPTION",
];

/** A script of the root that somebody wrote instead of generating it. */
const HAND_WRITTEN = ["configure", "auto/configure"];

function readConfigured(file: string): Build {
  return builtByMake(file, `${file.includes("/") ? "" : "./"}${file} && make`);
}

function hasProject(reading: Reading, file: string): boolean {
  return /^[ \t]{0,8}project[ \t]{0,4}\(/im.test(
    (reading.tree.text(file) ?? "").slice(0, 100_000),
  );
}

function hasSources(tree: FileTree, directory: string): boolean {
  return tree.below(directory).some((path) =>
    /\.(?:c|cpp|cc|cxx|c\+\+)$/.test(path) && !isForeign(directoryOf(path))
  );
}

type Reader = (reading: Reading, directory: string) => Build;

function readers(reading: Reading): Map<string, Reader> {
  const { tree } = reading;
  const found = new Map<string, Reader>();
  const add = (file: string, read: Reader) => {
    const directory = directoryOf(file);
    if (!found.has(directory) && !isForeign(directory)) {
      found.set(directory, read);
    }
  };
  for (const file of tree.named("CMakeLists.txt")) {
    if (hasProject(reading, file)) add(file, readCmake);
  }
  for (const file of tree.named("meson.build")) {
    if (hasProject(reading, file)) add(file, readMeson);
  }
  for (const name of CONFIGURES) {
    for (const file of tree.named(name)) {
      add(file, (_, directory) => readAutotools(reading, directory, file));
    }
  }
  for (const name of HAND_WRITTEN) {
    if (tree.has(name)) add("configure", () => readConfigured(name));
  }
  for (const name of MAKEFILES) {
    for (const file of tree.named(name)) {
      if (!compiles(reading, file)) {
        const named = delegatesTo(reading, file);
        if (named !== null) {
          add(file, () => readDelegating(reading, file, named));
        }
        continue;
      }
      add(file, () => readMake(reading, file));
    }
  }
  for (const file of tree.named(PLATFORMIO)) {
    add(file, () => readPlatformio(reading, file));
  }
  for (const file of qmakeFiles(reading)) {
    const build = found.has(directoryOf(file))
      ? null
      : readQmake(reading, file);
    if (build !== null) add(file, () => build);
  }
  // Beside another build it is one more way to the same programs.
  if (found.size === 0) {
    for (const name of WORKSPACES) {
      for (const file of tree.named(name)) {
        if (bazelCompiles(reading, file)) {
          add(file, () => readBazel(reading, file));
        }
      }
    }
  }
  return found;
}

function isPart(tree: FileTree, directory: string): boolean {
  for (let here = directory;; here = directoryOf(here)) {
    if (tree.first(here, OTHERS) !== null) return true;
    if (here === ".") return false;
  }
}

/** True when a directory above is a project too. */
function isBelowAnother(
  directory: string,
  all: ReadonlyMap<string, Reader>,
): boolean {
  if (directory === ".") return false;
  for (let here = directoryOf(directory);; here = directoryOf(here)) {
    if (all.has(here)) return true;
    if (here === ".") return false;
  }
}

/** True for a repository in which somebody writes C at all. */
export function speaksC(tree: FileTree): boolean {
  return [...OF_C, ...OF_CPP].some((extension) =>
    tree.withExtension(extension).length > 0
  );
}

export function findProjects(reading: Reading): Project[] {
  const { tree } = reading;
  const all = readers(reading);
  const found = [...all].filter(([directory]) =>
    !isBelowAnother(directory, all) && hasSources(tree, directory)
  );
  return withoutAsides(found, ([directory]) => directory).map((
    [directory, read],
  ) => ({
    directory,
    build: read(reading, directory),
    isPart: isAside(directory) || isPart(tree, directory),
  }));
}
