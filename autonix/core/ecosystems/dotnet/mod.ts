/**
 * .NET: each project file of C# and F# is a project; tests are the test command
 * of what they test.
 *
 * | file               | what                                                |
 * | ------------------ | --------------------------------------------------- |
 * | `project_file.ts`  | project files with what they take over, packages    |
 * | `project.ts`       | one of them, its files opened                       |
 * | `kinds.ts`         | program, library or test; the table of frameworks   |
 * | `versions.ts`      | which .NET                                          |
 * | `commands.ts`      | how it is built, started and tested                 |
 * | `configuration.ts` | ports in appsettings.json and launchSettings.json   |
 * | `sources.ts`       | whose sources                                       |
 * | `source_facts.ts`  | ports and variables of one source                   |
 * | `native.ts`        | which libraries packages need                       |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { claimCommands, claimTest, STANDARD_PORT } from "./commands.ts";
import { containerPort, launchPorts, settingsPorts } from "./configuration.ts";
import { frameworksOf, isTest, OWN_PORTS } from "./kinds.ts";
import type { Project } from "./project.ts";
import { claimNativeLibraries } from "./native.ts";
import {
  openProject,
  packagesOf,
  property,
  referencesOf,
} from "./project_file.ts";
import { sourcesByProject } from "./sources.ts";
import { claimVersion } from "./versions.ts";

const ASIDE =
  /(?:^|\/)(?:examples?|samples?|docs?|benchmarks?|perf|templates?|testdata|fixtures|node_modules|vendor|third_party|external|_?build|cake|nuke)(?:\/|$)/i;
const TESTING = /(?:^|\/)tests?(?:\/|$)/i;

/** One for each directory: of several files the first by name. */
function openAll(reading: Reading): Map<string, Project> {
  const files = ["csproj", "fsproj"].flatMap((extension) =>
    reading.tree.withExtension(extension)
  ).sort((a, b) => (a < b ? -1 : 1));
  const byPath = new Map<string, Project>();
  for (const file of files) {
    if (byPath.has(directoryOf(file))) continue;
    const opened = openProject(reading, file);
    if (opened === null) continue;
    const packages = packagesOf(reading, opened);
    byPath.set(opened.path, {
      file: opened,
      packages,
      references: referencesOf(opened),
      frameworks: frameworksOf(opened, packages),
      isTest: isTest(opened, packages),
      sources: [],
    });
  }
  const sources = sourcesByProject(reading, byPath);
  for (const [path, project] of byPath) {
    byPath.set(path, { ...project, sources: sources.get(path) ?? [] });
  }
  return byPath;
}

/** Those that are told: no tests and examples unless there is nothing else. */
function told(projects: readonly Project[]): Project[] {
  const own = projects.filter(({ isTest }) => !isTest);
  const real = own.filter(({ file }) =>
    !ASIDE.test(file.path) && !TESTING.test(file.path)
  );
  if (real.length > 0) return real;
  return own.length > 0 ? own : [...projects];
}

function claimPorts(draft: Draft, project: Project, reading: Reading): void {
  const { path } = project.file;
  for (const { path: file, ports } of project.sources) {
    for (const { port, line } of ports) {
      claim(draft, "port", port, "source", { file, line });
    }
  }
  for (const { name, evidence } of project.frameworks) {
    const own = OWN_PORTS.get(name);
    if (own === undefined) continue;
    claim(draft, "port", own, "framework", evidence);
    return;
  }
  // `dotnet run` takes the address from there.
  if (project.frameworks.some(({ name }) => name === "aspire")) {
    for (const { port, evidence } of launchPorts(reading, path)) {
      claim(draft, "port", port, "config", evidence);
    }
    return;
  }
  const server = project.frameworks.find(({ isServer }) => isServer);
  if (server === undefined) return;
  for (const { port, evidence } of settingsPorts(reading, path)) {
    claim(draft, "port", port, "config", evidence);
  }
  const contained = containerPort(reading, path, project.file.stem);
  if (contained !== null) {
    claim(draft, "port", contained.port, "container", contained.evidence);
  }
  // It listens where something says that is not known here.
  if (project.sources.some(({ isBound, ports }) => isBound && !ports.length)) {
    return;
  }
  // For who develops it: anything else that names a port counts more.
  const launched = launchPorts(reading, path);
  for (const { port, evidence } of launched) {
    claim(draft, "port", port, "framework", evidence);
  }
  if (launched.length > 0) return;
  claim(draft, "port", STANDARD_PORT, "framework", server.evidence);
}

function claimVariables(draft: Draft, project: Project): void {
  for (const { path, variables } of project.sources) {
    for (const { name, required, default: standard, line } of variables) {
      const value = standard === null
        ? { name, required }
        : { name, required, default: standard };
      claim(draft, "env", value, "source", { file: path, line });
    }
  }
}

function readProject(
  project: Project,
  all: ReadonlyMap<string, Project>,
  reading: Reading,
): Draft {
  const { file, frameworks } = project;
  const draft = draftOf({
    path: file.path,
    ecosystem: "dotnet",
    role: "library",
    weight: 2,
  });
  const manifest = fileEvidence(file.file);
  claim(draft, "language", file.language, "manifest", manifest);
  claim(draft, "packageManager", "nuget", "manifest", manifest);
  const named = property(file, "AssemblyName");
  claim(
    draft,
    "name",
    named?.value ?? file.stem,
    "manifest",
    named?.evidence ?? manifest,
  );
  claimVersion(draft, reading, file);
  for (const { name, evidence } of frameworks) {
    claim(draft, "framework", name, "manifest", evidence);
  }
  for (const { path, blazor } of project.sources) {
    if (blazor === null) continue;
    claim(draft, "framework", "blazor", "source", { file: path, line: blazor });
  }
  draft.dependencies.push(...project.packages);
  draft.links.push(...project.references.map(directoryOf));
  claimCommands(draft, project, reading);
  claimTest(draft, project, all);
  if (draft.role === "application") claimPorts(draft, project, reading);
  claimVariables(draft, project);
  claimNativeLibraries(draft);
  return draft;
}

const SOLUTIONS = ["sln", "slnx"];

/** A solution above its projects holds them together. */
function solutionRoots(
  reading: Reading,
  projects: ReadonlyMap<string, Project>,
): Draft[] {
  const files = SOLUTIONS.flatMap((extension) =>
    reading.tree.withExtension(extension)
  );
  const seen = new Set<string>();
  return files.flatMap((file) => {
    const path = directoryOf(file);
    if (projects.has(path) || seen.has(path)) return [];
    seen.add(path);
    const draft = draftOf({
      path,
      ecosystem: "dotnet",
      role: "root",
      weight: 2,
    });
    const evidence = fileEvidence(file);
    const [first] = projects.values();
    if (first === undefined) return [];
    claim(draft, "language", first.file.language, "manifest", evidence);
    claim(draft, "packageManager", "nuget", "manifest", evidence);
    return [draft];
  });
}

function detect(reading: Reading): Draft[] {
  const all = openAll(reading);
  return [
    ...told([...all.values()]).map((project) =>
      readProject(project, all, reading)
    ),
    ...solutionRoots(reading, all),
  ];
}

export const dotnet: EcosystemDetector = {
  ecosystem: "dotnet",
  reads: {
    manifests: [
      "*.csproj",
      "*.fsproj",
      "Directory.Build.props",
      "Directory.Packages.props",
      "packages.config",
      "paket.references",
      "global.json",
      "appsettings.json",
      "launchSettings.json",
      ...PIN_FILES,
    ],
    sources: ["*.cs", "*.fs"],
  },
  detect,
};
