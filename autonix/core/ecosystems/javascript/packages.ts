/**
 * From a manifest to a draft: every concern of this folder in turn.
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import { at } from "../../formats/node.ts";
import { tellCode } from "./code.ts";
import {
  type Running,
  runningOf,
  tellBuild,
  tellStart,
  tellUpkeep,
} from "./commands.ts";
import { configIn } from "./config_text.ts";
import { isDenoPackage } from "./deno.ts";
import type { Framework } from "./framework_table.ts";
import { frameworksOf, runsProgram, type Told } from "./frameworks.ts";
import type { Manifest } from "./manifest.ts";
import { tellNative } from "./native.ts";
import { tellNodeConfig } from "./node_config.ts";
import { isNxPackage } from "./nx.ts";
import { tellManager } from "./package_manager.ts";
import { tellPorts } from "./ports.ts";
import { hasFile, type Project } from "./project.ts";
import { decideRole, isForAssets } from "./roles.ts";
import { languageOf, ownSources } from "./sources.ts";
import { packagesBelow, type Survey } from "./survey.ts";
import { tellBunVersion, tellVersion } from "./versions.ts";
import { linkedDirectory, workspaceOf } from "./workspaces.ts";

/** Configuration that is not called as the package is. */
const STEMS: ReadonlyMap<string, string> = new Map([
  ["@sveltejs/kit", "svelte"],
  ["@rsbuild/core", "rsbuild"],
]);

/** A tool that only builds counts where something is there for it to build. */
function isUsed(project: Project, framework: Framework): boolean {
  const { reading, directory, manifest } = project;
  if (framework.kind === "view") return true;
  // A part of an application imports what the application is made with.
  const isPart = project.workspace !== null && framework.kind === "server" &&
    framework.bin !== undefined;
  if (framework.isDev !== true && !isPart) return true;
  if (framework.name === "vite") return isPageOfVite(project);
  const stem = STEMS.get(framework.name) ?? framework.name;
  if (framework.otherBins?.some((bin) => runsProgram(manifest, bin))) {
    return true;
  }
  return framework.bin === undefined || runsProgram(manifest, framework.bin) ||
    configIn(reading, directory, [`${stem}.config`]) !== null;
}

