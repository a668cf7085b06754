/**
 * Deno: a deno.json, with or without a package.json beside it.
 *
 * Where both are there, the lockfile says whose package it is: a deno.json that
 * only formats and lints makes no application of Deno's.
 *
 * @module
 */
import { importsOf, sharedImports } from "./deno_imports.ts";
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { joinPath, pathsOf, type Run } from "../../file_tree.ts";
import { at, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import { isAside } from "./asides.ts";
import { tellCode } from "./code.ts";
import { frameworksOf } from "./frameworks.ts";
import { importedPackages, withoutDoubles } from "./imports.ts";
import type { Manifest } from "./manifest.ts";
import { tellNative } from "./native.ts";
import { installOf, type Manager, runOf } from "./package_manager.ts";
import { isDevelopment, portInScript } from "./scripts.ts";
import { serveOf } from "./plans.ts";
import { fileOf, type Project } from "./project.ts";
import { shellWord } from "../../shell_word.ts";
import { languageOf, ownSources } from "./sources.ts";
import { packagesBelow, type Survey } from "./survey.ts";
import { tellVersion } from "./versions.ts";
import { type Workspace, workspaceOf } from "./workspaces.ts";

const OTHER_LOCKS = [
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "bun.lockb",
];
/** What only a package of Deno's writes in its deno.json. */
const FIELDS = [
  "tasks",
  "imports",
  "importMap",
  "exports",
  "name",
  "workspace",
];
const ENTRIES = ["main", "server", "index", "mod", "app", "serve"];
const FOLDERS = ["", "src/"];
const EXTENSIONS = ["ts", "tsx", "js", "mjs", "jsx"];

/** True when Deno installs what is in this directory. */
export function isDenoPackage(survey: Survey, directory: string): boolean {
  const file = survey.denos.get(directory);
  if (file === undefined) return false;
  const { reading } = survey;
  if (!survey.manifests.has(directory)) {
    return FIELDS.some((key) => at(reading.json(file), key) !== null) ||
      reading.tree.first(directory, ["deno.lock"]) !== null ||
      (survey.sources.get(directory) ?? []).length > 0;
  }
  return reading.tree.first(directory, OTHER_LOCKS) === null &&
    (reading.tree.first(directory, ["deno.lock"]) !== null ||
      at(reading.json(file), "tasks") !== null);
}

/** The text of a task, which may be an object with a command. */
function taskOf(
  root: Node | null,
  name: string,
): { text: string; node: Node } | null {
  const node = at(root, "tasks", name);
  const text = textOf(node) ?? textOf(at(node, "command"));
  return node === null || text === null ? null : { text, node };
}

/** The file that is run where no task is. */
export function denoEntry(project: Project): string | null {
  for (const folder of FOLDERS) {
    for (const stem of ENTRIES) {
      for (const extension of EXTENSIONS) {
        const file = `${folder}${stem}.${extension}`;
        const path = joinPath(project.directory, file);
        if (path !== null && project.reading.tree.has(path)) return file;
      }
    }
  }
  return null;
}

/** `export default { fetch }` is served, everything else is run. */
function runOfEntry(project: Project, file: string): string {
  const path = joinPath(project.directory, file);
  const text = path === null ? null : project.reading.tree.text(path);
  const isServed = /^export default \{[^}]{0,200}\bfetch\b/m.test(text ?? "") &&
    !/\bDeno\.serve\(/.test(text ?? "");
  return isServed
    ? `deno serve -A ${shellWord(file)}`
    : `deno run -A ${shellWord(file)}`;
}

const FRESH = ["fresh", "@fresh/core", "$fresh"];

function tellFrameworks(project: Project): void {
  const { draft, manifest } = project;
  const fresh = draft.dependencies.find(({ name }) => FRESH.includes(name));
  claim(
    draft,
    "framework",
    fresh === undefined ? null : "fresh",
    "manifest",
    fresh?.evidence ?? null,
  );
  const oak = draft.dependencies.find(({ name }) =>
    name === "oak" || name === "@oak/oak"
  );
  claim(
    draft,
    "framework",
    oak === undefined ? null : "oak",
    "manifest",
    oak?.evidence ?? null,
  );
  const dependencies = draft.dependencies.map((one) =>
    one.name === "@hono/hono" ? { ...one, name: "hono" } : one
  );
  const told = frameworksOf(
    { ...manifest, dependencies },
    ({ name, kind, isDev }) =>
      isOfVite(project)
        ? kind !== "static" || name === "vite"
        : kind !== "view" && (kind !== "static" || isDev !== true),
  );
  for (const { framework, dependency } of told) {
    claim(
      draft,
      "framework",
      framework.name,
      "manifest",
      dependency.evidence,
    );
  }
}

function tellPorts(
  project: Project,
  script: { text: string; evidence: Evidence } | null,
): void {
  const { draft } = project;
  const listening = tellCode(project);
  const scripted = script === null ? null : portInScript(script.text);
  if (draft.role !== "application") return;
  if (scripted !== null && script !== null) {
    claim(draft, "port", scripted, "manifest", script.evidence);
  }
  for (const { port, kind, file, line } of listening) {
    const source = kind === "usual" ? "framework" : "source";
    claim(draft, "port", port, source, { file, line });
  }
  const framework = draft.claims.find(({ field }) => field === "framework");
  const isListening = listening.length > 0 || scripted !== null;
  if (isListening) return;
  if (framework?.value === "fresh") {
    claim(draft, "port", 8000, "framework", framework.evidence);
  }
  const start = draft.claims.find(({ field }) => field === "start");
  const text = script?.text ?? String(start?.value);
  if (start !== undefined && /(?:^|[\s;&|])deno serve\b/.test(text)) {
    claim(draft, "port", 8000, "framework", start.evidence);
  }
}

/** Tasks that run it for good, wherever `start` watches. */
const PRODUCTION = ["start:prod", "prod", "production", "preview", "serve"];

function startTask(root: Node | null) {
  const start = taskOf(root, "start");
  if (start === null) return null;
  const found = isDevelopment(start.text)
    ? PRODUCTION.map((name) => ({ name, task: taskOf(root, name) }))
      .find(({ task }) => task !== null && !isDevelopment(task.text))
    : undefined;
  return found === undefined || found.task === null
    ? { ...start, name: "start" }
    : { ...found.task, name: found.name };
}

/** Pages that Vite builds: no file of theirs is for Deno to run. */
function isOfVite(project: Project): boolean {
  return fileOf(project, "index.html") !== null &&
    project.draft.dependencies.some(({ name }) => name === "vite");
}

/** Tells how it is run; gives the task that does, if one does. */
function tellCommands(project: Project, root: Node | null, file: string) {
  const { draft, manager, sources } = project;
  for (const field of ["build", "test"] as const) {
    const task = taskOf(root, field);
    if (task === null) continue;
    const evidence = nodeEvidence(file, task.node);
    claim(draft, field, runOf(manager, field), "manifest", evidence);
  }
  const lock = manager.lock ?? file;
  const entry = denoEntry(project);
  claim(draft, "install", installOf(manager), "convention", fileEvidence(lock));
  const start = startTask(root);
  if (start !== null) {
    const evidence = nodeEvidence(file, start.node);
    claim(draft, "start", runOf(manager, start.name), "manifest", evidence);
    return { text: start.text, evidence };
  }
  if (isOfVite(project)) {
    const evidence = fileEvidence(fileOf(project, "index.html") ?? file);
    const served = serveOf(project, "dist", { isSinglePage: true });
    claim(draft, "start", served.start, "framework", evidence);
    claim(draft, "port", served.port?.value ?? null, "framework", evidence);
    return null;
  }
  const isModule = at(root, "exports") !== null;
  if (entry === null || isModule && sources.length > 0) {
    if (isModule) draft.role = "library";
    return null;
  }
  const path = joinPath(project.directory, entry) ?? entry;
  claim(
    draft,
    "start",
    runOfEntry(project, entry),
    "convention",
    fileEvidence(path),
  );
  return null;
}

/** Tests are files of this name, which `deno test` finds by itself. */
function tellTests(draft: Draft, all: readonly string[]): void {
  if (draft.claims.some(({ field }) => field === "test")) return;
  const test = all.find((path) => /[._]test\.[jt]sx?$/.test(path));
  if (test === undefined) return;
  claim(draft, "test", "deno test -A", "convention", fileEvidence(test));
}

function managerIn(
  reading: Reading,
  directory: string,
  workspace: Workspace | null,
): Manager {
  const lock = reading.tree.first(directory, ["deno.lock"]) ??
    (workspace === null
      ? null
      : reading.tree.first(workspace.directory, ["deno.lock"]));
  return { name: "deno", isBerry: false, lock, isRush: false };
}

/** A manifest as of npm, empty where there is no package.json. */
function manifestOf(survey: Survey, directory: string, file: string): Manifest {
  return survey.manifests.get(directory) ?? {
    directory,
    file,
    root: survey.denos.has(directory) ? survey.reading.json(file) : null,
    name: null,
    scripts: new Map(),
    dependencies: [],
  };
}

/** A Deno application in a directory; `file` is its deno.json, or its entry where it has none. */
export function denoDraft(
  survey: Survey,
  directory: string,
  file: string,
): Draft {
  const { reading } = survey;
  const draft = draftOf({
    path: directory,
    ecosystem: "javascript",
    role: "application",
    weight: 2,
  });
  const root = survey.denos.has(directory) ? reading.json(file) : null;
  const all = survey.sources.get(directory) ?? [];
  const workspace = workspaceOf(directory, survey.workspaces);
  const project: Project = {
    reading,
    draft,
    directory,
    manifest: manifestOf(survey, directory, file),
    workspace,
    manager: managerIn(reading, directory, workspace),
    sources: ownSources(directory, all),
    below: packagesBelow(survey, directory),
  };
  tellPackage(project, { root, file, all });
  const task = tellCommands(project, root, file);
  tellTests(draft, pathsOf(all));
  decideRole(project, root);
  tellFrameworks(project);
  tellPorts(project, task);
  tellNative(draft);
  return draft;
}

/** Name, language, version and what it depends on. */
function tellPackage(
  project: Project,
  of: { root: Node | null; file: string; all: readonly Run[] },
): void {
  const { reading, draft, directory, manager, manifest } = project;
  const node = at(of.root, "name") ?? at(manifest.root, "name");
  const name = textOf(node);
  if (name !== null && node !== null) {
    const own = at(of.root, "name") === null ? manifest.file : of.file;
    claim(draft, "name", name, "manifest", nodeEvidence(own, node));
    draft.provides.push(name);
  }
  draft.dependencies.push(...withoutDoubles([
    ...importsOf(reading, directory, of),
    ...sharedImports(project),
    ...manifest.dependencies,
    ...importedPackages(reading.tree, project.sources).filter((one) =>
      // A bare name is one of the imports above, or of Deno's own.
      one.version !== null
    ),
  ]));
  const { value, evidence } = languageOf(reading.tree, {
    directory,
    top: directory,
    manifest: of.file,
    sources: of.all,
    dependencies: [],
  });
  // Nothing but a deno.json: Deno means TypeScript.
  const language = of.all.length === 0 ? "typescript" : value;
  claim(draft, "language", language, "manifest", evidence);
  claim(draft, "packageManager", "deno", "manifest", fileEvidence(of.file));
  if (manager.lock !== null) {
    claim(draft, "packageManager", "deno", "lock", fileEvidence(manager.lock));
  }
  tellVersion(reading, draft, { manifests: [manifest], runtime: "deno" });
}

function decideRole(project: Project, root: Node | null): void {
  const { draft, directory, below, workspace } = project;
  const isStarted = draft.claims.some(({ field }) => field === "start");
  if (isStarted) draft.weight = 3;
  else if (at(root, "workspace") !== null && below.length > 0) {
    draft.role = "root";
  } else if (workspace !== null) draft.role = "library";
  if (isAside(directory, workspace !== null)) draft.weight = 1;
}

/** A draft for each package of Deno's. */
export function denoDrafts(survey: Survey): Draft[] {
  return [...survey.denos]
    .filter(([directory]) => isDenoPackage(survey, directory))
    .map(([directory, file]) => denoDraft(survey, directory, file));
}
