/**
 * Projects without a manifest of their own: those of nx, and those of Nest's
 * monorepos. What one depends on is what its sources import, out of what the
 * root's manifest lists, so that nothing of one application leaks into another.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Dependency, draftOf } from "../../draft.ts";
import { isWithin, joinPath, type Run } from "../../file_tree.ts";
import { at, entriesOf, itemsOf, textOf } from "../../formats/node.ts";
import { importedPackages, withoutDoubles } from "./imports.ts";
import type { Manifest } from "./manifest.ts";
import { tellManager } from "./package_manager.ts";
import type { Project } from "./project.ts";
import { languageOf, ownSources } from "./sources.ts";
import type { Survey } from "./survey.ts";
import { tellVersion } from "./versions.ts";
import type { Workspace } from "./workspaces.ts";

/** The way from a project up to the root of its workspace. */
export function upTo(directory: string, workspace: Workspace): string {
  const own = workspace.directory === "."
    ? directory
    : directory.slice(workspace.directory.length + 1);
  return own.split("/").map(() => "../").join("");
}

/** What the sources import, of what the root lists and of the other projects. */
function dependenciesOf(
  survey: Survey,
  sources: readonly string[],
  of: { root: Manifest; aliases: ReadonlyMap<string, string> },
): Dependency[] {
  const { root, aliases } = of;
  const listed = new Map(root.dependencies.map((one) => [one.name, one]));
  const { tree } = survey.reading;
  return importedPackages(tree, sources, aliases).flatMap((one) => {
    const known = listed.get(one.name);
    if (known !== undefined) return [{ ...known, isDev: false }];
    return aliases.has(one.name) ? [one] : [];
  });
}

/** Names by which projects import each other: `paths` of the root's tsconfig. */
function aliasesOf(survey: Survey, workspace: Workspace): Map<string, string> {
  const aliases = new Map<string, string>();
  const { reading } = survey;
  const file = reading.tree.first(workspace.directory, [
    "tsconfig.base.json",
    "tsconfig.json",
  ]);
  if (file === null) return aliases;
  const paths = at(reading.json(file), "compilerOptions", "paths");
  for (const [name, targets] of entriesOf(paths)) {
    const target = textOf(itemsOf(targets)[0]);
    const path = target === null ? null : joinPath(workspace.directory, target);
    if (path !== null) aliases.set(name.replace(/\/\*$/, ""), path);
  }
  return aliases;
}

/** What says that there is such a project. */
export interface Unlisted {
  directory: string;
  file: string;
  name: string;
  nameEvidence: Evidence;
  root: Manifest;
  workspace: Workspace;
}

/** Name, language, version and what it depends on. */
function tellProject(
  project: Project,
  of: Unlisted & { all: readonly Run[] },
): void {
  const { reading, draft, directory, manifest } = project;
  claim(draft, "name", of.name, "manifest", of.nameEvidence);
  draft.dependencies.push(...manifest.dependencies);
  const { value, evidence } = languageOf(reading.tree, {
    directory,
    top: of.workspace.directory,
    manifest: of.file,
    sources: of.all,
    dependencies: [],
  });
  claim(draft, "language", value, "manifest", evidence);
  tellVersion(reading, draft, { manifests: [of.root], runtime: "node" });
}

/** The project as far as it is known without what runs it: a library so far. */
export function unlistedProject(survey: Survey, of: Unlisted): Project {
  const { reading } = survey;
  const { root, workspace, directory } = of;
  const draft = draftOf({
    path: directory,
    ecosystem: "javascript",
    role: "library",
    weight: 2,
  });
  const all = survey.sources.get(directory) ?? [];
  const sources = ownSources(directory, all);
  const aliases = aliasesOf(survey, workspace);
  const own = survey.manifests.get(directory);
  if (own?.name != null) draft.provides.push(own.name.value);
  for (const [name, path] of aliases) {
    if (isWithin(path, directory)) draft.provides.push(name);
  }
  const manifest: Manifest = {
    ...root,
    scripts: new Map(),
    dependencies: withoutDoubles([
      ...own?.dependencies ?? [],
      ...dependenciesOf(survey, sources, { root, aliases }),
    ]),
  };
  const manager = tellManager(reading, draft, {
    manifest: root,
    root: null,
    workspace: null,
  });
  const project: Project = {
    reading,
    draft,
    directory,
    manifest,
    workspace,
    manager,
    sources,
    below: [],
  };
  tellProject(project, { ...of, all });
  return project;
}