/** Vite builds libraries, and pages of other languages, too: an index.html makes an application. */
function isPageOfVite(project: Project): boolean {
  if (isForAssets(project)) return true;
  if (hasFile(project, "index.html")) return true;
  const config = configIn(project.reading, project.directory, ["vite.config"]);
  const root = /\broot\s{0,3}:\s{0,3}["']([\w./-]{1,100})["']/
    .exec(config?.text ?? "")?.[1];
  return hasFile(project, `${root ?? "src"}/index.html`);
}

/** What the manifest alone says. */
function tellManifest(survey: Survey, draft: Draft, manifest: Manifest): void {
  claim(
    draft,
    "name",
    manifest.name?.value ?? null,
    "manifest",
    manifest.name?.evidence ?? null,
  );
  draft.dependencies.push(...manifest.dependencies);
  if (manifest.name !== null) draft.provides.push(manifest.name.value);
  for (const { version } of manifest.dependencies) {
    const directory = linkedDirectory(manifest.directory, version ?? "");
    if (directory !== null && survey.manifests.has(directory)) {
      draft.links.push(directory);
    }
  }
}

/** The runtime that is asked for: of bun where that is what runs it. */
function tellRuntime(
  project: Project,
  manifests: readonly Manifest[],
): void {
  const { reading, draft, manager } = project;
  if (manager.name === "bun") {
    const before = draft.claims.length;
    tellVersion(reading, draft, { manifests, runtime: "bun" });
    tellBunVersion(draft, manifests);
    if (draft.claims.length > before) return;
  }
  tellVersion(reading, draft, { manifests, runtime: "node" });
}

/** Tells what runs and where it listens. */
function tellRunning(
  project: Project,
  of: { running: Running; frameworks: readonly Told[]; isHolding: boolean },
): void {
  const { draft } = project;
  const { running, frameworks } = of;
  const listening = tellCode(project);
  const isServing = listening.length > 0;
  decideRole(project, { ...of, isServing });
  const isStarted = draft.role === "application" && !isForAssets(project);
  tellUpkeep(project);
  tellNodeConfig(project, draft.role === "application");
  tellBuild(project, isStarted ? running : { ...running, start: null });
  if (!isStarted) return;
  if (running.start !== null) tellStart(project, running.start);
  tellPorts(project, {
    start: running.start,
    lead: running.lead?.told ?? null,
    frameworks,
    listening,
  });
  reportNoStart(project, { running, frameworks });
}

/** An application that is one for sure, and that nobody could start. */
function reportNoStart(
  project: Project,
  { running, frameworks }: { running: Running; frameworks: readonly Told[] },
): void {
  const told = running.lead?.told ??
    frameworks.find(({ framework }) => framework.kind === "library");
  if (told === undefined) return;
  if (running.start !== null && running.start.source !== "guess") return;
  if (project.draft.weight === 1 || told.framework.kind === "program") return;
  project.reading.report({
    path: project.directory,
    what: "start command",
    why: running.lead?.plan.why ??
      (running.start === null
        ? `depends on ${told.framework.name}, and no script or entry file starts it`
        : `depends on ${told.framework.name}, and only a script for development starts it`),
  });
}

/** Its scripts start one of the projects that Nest or Angular keeps below it. */
function holdsListed(survey: Survey, directory: string): boolean {
  return survey.listings.some((listing) =>
    listing.directory === directory && !listing.isApplication
  );
}

function holdOnly(draft: Draft): void {
  draft.role = "root";
  draft.claims = draft.claims.filter(({ field }) =>
    field !== "start" && field !== "port"
  );
}

function packageDraft(survey: Survey, manifest: Manifest): Draft {
  const { reading } = survey;
  const { directory } = manifest;
  const draft = draftOf({
    path: directory,
    ecosystem: "javascript",
    role: "application",
    weight: 2,
  });
  const workspace = workspaceOf(directory, survey.workspaces);
  const root = workspace === null
    ? null
    : survey.manifests.get(workspace.directory) ?? null;
  const all = survey.sources.get(directory) ?? [];
  const manager = tellManager(reading, draft, { manifest, root, workspace });
  const project: Project = {
    reading,
    draft,
    directory,
    manifest,
    workspace,
    manager,
    sources: ownSources(directory, all),
    below: packagesBelow(survey, directory),
  };
  tellManifest(survey, draft, manifest);
  const { value, evidence } = languageOf(reading.tree, {
    directory,
    top: workspace?.directory ?? directory,
    manifest: manifest.file,
    sources: all,
    dependencies: manifest.dependencies,
  });
  claim(draft, "language", value, "manifest", evidence);
  tellRuntime(project, root === null ? [manifest] : [manifest, root]);
  const frameworks = frameworksOf(
    manifest,
    (framework) => isUsed(project, framework),
    root,
  );
  for (const { framework, dependency } of frameworks) {
    const { evidence } = dependency;
    claim(draft, "framework", framework.name, "manifest", evidence);
  }
  const isHolding = survey.workspaces.some((one) =>
    one.directory === directory &&
    (one.members.size > 0 || project.below.length > 0)
  );
  const running = runningOf(project, frameworks);
  tellRunning(project, { running, frameworks, isHolding });
  tellNative(draft);
  if (holdsListed(survey, directory)) holdOnly(draft);
  return draft;
}

/** `@acme/eslint-config`, `tailwind-config`, `tsconfig`: what tools of the workspace are set up with. */
const SETTINGS =
  /(?:^|[/-])(?:eslint|prettier|tsconfig|typescript|tailwind|stylelint|biome|commitlint)(?:-(?:config|configs|configuration|preset|presets|base|custom))?$|(?:^|[/-])(?:ts|babel|jest|vitest|postcss|rollup|vite|lint|test)-(?:configs?|presets?)$|(?:^|\/)(?:eslint|prettier|stylelint|commitlint)-config-[\w-]{1,60}$/;
/** What checks settings; none of these makes anything of them. */
const UPKEEP =
  /^(?:clean|format|lint|type-?check|check|fix)(?::[\w:-]{1,40})?$/;

function isOfSettings(manifest: Manifest): boolean {
  const name = manifest.name?.value ?? "";
  return SETTINGS.test(name) && at(manifest.root, "private")?.value === true &&
    [...manifest.scripts.keys()].every((script) => UPKEEP.test(script));
}

/** A package of nothing but settings that others extend is told of by those. */
function holdsCode(survey: Survey, draft: Draft): boolean {
  const manifest = survey.manifests.get(draft.path);
  if (
    manifest !== undefined && isOfSettings(manifest) &&
    workspaceOf(draft.path, survey.workspaces) !== null
  ) return false;
  return (survey.sources.get(draft.path) ?? []).length > 0 ||
    (manifest?.scripts.size ?? 0) > 0;
}

/** A draft for each package that npm, yarn, pnpm or bun installs. */
export function packageDrafts(survey: Survey): Draft[] {
  return [...survey.manifests.values()]
    .filter(({ directory }) =>
      !isDenoPackage(survey, directory) && !isNxPackage(survey, directory)
    )
    .map((manifest) => packageDraft(survey, manifest))
    .filter((draft) => draft.role !== "library" || holdsCode(survey, draft));
}
