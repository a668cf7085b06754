/**
 * Which sources belong to which project: each to the nearest at or above it.
 *
 * @module
 */
import { directoryOf } from "../../file_tree.ts";
import { addTo } from "../../lists.ts";
import type { Reading } from "../../reading.ts";
import { nearest, relativeTo } from "../shared/owners.ts";
import { readSource, type SourceFacts } from "./source_facts.ts";

const ASIDE = /(?:^|\/)(?:bin|obj|Migrations|wwwroot|node_modules)\//;

export function sourcesByProject(
  reading: Reading,
  paths: ReadonlyMap<string, unknown>,
): Map<string, SourceFacts[]> {
  const found = new Map<string, SourceFacts[]>();
  for (const extension of ["cs", "fs"]) {
    let before = "";
    let owner: string | null = null;
    for (const path of reading.tree.withExtension(extension)) {
      const directory = directoryOf(path);
      if (directory !== before) owner = nearest(directory, paths);
      before = directory;
      if (owner === null) continue;
      const relative = relativeTo(owner, path);
      const text = ASIDE.test(relative) ? null : reading.tree.text(path);
      const facts = text === null ? null : readSource(path, text);
      if (facts !== null) addTo(found, owner, facts);
    }
  }
  return found;
}
