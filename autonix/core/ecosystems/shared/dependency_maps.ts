/**
 * Manifests whose dependencies are maps by name: pubspec.yaml, shard.yml,
 * gleam.toml.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, scalarText } from "../../formats/node.ts";
import { type Found, nodeEvidence } from "../../reading.ts";

/** A text of the manifest with its line; null for none or an empty one. */
export function foundAt(file: string, node: Node | null): Found | null {
  const value = scalarText(node);
  return node === null || value === null || value === ""
    ? null
    : { value, evidence: nodeEvidence(file, node) };
}

/** Adds the dependencies of one map: a version, or a map with `version` or `path`. */
export function addDependencies(
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
