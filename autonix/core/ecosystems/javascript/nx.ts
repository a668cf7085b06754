/**
 * nx: a project.json is an application or a library without a manifest of its
 * own. What it depends on is what its sources import, out of what the root's
 * manifest lists, so that nothing of one application leaks into another.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import { basenameOf, directoryOf, isWithin } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence } from "../../reading.ts";
import { isAside } from "./asides.ts";
import { tellCode } from "./code.ts";
import { type Framework, FRAMEWORKS } from "./framework_table.ts";
import { frameworksOf } from "./frameworks.ts";
import type { Manifest } from "./manifest.ts";
import { tellNative } from "./native.ts";
import { executeOf, installOf } from "./package_manager.ts";
import { planOf, serveOf } from "./plans.ts";
import { hasFile, type Project } from "./project.ts";
import { shellWord } from "../../shell_word.ts";
import type { Survey } from "./survey.ts";
import { unlistedProject, upTo } from "./unlisted.ts";
import type { Workspace } from "./workspaces.ts";

/** Frameworks by the plugin whose executors a target names, or by a file of the project. */
const BY_PLUGIN: readonly (readonly [RegExp, string])[] = [
  [/^@(?:nx|nrwl)\/next:/, "next"],
  [/^@(?:nx|nrwl)\/nuxt:/, "nuxt"],
  [/^@(?:nx|nrwl)\/remix:/, "@remix-run/react"],
  [
    /^@(?:nx|nrwl)\/angular:|^@angular(?:-devkit\/build-angular|\/build):/,
    "@angular/core",
  ],
  [/^@(?:nx|nrwl)\/expo:/, "expo"],
  [/^@(?:nx|nrwl)\/vite:(?:build|dev-server)/, "vite"],
];
const BY_FILE: readonly (readonly [string, string])[] = [
  ["next.config.js", "next"],
  ["next.config.mjs", "next"],
  ["next.config.ts", "next"],
  ["nuxt.config.ts", "nuxt"],
  ["astro.config.mjs", "astro"],
];
/** Bundlers without a framework of their own: what they build are pages. */
const PAGES = /^@(?:nx|nrwl)\/(?:web|webpack|rspack|react):dev-server$/;
/** Targets that test a whole application from outside. */
const TESTING = /:(?:cypress|playwright)\b/;

interface NxProject {
  directory: string;
  file: string;
  root: Node | null;
  name: string;
  nameEvidence: Evidence;
  executors: readonly string[];
  /** It has no project.json: what plugins infer is all there is. */
  isManifest: boolean;
}

/** A package.json without scripts is a project too: its key `nx` is what project.json would say, plugins tell the rest. */
function readProject(survey: Survey, directory: string, file: string) {
  const json = survey.reading.json(file);
  const isManifest = basenameOf(file) === "package.json";
  const root = isManifest ? at(json, "nx") : json;
  const executors = entriesOf(at(root, "targets")).map(([, target]) =>
    textOf(at(target, "executor")) ?? textOf(at(target, "builder")) ?? ""
  );
  const named = at(root, "name") ?? at(json, "name");
  const name = textOf(named) ?? basenameOf(directory);
  const nameEvidence = named === null
    ? fileEvidence(file)
    : nodeEvidence(file, named);
  return { directory, file, root, name, nameEvidence, executors, isManifest };
}

function frameworkOf(nx: NxProject, project: Project): Framework | null {
  const plugin = BY_PLUGIN.find(([pattern]) =>
    nx.executors.some((executor) => pattern.test(executor))
  )?.[1];
  const byFile = BY_FILE.find(([name]) => hasFile(project, name))?.[1];
  const name = plugin ?? byFile ??
    (hasFile(project, "index.html") && hasFile(project, "vite.config.ts")
      ? "vite"
      : null);
  return FRAMEWORKS.find((framework) => framework.name === name) ?? null;
}

/** Where the build of a target lands, relative to the project. */
function outputOf(nx: NxProject, workspace: Workspace): string {
  const told = textOf(at(nx.root, "targets", "build", "options", "outputPath"));
  const own = workspace.directory === "."
    ? nx.directory
    : nx.directory.slice(workspace.directory.length + 1);
  // Angular's newer builder keeps pages and server apart.
  const isApart = nx.executors.some((executor) =>
    /angular.{0,20}:application$/.test(executor)
  );
  const inner = isApart ? "/browser" : "";
  if (told?.startsWith(`${own}/`)) return told.slice(own.length + 1) + inner;
  return `${upTo(nx.directory, workspace)}${told ?? `dist/${own}`}${inner}`;
}

/** Where nothing of nx says where a build lands, its own configuration does. */
function servedBy(
  nx: NxProject,
  project: Project,
  { framework, workspace }: { framework: Framework; workspace: Workspace },
) {
  const isOwn = nx.isManifest &&
    at(nx.root, "targets", "build", "options", "outputPath") === null;
  return isOwn
    ? planOf(project, framework)
    : serveOf(project, outputOf(nx, workspace), {
      isSinglePage: framework.isSinglePage ?? false,
    });
}

interface NxStart {
  command: string;
  port: number | null;
  source: "manifest" | "framework";
}

