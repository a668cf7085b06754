/**
 * A directory with a composer.json or a front controller, its manifest opened.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { draftOf } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import type { Place, Sources } from "../shared/places.ts";
import { fileOf, type Opened } from "../shared/project.ts";

export interface Project extends Opened {
  sources: Sources;
  manifest: string | null;
  /** Null when there is none, or it is broken. */
  root: Node | null;
  lock: string | null;
  /** What WordPress takes: a theme, a plugin, or a wp-content without WordPress around it. */
  wordpress: { isOne: boolean; evidence: Evidence } | null;
  /** Set by `mod.ts`, in the table's order. */
  frameworks: readonly string[];
}

/** What composer.json says at `keys`, with its line. */
export function said(
  project: Project,
  ...keys: string[]
): { node: Node; evidence: Evidence } | null {
  const node = at(project.root, ...keys);
  return node === null || project.manifest === null
    ? null
    : { node, evidence: nodeEvidence(project.manifest, node) };
}

export function saidText(
  project: Project,
  ...keys: string[]
): { value: string; evidence: Evidence } | null {
  const found = said(project, ...keys);
  const value = textOf(found?.node);
  return found === null || value === null || value === ""
    ? null
    : { value, evidence: found.evidence };
}

/** A script of composer.json: its one command, or the last of a list. */
export function scriptOf(
  project: Project,
  name: string,
): { command: string; evidence: Evidence } | null {
  const found = said(project, "scripts", name);
  if (found === null) return null;
  const command = textOf(found.node) ??
    itemsOf(found.node).map(textOf).findLast((text) => text !== null) ?? null;
  return command === null ? null : { command, evidence: found.evidence };
}

function addDependencies(project: Project, key: string, isDev: boolean): void {
  const { manifest, root, draft } = project;
  if (manifest === null) return;
  for (const [name, node] of entriesOf(at(root, key))) {
    if (name === "php") continue;
    draft.dependencies.push({
      name,
      version: scalarText(node),
      isDev,
      evidence: nodeEvidence(manifest, node),
    });
  }
}

/** Directories of `{"type": "path", "url": "../shared"}`; a pattern stands for those it begins with. */
function addLinks(project: Project): void {
  const { draft, place, reading } = project;
  const repositories = at(project.root, "repositories");
  const all = [
    ...itemsOf(repositories),
    ...entriesOf(repositories).map(([, node]) => node),
  ];
  for (const node of all) {
    if (textOf(at(node, "type")) !== "path") continue;
    const url = textOf(at(node, "url")) ?? "";
    const isPattern = url.endsWith("/*");
    const path = joinPath(place.path, isPattern ? url.slice(0, -2) : url);
    if (path === null) continue;
    if (!isPattern) draft.links.push(path);
    else {
      // Which of them it needs, their names say.
      for (const name of reading.tree.directoriesIn(path)) {
        const below = joinPath(path, name);
        const other = below === null
          ? null
          : textOf(at(reading.json(`${below}/composer.json`), "name"));
        const isNeeded = draft.dependencies.some((one) => one.name === other);
        if (below !== null && isNeeded) draft.links.push(below);
      }
    }
  }
}

/** Above the first lines of code stands what WordPress shows of a plugin. */
const PLUGIN = /^[ \t*#@]{0,8}Plugin Name:/m;
const HEADER = 4_000;

/** What of WordPress a directory holds, if it holds no WordPress. */
function wordpressPart(
  reading: Reading,
  path: string,
): Project["wordpress"] {
  const { tree } = reading;
  if (tree.first(path, ["wp-load.php", "wp-settings.php"]) !== null) {
    return null;
  }
  const style = tree.first(path, ["style.css"]);
  const theme = tree.first(path, ["functions.php", "theme.json"]);
  const page = tree.first(path, ["index.php", "templates/index.html"]);
  if (style !== null && theme !== null && page !== null) {
    return { isOne: true, evidence: fileEvidence(theme) };
  }
  for (const name of tree.filesIn(path)) {
    if (!name.endsWith(".php")) continue;
    const file = joinPath(path, name) ?? name;
    const text = tree.text(file)?.slice(0, HEADER) ?? "";
    if (PLUGIN.test(text)) return { isOne: true, evidence: fileEvidence(file) };
  }
  const content = joinPath(path, "wp-content");
  if (content === null || !tree.hasDirectory(content)) return null;
  const [first] = tree.below(content).filter((file) => file.endsWith(".php"));
  return first === undefined
    ? null
    : { isOne: false, evidence: fileEvidence(first) };
}

export function openProject(
  reading: Reading,
  place: Place,
  sources: Sources,
): Project {
  const { path } = place;
  const wordpress = wordpressPart(reading, path);
  const manifest = reading.tree.first(path, ["composer.json"]);
  const project: Project = {
    reading,
    place,
    sources,
    draft: draftOf({ path, ecosystem: "php", role: "application", weight: 2 }),
    manifest,
    root: manifest === null ? null : reading.json(manifest),
    lock: reading.tree.first(path, ["composer.lock"]),
    wordpress,
    frameworks: [],
  };
  addDependencies(project, "require", false);
  addDependencies(project, "require-dev", true);
  addLinks(project);
  return project;
}

/** The manifest, or the page that says that this is PHP. */
export function manifestOf(project: Project): Evidence | null {
  const file = project.manifest ?? fileOf(project, ...FRONTS) ??
    project.sources.own[0] ?? null;
  return file === null ? null : fileEvidence(file);
}

/** Front controllers, by the directory that is served. */
export const FRONTS: readonly string[] = [
  "public/index.php",
  "web/index.php",
  "webroot/index.php",
  "html/index.php",
  "www/index.php",
  "htdocs/index.php",
  "public_html/index.php",
  "index.php",
];
