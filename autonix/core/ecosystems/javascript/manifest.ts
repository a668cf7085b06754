/**
 * `package.json`, as far as an analysis reads it.
 *
 * Owns what the fields mean. Decides nothing about the application.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";

export interface Manifest {
  directory: string;
  file: string;
  /** Null when it is broken: that there is one is known all the same. */
  root: Node | null;
  name: Found | null;
  scripts: ReadonlyMap<string, Found>;
  dependencies: readonly Dependency[];
}

/** Sections in the order in which a package named twice counts; peers are the business of who uses it. */
const SECTIONS: readonly { key: string; isDev: boolean }[] = [
  { key: "dependencies", isDev: false },
  { key: "optionalDependencies", isDev: false },
  { key: "devDependencies", isDev: true },
];

function dependenciesOf(root: Node | null, file: string): Dependency[] {
  const byName = new Map<string, Dependency>();
  for (const { key, isDev } of SECTIONS) {
    for (const [name, node] of entriesOf(at(root, key))) {
      if (byName.has(name)) continue;
      const evidence = nodeEvidence(file, node);
      byName.set(name, { name, version: textOf(node), isDev, evidence });
    }
  }
  return [...byName.values()];
}

/** A text field with its place; null where there is none or it is empty. */
export function fieldOf(
  manifest: Pick<Manifest, "root" | "file">,
  ...keys: readonly (string | number)[]
): Found | null {
  const node = at(manifest.root, ...keys);
  const value = textOf(node)?.trim() ?? "";
  if (node === null || value === "") return null;
  return { value, evidence: nodeEvidence(manifest.file, node) };
}

/** True when the field is there, whatever it holds. */
export function hasField(manifest: Manifest, key: string): boolean {
  return at(manifest.root, key) !== null;
}

export function readManifest(reading: Reading, file: string): Manifest {
  const root = reading.json(file);
  const scripts = new Map<string, Found>();
  for (const [name, node] of entriesOf(at(root, "scripts"))) {
    const value = textOf(node)?.trim() ?? "";
    if (value === "") continue;
    scripts.set(name, { value, evidence: nodeEvidence(file, node) });
  }
  return {
    directory: directoryOf(file),
    file,
    root,
    name: fieldOf({ root, file }, "name"),
    scripts,
    dependencies: dependenciesOf(root, file),
  };
}

/** A `package.json` that only tells a tool something, `{"type": "module"}`, is no package. */
export function isPackage(manifest: Manifest): boolean {
  // esy's: a project of OCaml that is described in this file.
  const isOfOcaml = hasField(manifest, "esy") &&
    entriesOf(at(manifest.root, "dependencies")).some(([name]) =>
      name.startsWith("@opam/")
    );
  if (isOfOcaml) return false;
  return manifest.directory === "." || manifest.root === null ||
    ["name", "scripts", "dependencies", "devDependencies", "workspaces"]
      .some((key) => hasField(manifest, key));
}
