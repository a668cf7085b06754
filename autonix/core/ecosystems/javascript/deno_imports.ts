/**
 * What a package of Deno depends on: names of its deno.json and import map, and
 * those that the root of its workspace lists for it.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import { importedPackages, packageOf } from "./imports.ts";
import type { Project } from "./project.ts";

/** What `imports` and an import map name. */
export function importsOf(
  reading: Reading,
  directory: string,
  of: { root: Node | null; file: string },
) {
  const { root, file } = of;
  const mapName = textOf(at(root, "importMap"));
  const mapFile = mapName === null ? null : joinPath(directory, mapName);
  const maps: [string, Node | null][] = [[file, at(root, "imports")]];
  if (mapFile !== null && reading.tree.has(mapFile)) {
    maps.push([mapFile, at(reading.json(mapFile), "imports")]);
  }
  const dependencies: Dependency[] = [];
  for (const [path, imports] of maps) {
    for (const [, node] of entriesOf(imports)) {
      const one = packageOf(textOf(node) ?? "");
      if (one === null || textOf(node)?.startsWith(".") === true) continue;
      const evidence = nodeEvidence(path, node);
      dependencies.push({ ...one, isDev: false, evidence });
    }
  }
  return dependencies;
}

/** What a member imports of the names that its workspace's root lists. */
export function sharedImports(project: Project): Dependency[] {
  const { reading, workspace, directory } = project;
  if (workspace === null || workspace.directory === directory) return [];
  const file = reading.tree.first(workspace.directory, [
    "deno.json",
    "deno.jsonc",
  ]);
  if (file === null) return [];
  const names = new Map(
    entriesOf(at(reading.json(file), "imports")).flatMap(([name, node]) => {
      const one = packageOf(textOf(node) ?? "");
      if (one === null || textOf(node)?.startsWith(".") === true) return [];
      const evidence = nodeEvidence(file, node);
      return [[name.replace(/\/$/, ""), { ...one, isDev: false, evidence }]];
    }),
  );
  return importedPackages(reading.tree, project.sources, names)
    .flatMap(({ name }) => names.get(name) ?? []);
}
