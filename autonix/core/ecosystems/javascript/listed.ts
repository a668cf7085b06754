/**
 * Applications and libraries that share one manifest, and how Nest and Angular
 * build and start each of them.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { at, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { tellCode } from "./code.ts";
import { testScriptOf } from "./commands.ts";
import { frameworksOf } from "./frameworks.ts";
import type { Manifest } from "./manifest.ts";
import { tellNative } from "./native.ts";
import type { ListedProject, Listing } from "./listed_projects.ts";
import { executeOf, installOf, runOf } from "./package_manager.ts";
import { angularPlan } from "./plans.ts";
import type { Project } from "./project.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Survey } from "./survey.ts";
import { unlistedProject, upTo } from "./unlisted.ts";
import type { Workspace } from "./workspaces.ts";

/** What lists a project, and where. */
interface Place {
  listing: Listing;
  workspace: Workspace;
  root: Manifest;
}

/** Nest looks for its configuration, and the tests for theirs, where they are called. */
function tellNest(
  { draft, manager }: Project,
  listed: ListedProject,
  { listing, workspace, root }: Place,
): void {
  const evidence = nodeEvidence(listing.file, listed.node);
  const up = upTo(listed.directory, workspace);
  const elsewhere = `cd ${up.slice(0, -1)} && `;
  const build = executeOf(manager, `nest build ${shellWord(listed.name)}`);
  claim(draft, "build", `${elsewhere}${build}`, "framework", evidence);
  const test = testScriptOf(root);
  if (test !== null) {
    const command = `${elsewhere}${runOf(manager, test.name)}`;
    claim(draft, "test", command, "manifest", test.found.evidence);
  }
  const own = relativeTo(workspace.directory, listed.directory);
  const entry = textOf(at(listed.node, "entryFile")) ?? "main";
  const main = shellWord(`${up}dist/${own}/${entry}.js`);
  claim(draft, "start", `node ${main}`, "framework", evidence);
}

/** Angular as well; what it builds are pages, or a server of them. */
function tellAngular(
  project: Project,
  listed: ListedProject,
  { listing, workspace, root }: Place,
): void {
  const { draft, manager } = project;
  const evidence = nodeEvidence(listing.file, listed.node);
  const dependency = root.dependencies.find(({ name }) =>
    name === "@angular/core"
  );
  const said = dependency?.evidence ?? evidence;
  claim(draft, "framework", "@angular/core", "manifest", said);
  const up = upTo(listed.directory, workspace);
  for (const field of ["build", "test"] as const) {
    const target = at(listed.node, "architect", field) ??
      at(listed.node, "targets", field);
    if (target === null) continue;
    const run = executeOf(manager, `ng ${field} ${shellWord(listed.name)}`);
    const command = `cd ${up.slice(0, -1)} && ${run}`;
    claim(draft, field, command, "config", nodeEvidence(listing.file, target));
  }
  const plan = angularPlan(project, { ...listed, path: listing.file, up });
  claim(draft, "start", plan.start, "framework", plan.evidence);
  claim(draft, "port", plan.port?.value ?? null, "framework", plan.evidence);
}

function tellRunning(
  project: Project,
  listed: ListedProject,
  place: Place,
): void {
  const { draft, manager } = project;
  const listening = tellCode(project);
  for (
    const { framework, dependency } of frameworksOf(
      project.manifest,
      ({ isDev }) => isDev !== true,
    )
  ) {
    claim(draft, "framework", framework.name, "manifest", dependency.evidence);
  }
  const lock = manager.lock ?? project.manifest.file;
  claim(draft, "install", installOf(manager), "convention", fileEvidence(lock));
  if (!listed.isApplication) return;
  draft.role = "application";
  draft.weight = 3;
  if (place.listing.tool === "angular") {
    tellAngular(project, listed, place);
    return;
  }
  tellNest(project, listed, place);
  for (const { port, file, line, kind } of listening) {
    const source = kind === "usual" ? "framework" : "source";
    claim(draft, "port", port, source, { file, line });
  }
}

/** A draft for each listed project without a manifest of its own. */
export function listedDrafts(survey: Survey): Draft[] {
  return survey.listings.flatMap((listing) => {
    const { directory, file, projects } = listing;
    const root = survey.manifests.get(directory);
    const workspace = survey.workspaces.find((one) =>
      one.directory === directory
    );
    if (root === undefined || workspace === undefined) return [];
    const known = (path: string) =>
      survey.manifests.has(path) || survey.projects.has(path);
    return projects.filter((one) => !known(one.directory)).map((listed) => {
      const project = unlistedProject(survey, {
        directory: listed.directory,
        file,
        name: listed.name,
        nameEvidence: nodeEvidence(file, listed.node),
        root,
        workspace,
      });
      tellRunning(project, listed, { listing, workspace, root });
      tellNative(project.draft);
      return project.draft;
    });
  });
}
