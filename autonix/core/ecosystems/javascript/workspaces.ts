/**
 * Which packages belong together: npm, yarn and bun `workspaces`,
 * pnpm-workspace.yaml, lerna.json, rush.json, `workspace` of deno.json.
 *
 * Owns membership and the root whose lockfile is everybody's. Installs nothing.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import {
  directoryOf,
  isWithin,
  joinPath,
  withoutEndSlashes,
} from "../../file_tree.ts";
import { at, itemsOf, type Node, textOf } from "../../formats/node.ts";
import { bytesOf, compileGlob, matchesGlob } from "../../glob.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";

export interface Workspace {
  /** Of the root. */
  directory: string;
  evidence: Evidence;
  members: ReadonlySet<string>;
  /** rush installs and builds in its own way. */
  isRush: boolean;
}

/** Alternatives of one pattern: people write two or three. */
const MAX_ALTERNATIVES = 32;
/** Patterns of one workspace: people write a dozen, or a line for each package. */
const MAX_PATTERNS = 1_000;

/** `{a,b}/*` is `a/*` and `b/*`. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0 && done.length + open.length <= MAX_ALTERNATIVES) {
    const next = open.pop() ?? "";
    const from = next.indexOf("{");
    const to = next.indexOf("}", from);
    if (from < 0 || to < 0) {
      done.push(next);
      continue;
    }
    for (const choice of next.slice(from + 1, to).split(",")) {
      open.push(next.slice(0, from) + choice + next.slice(to + 1));
    }
  }
  return done;
}

/** Directories, of those given, that patterns relative to `root` name. */
export function membersOf(
  root: string,
  patterns: readonly string[],
  directories: readonly string[],
): Set<string> {
  const members = new Set<string>();
  const below = directories.filter((path) =>
    path !== root && isWithin(path, root)
  );
  for (const raw of patterns.slice(0, MAX_PATTERNS)) {
    const isNegated = raw.startsWith("!");
    const plain = withoutEndSlashes(
      raw.slice(Number(isNegated)).replace(/^\.?\//, ""),
    );
    for (const one of expandBraces(plain)) {
      const glob = compileGlob(bytesOf(one));
      if (glob === null) continue;
      for (const path of below) {
        const relative = root === "." ? path : path.slice(root.length + 1);
        if (!matchesGlob(glob, bytesOf(relative))) continue;
        if (isNegated) members.delete(path);
        else members.add(path);
      }
    }
  }
  return members;
}

interface Declared {
  directory: string;
  evidence: Evidence;
  patterns: string[];
  isRush: boolean;
}

function textsOf(node: Node | null): string[] {
  return itemsOf(node).map(textOf).filter((text) => text !== null);
}

function declared(
  file: string,
  node: Node | null,
  patterns: readonly string[],
): Declared[] {
  if (node === null) return [];
  return [{
    directory: directoryOf(file),
    evidence: nodeEvidence(file, node),
    patterns: [...patterns],
    isRush: false,
  }];
}

/** `["a/*"]`, or yarn's `{ "packages": ["a/*"] }`, or deno's `{ "members": [...] }`. */
function listed(file: string, node: Node | null, inner: string): Declared[] {
  const list = at(node, inner) ?? node;
  return declared(file, node, textsOf(list));
}

function rushProjects(reading: Reading, file: string): Declared[] {
  const projects = at(reading.json(file), "projects");
  const folders = itemsOf(projects).map((project) =>
    textOf(at(project, "projectFolder"))
  ).filter((folder) => folder !== null);
  return declared(file, projects, folders)
    .map((one) => ({ ...one, isRush: true }));
}

function declarations(reading: Reading): Declared[] {
  const { tree } = reading;
  return [
    ...tree.named("package.json").flatMap((file) =>
      listed(file, at(reading.json(file), "workspaces"), "packages")
    ),
    ...tree.named("pnpm-workspace.yaml").flatMap((file) => {
      const packages = at(reading.yaml(file), "packages");
      return declared(file, packages, textsOf(packages));
    }),
    ...tree.named("lerna.json").flatMap((file) => {
      const root = reading.json(file);
      const packages = at(root, "packages");
      // Without a list lerna has one of its own, beside that of the package manager.
      return packages === null
        ? declared(file, root, ["packages/*"])
        : declared(file, packages, textsOf(packages));
    }),
    ...["deno.json", "deno.jsonc"].flatMap((name) =>
      tree.named(name).flatMap((file) =>
        listed(file, at(reading.json(file), "workspace"), "members")
      )
    ),
    ...tree.named("rush.json").flatMap((file) => rushProjects(reading, file)),
  ];
}

/** Every workspace, with who of `directories` is in it. */
export function findWorkspaces(
  reading: Reading,
  directories: readonly string[],
): Workspace[] {
  const byRoot = new Map<string, Workspace>();
  for (const one of declarations(reading)) {
    const before = byRoot.get(one.directory);
    const members = membersOf(one.directory, one.patterns, directories);
    byRoot.set(one.directory, {
      directory: one.directory,
      evidence: before?.evidence ?? one.evidence,
      members: new Set([...before?.members ?? [], ...members]),
      isRush: one.isRush || (before?.isRush ?? false),
    });
  }
  for (const file of reading.tree.named("nx.json")) {
    const directory = directoryOf(file);
    if (byRoot.has(directory)) continue;
    byRoot.set(directory, {
      directory,
      evidence: fileEvidence(file),
      members: new Set(),
      isRush: false,
    });
  }
  return [...byRoot.values()];
}

/** The nearest workspace that names this directory. */
export function workspaceOf(
  directory: string,
  workspaces: readonly Workspace[],
): Workspace | null {
  let nearest: Workspace | null = null;
  for (const workspace of workspaces) {
    if (!workspace.members.has(directory)) continue;
    if (
      nearest === null ||
      workspace.directory.length > nearest.directory.length
    ) nearest = workspace;
  }
  return nearest;
}

/** A directory named by `file:../x`, `link:../x`, `portal:../x` or `../x`. */
export function linkedDirectory(from: string, version: string): string | null {
  const path = version.replace(/^(?:file|link|portal|workspace):/, "");
  if (path === version && !/^\.{1,2}\//.test(version)) return null;
  return /^\.{0,2}\//.test(path) || path === "." ? joinPath(from, path) : null;
}
