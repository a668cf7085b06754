/**
 * Nest's monorepos: nest-cli.json names applications and libraries that share
 * one manifest.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { at, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { tellCode } from "./code.ts";
import { testScriptOf } from "./commands.ts";
import { frameworksOf } from "./frameworks.ts";
import type { Manifest } from "./manifest.ts";
import { tellNative } from "./native.ts";
import type { NestProject } from "./nest_projects.ts";
import { executeOf, installOf, runOf } from "./package_manager.ts";
import type { Project } from "./project.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Survey } from "./survey.ts";
import { unlistedProject, upTo } from "./unlisted.ts";
import type { Workspace } from "./workspaces.ts";

/** Nest looks for its configuration, and the tests for theirs, where they are called. */
function tellCommands(
  { draft, manager }: Project,
  nest: NestProject,
  of: { file: string; workspace: Workspace; root: Manifest },
): void {
  const evidence = nodeEvidence(of.file, nest.node);
  const up = upTo(nest.directory, of.workspace);
  const elsewhere = `cd ${up.slice(0, -1)} && `;
  const build = executeOf(manager, `nest build ${shellWord(nest.name)}`);
  claim(draft, "build", `${elsewhere}${build}`, "framework", evidence);
  const test = testScriptOf(of.root);
  if (test !== null) {
    const command = `${elsewhere}${runOf(manager, test.name)}`;
    claim(draft, "test", command, "manifest", test.found.evidence);
  }
  const own = relativeTo(of.workspace.directory, nest.directory);
  const entry = textOf(at(nest.node, "entryFile")) ?? "main";
  const main = shellWord(`${up}dist/${own}/${entry}.js`);
  claim(draft, "start", `node ${main}`, "framework", evidence);
}

function tellRunning(
  project: Project,
  nest: NestProject,
  of: { file: string; workspace: Workspace; root: Manifest },
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
  if (!nest.isApplication) return;
  tellCommands(project, nest, of);
  draft.role = "application";
  draft.weight = 3;
  for (const { port, file, line, kind } of listening) {
    const source = kind === "usual" ? "framework" : "source";
    claim(draft, "port", port, source, { file, line });
  }
}

/** A draft for each project of a Nest monorepo. */
export function nestDrafts(survey: Survey): Draft[] {
  return [...survey.nests].flatMap(([file, projects]) => {
    const directory = directoryOf(file);
    const root = survey.manifests.get(directory);
    const workspace = survey.workspaces.find((one) =>
      one.directory === directory
    );
    if (root === undefined || workspace === undefined) return [];
    return projects.filter((nest) => !survey.manifests.has(nest.directory)).map(
      (nest) => {
        const project = unlistedProject(survey, {
          directory: nest.directory,
          file,
          name: nest.name,
          nameEvidence: nodeEvidence(file, nest.node),
          root,
          workspace,
        });
        tellRunning(project, nest, { file, workspace, root });
        tellNative(project.draft);
        return project.draft;
      },
    );
  });
}
