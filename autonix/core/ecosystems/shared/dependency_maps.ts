/**
 * Manifests whose dependencies are maps by name: pubspec.yaml, shard.yml,
 * gleam.toml.
 *
 * @module
 */
import type {
  Evidence,
  PackageManager,
} from "../../../../roles/model/analysis.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, scalarText } from "../../formats/node.ts";
import {
  fileEvidence,
  type Found,
  nodeEvidence,
  type Reading,
} from "../../reading.ts";
import { claimPins } from "./pins.ts";
import { claimFound, claimManager } from "./project.ts";

/** Where a kind of manifest says what. */
export interface Layout {
  /** The word for its ecosystem, language, pins. */
  ecosystem: "crystal" | "dart" | "gleam";
  manager: PackageManager;
  /** Keys of what only building and testing need. */
  development: readonly string[];
  /** Where the version of the language stands. */
  version: readonly string[];
}

/** A text of the manifest with its line; null for none or an empty one. */
export function foundAt(file: string, node: Node | null): Found | null {
  const value = scalarText(node);
  return node === null || value === null || value === ""
    ? null
    : { value, evidence: nodeEvidence(file, node) };
}

/** Adds the dependencies of one map: a version, or a map with `version` or `path`. */
function addDependencies(
  draft: Draft,
  of: { file: string; node: Node | null; isDev: boolean },
): void {
  for (const [name, node] of entriesOf(of.node)) {
    draft.dependencies.push({
      name,
      version: scalarText(node) ?? scalarText(at(node, "version")),
      isDev: of.isDev,
      evidence: nodeEvidence(of.file, node),
    });
    const path = scalarText(at(node, "path"));
    const link = path === null ? null : joinPath(draft.path, path);
    if (link !== null) draft.links.push(link);
  }
}

/** A draft with what its manifest says by itself: dependencies, name, manager, version. */
export function draftOfManifest(
  reading: Reading,
  layout: Layout,
  of: { path: string; file: string; root: Node | null; lock: string | null },
): { draft: Draft; name: string | null; manifest: Evidence } {
  const { ecosystem, manager } = layout;
  const { path, file, root, lock } = of;
  const draft = draftOf({ path, ecosystem, role: "application", weight: 2 });
  const runs = at(root, "dependencies");
  addDependencies(draft, { file, node: runs, isDev: false });
  for (const key of layout.development) {
    addDependencies(draft, { file, node: at(root, key), isDev: true });
  }
  const manifest = fileEvidence(file);
  const name = foundAt(file, at(root, "name"));
  claim(draft, "language", ecosystem, "manifest", manifest);
  claimFound(draft, "name", name);
  if (name !== null) draft.provides.push(name.value);
  claimManager(draft, { manager, manifest, lock });
  claimPins(draft, reading, {
    files: [`.${ecosystem}-version`],
    tools: [ecosystem],
  });
  const version = foundAt(file, at(root, ...layout.version));
  claimFound(draft, "runtimeVersion", version);
  return { draft, name: name?.value ?? null, manifest };
}
