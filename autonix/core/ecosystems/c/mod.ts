/**
 * C and C++: a project is what CMake, Meson, autotools or make build.
 *
 * | concern                              | file                                                  |
 * | ------------------------------------ | ----------------------------------------------------- |
 * | which projects there are             | `projects.ts`                                         |
 * | what a build says                    | `cmake.ts`, `meson.ts`, `autotools.ts`, `make.ts`, `bazel.ts`, `platformio.ts`, `qmake.ts` |
 * | what all of them say, the program    | `build.ts`                                            |
 * | Conan, vcpkg                         | `packages.ts`                                         |
 * | frameworks                           | `frameworks.ts`                                       |
 * | environment variables, ports         | `sources.ts`                                          |
 *
 * No place pins a compiler, so no version is told.
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { libraryOf } from "../shared/libraries.ts";
import { claimMentions } from "../shared/mentions.ts";
import { relativeTo, sourcesByOwner } from "../shared/owners.ts";
import { shellWord } from "../../shell_word.ts";
import { reportSeveral } from "../shared/project.ts";
import { BAZEL_FILES, WORKSPACES } from "./bazel.ts";
import { mainProgram, ownPrograms, type Program } from "./build.ts";
import { CONFIGURES } from "./autotools.ts";
import { BY_LIBRARY } from "./frameworks.ts";
import { MAKEFILES } from "./make.ts";
import { PACKAGE_FILES, readPackages } from "./packages.ts";
import { PLATFORMIO } from "./platformio.ts";
import { findProjects, type Project, speaksC } from "./projects.ts";
import { C, claimHeaders, OF_C, OF_CPP } from "./sources.ts";

/** Managers that build beside the sources, where everybody likes. */
const OUT_OF_SOURCE: ReadonlySet<string> = new Set(["cmake", "meson"]);
/** A program that a build names is there. */
const OF_BUILD = 0.95;

function ownSources(directory: string, sources: readonly string[]): string[] {
  return sources.filter((path) => {
    const folder = relativeTo(directory, directoryOf(path));
    return !isForeign(folder) && !isAside(folder);
  });
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}

/** C++ where there is a file of it, and they are not a few among many of C. */
function claimLanguage(
  draft: Draft,
  project: Project | null,
  own: readonly string[],
): void {
  const c = own.filter((path) => OF_C.includes(extensionOf(path)));
  const cpp = own.filter((path) => OF_CPP.includes(extensionOf(path)));
  const isCpp = cpp.length > 0 && cpp.length * 4 >= c.length;
  const [example] = isCpp ? cpp : c;
  const said = project?.build.language ?? null;
  const isTold = said !== null && (said.value === "cpp" ? cpp : c).length > 0;
  if (isTold) claim(draft, "language", said.value, "manifest", said.evidence);
  if (example !== undefined) {
    claim(
      draft,
      "language",
      isCpp ? "cpp" : "c",
      "source",
      fileEvidence(example),
    );
  }
}

function claimLibraries(
  reading: Reading,
  draft: Draft,
  project: Project,
): void {
  const packages = readPackages(reading, project.directory);
  const asked = [...project.build.asked, ...packages.asked];
  for (const { name, version, isDev, evidence, isOfSystem } of asked) {
    draft.dependencies.push({ name, version, isDev, evidence });
    const framework = BY_LIBRARY.get(name.toLowerCase()) ?? null;
    claim(draft, "framework", framework, "manifest", evidence);
    if (isOfSystem && !isDev) {
      claim(draft, "nativeLibrary", libraryOf(name), "manifest", evidence);
    }
  }
  if (packages.install !== null) {
    const { command, evidence } = packages.install;
    claim(draft, "install", command, "convention", evidence);
  }
}

/** Without `client.c` of a client that is built beside the server. */
function sourcesOf(
  program: Program | null,
  { programs }: Project["build"],
  own: readonly string[],
): string[] {
  const others = new Set(
    program === null ? [] : programs.map(({ name }) => name),
  );
  others.delete(program?.name ?? "");
  return own.filter((path) => {
    const base = basenameOf(path);
    return !others.has(base.slice(0, base.lastIndexOf(".")));
  });
}