function startOf(
  nx: NxProject,
  project: Project,
  of: { framework: Framework | null; workspace: Workspace },
): NxStart | null {
  const { framework, workspace } = of;
  const name = shellWord(nx.name);
  const port = framework?.port ?? null;
  const run = (target: string, source: NxStart["source"]): NxStart => ({
    command: executeOf(project.manager, `nx ${target}`),
    port,
    source,
  });
  if (at(nx.root, "targets", "start") !== null) {
    return run(`start ${name}`, "manifest");
  }
  if (framework?.kind === "static") {
    const served = servedBy(nx, project, { framework, workspace });
    return {
      command: served.start ?? "",
      port: served.port?.value ?? null,
      source: "framework",
    };
  }
  if (framework === null && nx.executors.some((one) => PAGES.test(one))) {
    const output = outputOf(nx, workspace);
    const served = serveOf(project, output, { isSinglePage: true });
    return {
      command: served.start ?? "",
      port: served.port?.value ?? null,
      source: "framework",
    };
  }
  if (framework?.name === "next") {
    // Its plugin infers a target `start`; an executor that is named serves what was built.
    return at(nx.root, "targets", "serve") === null
      ? run(`start ${name}`, "framework")
      : run(`serve ${name} --dev=false`, "framework");
  }
  const isNode =
    nx.executors.some((executor) =>
      /^@(?:nx|nrwl)\/(?:js|node):(?:node|webpack|build)$/.test(executor)
    ) ||
    textOf(at(nx.root, "targets", "build", "options", "target")) === "node" ||
    textOf(at(nx.root, "targets", "build", "options", "platform")) === "node";
  if (isNode) {
    const main = shellWord(`${outputOf(nx, workspace)}/main.js`);
    return { command: `node ${main}`, port: null, source: "manifest" };
  }
  return at(nx.root, "targets", "serve") === null
    ? null
    : run(`serve ${name}`, "manifest");
}

function rootOf(survey: Survey, directory: string): Workspace | null {
  const holding = survey.workspaces.filter((one) =>
    one.directory !== directory && isWithin(directory, one.directory)
  );
  return holding.toSorted((a, b) =>
    b.directory.length - a.directory.length
  )[0] ??
    null;
}

function nxDraft(
  survey: Survey,
  nx: NxProject,
  of: { root: Manifest; workspace: Workspace },
): Draft {
  const { directory, file, name, nameEvidence } = nx;
  const project = unlistedProject(survey, {
    ...of,
    directory,
    file,
    name,
    nameEvidence,
  });
  tellRunning(project, nx, of.workspace);
  tellNative(project.draft);
  return project.draft;
}

/** Without a project.json what is built into pages or served is an application. */
function isStarted(nx: NxProject, framework: Framework | null): boolean {
  const type = textOf(at(nx.root, "projectType"));
  return type === "application" ||
    type === null && nx.isManifest &&
      (framework !== null || at(nx.root, "targets", "serve") !== null);
}

function tellRunning(
  project: Project,
  nx: NxProject,
  workspace: Workspace,
): void {
  const { draft, manifest, manager, directory } = project;
  const framework = frameworkOf(nx, project);
  const listening = tellCode(project);
  const isApplication = isStarted(nx, framework) &&
    !nx.executors.some((executor) => TESTING.test(executor));
  tellFrameworks(project, framework, nx.file);
  const name = shellWord(nx.name);
  const lock = manager.lock ?? manifest.file;
  claim(draft, "install", installOf(manager), "convention", fileEvidence(lock));
  for (const field of ["build", "test"] as const) {
    const target = at(nx.root, "targets", field);
    const command = executeOf(manager, `nx ${field} ${name}`);
    if (target !== null) {
      claim(draft, field, command, "manifest", nodeEvidence(nx.file, target));
    } else if (nx.isManifest && field === "build" && framework !== null) {
      claim(draft, field, command, "framework", fileEvidence(nx.file));
    }
  }
  if (!isApplication) {
    if (isAside(directory, false)) draft.weight = 1;
    return;
  }
  draft.role = "application";
  draft.weight = isAside(directory, false) ? 1 : 3;
  const start = startOf(nx, project, { framework, workspace });
  if (start === null) return;
  const file = fileEvidence(nx.file);
  claim(draft, "start", start.command, start.source, file);
  if (framework?.kind === "static") {
    claim(draft, "port", start.port, "framework", file);
    return;
  }
  for (const { port, file: path, line, kind } of listening) {
    const source = kind === "usual" ? "framework" : "source";
    claim(draft, "port", port, source, { file: path, line });
  }
  if (listening.length === 0) {
    claim(draft, "port", start.port, "framework", file);
  }
}

function tellFrameworks(
  project: Project,
  framework: Framework | null,
  file: string,
): void {
  const { draft, manifest } = project;
  claim(
    draft,
    "framework",
    framework?.name ?? null,
    "manifest",
    fileEvidence(file),
  );
  const covered = new Set([framework?.name, ...framework?.covers ?? []]);
  for (const told of frameworksOf(manifest, ({ isDev }) => isDev !== true)) {
    if (covered.has(told.framework.name)) continue;
    const { evidence } = told.dependency;
    claim(draft, "framework", told.framework.name, "manifest", evidence);
  }
}

/** True for a project whose manifest, where it has one, leaves everything to nx. */
export function isNxPackage(survey: Survey, directory: string): boolean {
  const manifest = survey.manifests.get(directory);
  return survey.projects.has(directory) &&
    rootOf(survey, directory) !== null &&
    (manifest === undefined || manifest.scripts.size === 0);
}

/** A draft for each project that nx alone knows how to run. */
export function nxDrafts(survey: Survey): Draft[] {
  return [...survey.projects].flatMap(([directory, file]) => {
    const workspace = rootOf(survey, directory);
    if (workspace === null || !isNxPackage(survey, directory)) return [];
    const root = survey.manifests.get(workspace.directory);
    if (root === undefined || directoryOf(file) === workspace.directory) {
      return [];
    }
    const nx = readProject(survey, directory, file);
    return [nxDraft(survey, nx, { root, workspace })];
  });
}
