/**
 * By which name Python imports a source of a project, and from which directory.
 *
 * @module
 */
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { isPackage, type Project, relativeTo } from "./project.ts";
import type { SourceFacts } from "./source_facts.ts";

export interface Module {
  /** `shop.api.main`. */
  name: string;
  /** Where it must be imported from, below the project; null: the project itself, or installed. */
  from: string | null;
}

const WORD = /^[A-Za-z_]\w*$/;

function dotted(parts: readonly string[]): string {
  const last = parts.at(-1)?.replace(/\.py$/, "") ?? "";
  const names = [...parts.slice(0, -1), last];
  return (last === "__init__" && names.length > 1 ? names.slice(0, -1) : names)
    .join(".");
}

/** True when it imports what lies beside it by its bare name, so it is run from its own directory. */
export function importsBeside(project: Project, facts: SourceFacts): boolean {
  const directory = directoryOf(facts.path);
  const tree = project.reading.tree;
  // A package that is installed is imported by its name.
  if (tree.has(`${directory}/__init__.py`) && isPackage(project)) return false;
  for (const module of facts.imports.keys()) {
    if (module.includes(".")) continue;
    const file = joinPath(directory, `${module}.py`);
    const folder = joinPath(directory, module);
    const isBeside = file !== null && file !== facts.path && tree.has(file) ||
      folder !== null && tree.has(`${folder}/__init__.py`);
    // A directory of the same name at the top is imported as well.
    const above = joinPath(project.path, module);
    const isAbove = above !== null &&
      (tree.hasDirectory(above) || tree.has(`${above}.py`));
    if (isBeside && !isAbove) return true;
  }
  return false;
}

/** How many directories of a path lie above its outermost package. */
function abovePackage(project: Project, folders: readonly string[]): number {
  const { tree } = project.reading;
  let above = folders.length;
  for (; above > 0; above--) {
    const directory = joinPath(
      project.path,
      folders.slice(0, above).join("/"),
    );
    if (directory === null || !tree.has(`${directory}/__init__.py`)) break;
  }
  return above;
}

export function moduleOf(project: Project, facts: SourceFacts): Module {
  const parts = relativeTo(project, facts.path).split("/");
  if (parts.length === 1) return { name: dotted(parts), from: null };
  const [top = ""] = parts;
  const folders = parts.slice(0, -1);
  // `src/py/app`, which calls itself `app`.
  const above = abovePackage(project, folders);
  const outermost = folders[above];
  if (
    above > 0 && outermost !== undefined && isPackage(project) &&
    facts.imports.has(outermost)
  ) {
    return { name: dotted(parts.slice(above)), from: null };
  }
  if (top === "src" && parts.length > 2 && isPackage(project)) {
    return { name: dotted(parts.slice(1)), from: null };
  }
  if (
    importsBeside(project, facts) || !folders.every((part) => WORD.test(part))
  ) {
    return { name: dotted([basenameOf(facts.path)]), from: folders.join("/") };
  }
  if (top === "src" && !facts.imports.has("src") && parts.length > 2) {
    return { name: dotted(parts.slice(1)), from: "src" };
  }
  return { name: dotted(parts), from: null };
}