function draftOfProject(
  reading: Reading,
  project: Project,
  sources: readonly string[],
): Draft {
  const { directory, build, isPart } = project;
  const names = [build.name?.value ?? "", basenameOf(directory)];
  const programs = ownPrograms(build.programs, names);
  const program = mainProgram(build.programs, names);
  const draft = draftOf({
    path: directory,
    ecosystem: "c",
    role: programs.length > 0 || build.file.endsWith("configure")
      ? "application"
      : "library",
    weight: isPart ? 1 : 2,
  });
  const own = ownSources(directory, sources);
  claimLanguage(draft, project, own);
  const evidence = build.name?.evidence ?? fileEvidence(build.file);
  claim(draft, "packageManager", build.manager, "manifest", evidence);
  if (build.name !== null && !build.name.value.includes("${")) {
    claim(draft, "name", build.name.value, "manifest", build.name.evidence);
  }
  claim(draft, "build", build.command, "convention", fileEvidence(build.file));
  if (build.test !== null) {
    // Others name build directories of their own: `meson test -C out`.
    const source = OUT_OF_SOURCE.has(build.manager ?? "")
      ? "manifest"
      : "convention";
    claim(draft, "test", build.test.command, source, build.test.evidence);
  }
  if (program !== null) {
    // Images give it arguments: they say more than a build does.
    draft.claims.push({
      field: "start",
      value: shellWord(`./${program.output}`),
      source: "source",
      evidence: [program.evidence],
      confidence: OF_BUILD,
    });
  } else if (programs.length > 1) {
    reportSeveral(reading, directory, {
      programs: programs.length,
      like: "project",
    });
  }
  claimLibraries(reading, draft, project);
  claimMentions(reading, draft, sourcesOf(program, build, own), C);
  claimHeaders(reading, draft, own);
  return draft;
}

/** Sources beside nothing that builds them: all those of the root are one program. */
function looseDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  const own = tree.filesIn(".").filter((name) =>
    [...OF_C, ...OF_CPP].includes(extensionOf(name))
  );
  const mains = own.flatMap((file) =>
    reading.match(file, /^[ \t]{0,8}(?:int|void|auto)\s{1,4}main\s{0,4}\(/) ??
      []
  );
  const [main] = mains;
  if (main === undefined) return [];
  const draft = draftOf({
    path: ".",
    ecosystem: "c",
    role: "application",
    weight: 1,
  });
  claimLanguage(draft, null, own);
  const isCpp = own.some((file) => OF_CPP.includes(extensionOf(file)));
  // Each file with a main is a program of its own; one of several is shown.
  const files = mains.length === 1 ? own : [main.evidence.file];
  const words = files.map(shellWord).join(" ");
  if (mains.length === 1) {
    claim(
      draft,
      "build",
      `${isCpp ? "c++" : "cc"} -o app ${words}`,
      "convention",
      main.evidence,
    );
    claim(draft, "start", "./app", "convention", main.evidence);
  } else {
    reading.report({
      path: ".",
      what: "start command",
      why: `${mains.length} files have a main, and nothing says which is built`,
    });
  }
  claimMentions(reading, draft, own, C);
  claimHeaders(reading, draft, own);
  return [draft];
}

export const c: EcosystemDetector = {
  ecosystem: "c",
  reads: {
    manifests: [
      "CMakeLists.txt",
      "meson.build",
      ...CONFIGURES,
      ...WORKSPACES,
      PLATFORMIO,
      "*.pro",
      "Makefile.am",
      ...MAKEFILES,
      ...PACKAGE_FILES,
    ],
    // Large repositories have thousands of Bazel's.
    sources: [
      ...BAZEL_FILES,
      ...C.extensions.map((extension) => `*.${extension}`),
    ],
  },
  detect(reading) {
    if (!speaksC(reading.tree)) return [];
    const projects = findProjects(reading);
    if (projects.length === 0) return looseDrafts(reading);
    const sources = sourcesByOwner(
      reading.tree,
      new Set(projects.map(({ directory }) => directory)),
      C.extensions,
    );
    return projects.map((project) =>
      draftOfProject(reading, project, sources.get(project.directory) ?? [])
    );
  },
};
