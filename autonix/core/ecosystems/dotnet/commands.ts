/**
 * How a project of .NET is installed, built, started and tested.
 *
 * Kestrel listens on this machine alone unless it is told: where neither a
 * source nor appsettings.json does, the start command tells it, with the port
 * that is used for developing.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath, wayTo } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import {
  containerPort,
  launchPorts,
  portVariable,
  settingsPorts,
} from "./configuration.ts";
import { isProgram } from "./kinds.ts";
import type { Project } from "./project.ts";
import { frameworkOf, property } from "./project_file.ts";

/** Where Kestrel listens by itself. */
export const STANDARD_PORT = 5000;

function isTrue(project: Project, name: string): boolean {
  return property(project.file, name)?.value.toLowerCase() === "true";
}

/** Target frameworks that only Windows and its own tools run. */
function isOfWindows(project: Project): boolean {
  const name = frameworkOf(project.file)?.value ?? "";
  return /^(?:net[1-4]\d{1,2}$|v[1-4]\.)/.test(name) || /-windows/.test(name);
}

function program(project: Project): string {
  const name = property(project.file, "AssemblyName")?.value ??
    project.file.stem;
  const isOne = isTrue(project, "PublishAot") ||
    isTrue(project, "PublishSingleFile") && isTrue(project, "SelfContained");
  return isOne
    ? shellWord(`./out/${name}`)
    : `dotnet ${shellWord(`out/${name}.dll`)}`;
}

/** What the server is told, so that it is reached from outside. */
function addressOf(project: Project, reading: Reading): string {
  const isServer = project.frameworks.some(({ isServer }) => isServer);
  const { path, stem } = project.file;
  const isBound = project.sources.some(({ isBound }) => isBound) ||
    settingsPorts(reading, path).length > 0;
  if (!isServer || isBound) return "";
  const port = containerPort(reading, path, stem)?.port ??
    launchPorts(reading, path)[0]?.port ?? STANDARD_PORT;
  const variable = portVariable(reading, path, stem);
  const told = variable === null ? port : `\${${variable.value}:-${port}}`;
  return `ASPNETCORE_URLS=http://0.0.0.0:${told} `;
}

/** Paket restores when .NET does, and has to be there as a tool. */
function claimInstall(draft: Draft, project: Project, reading: Reading): void {
  const { path, file } = project.file;
  const restore = "dotnet restore";
  const paket = joinPath(path, "paket.references");
  const tools = paket !== null && reading.tree.has(paket)
    ? above(reading, path, ".config/dotnet-tools.json")
    : null;
  if (tools === null) {
    claim(draft, "install", restore, "convention", fileEvidence(file));
    return;
  }
  const command = `dotnet tool restore && ${restore}`;
  claim(draft, "install", command, "convention", fileEvidence(tools));
}

/** The nearest file of this name at or above a directory. */
function above(reading: Reading, path: string, name: string): string | null {
  for (let here = path;; here = directoryOf(here)) {
    const file = joinPath(here, name);
    if (file !== null && reading.tree.has(file)) return file;
    if (here === ".") return null;
  }
}

export function claimCommands(
  draft: Draft,
  project: Project,
  reading: Reading,
): void {
  const manifest = fileEvidence(project.file.file);
  const names = new Set(project.frameworks.map(({ name }) => name));
  claimInstall(draft, project, reading);
  const type = property(project.file, "OutputType");
  const isWebAssembly = names.has("blazor") &&
    !project.frameworks.some(({ isServer }) => isServer);
  const canStart = isProgram(project.file) && !isWebAssembly &&
    !names.has("maui") && !names.has("aws-lambda");
  if (!canStart) {
    const build = isWebAssembly || names.has("aws-lambda")
      ? "dotnet publish -c Release -o out"
      : "dotnet build -c Release";
    claim(draft, "build", build, "convention", manifest);
    return;
  }
  draft.role = "application";
  if (project.frameworks.some(({ isServer }) => isServer)) draft.weight = 3;
  if (isOfWindows(project)) {
    claim(draft, "build", "dotnet build -c Release", "convention", manifest);
    reading.report({
      path: project.file.file,
      what: "start command",
      why: `${frameworkOf(project.file)?.value} runs on Windows alone`,
    });
    return;
  }
  const evidence = type?.evidence ?? { file: project.file.file, line: 1 };
  if (names.has("aspire")) {
    claim(draft, "build", "dotnet build", "convention", manifest);
    claim(draft, "start", "dotnet run", "framework", evidence);
    return;
  }
  if (names.has("azure-functions")) {
    claim(draft, "build", "dotnet build", "convention", manifest);
    claim(draft, "start", "func start", "framework", evidence);
    return;
  }
  claim(
    draft,
    "build",
    "dotnet publish -c Release -o out",
    "convention",
    manifest,
  );
  const address = addressOf(project, reading);
  const variable = portVariable(
    reading,
    project.file.path,
    project.file.stem,
  );
  if (variable !== null && address.includes(`{${variable.value}:-`)) {
    claim(
      draft,
      "env",
      { name: variable.value, required: false },
      "container",
      variable.evidence,
    );
  }
  const command = `${address}${program(project)}`;
  claim(draft, "start", command, "framework", evidence);
}

/** The tests that refer to a project; of several those called like it. */
export function claimTest(
  draft: Draft,
  project: Project,
  all: ReadonlyMap<string, Project>,
): void {
  if (project.isTest) {
    const evidence = fileEvidence(project.file.file);
    claim(draft, "test", "dotnet test", "convention", evidence);
    return;
  }
  const tests = [...all.values()].filter((other) =>
    other.isTest && other.references.includes(project.file.file)
  );
  const { stem } = project.file;
  const named = tests.filter(({ file }) => file.stem.startsWith(stem));
  const best =
    named.find(({ file }) =>
      /^[._-]?(?:Unit)?Tests?$/.test(file.stem.slice(stem.length))
    ) ?? named[0] ??
      tests.find(({ file }) =>
        file.stem.includes(`.${stem.slice(stem.lastIndexOf(".") + 1)}.`)
      ) ??
      (isProgram(project.file) || tests.length === 1 ? tests[0] : undefined);
  if (best === undefined) return;
  const way = wayTo(project.file.path, directoryOf(best.file.file));
  const path = way.startsWith(".") ? way : `./${way}`;
  claim(
    draft,
    "test",
    `dotnet test ${shellWord(path)}`,
    "convention",
    fileEvidence(best.file.file),
  );
}
