/**
 * Which programs a package builds, and the one that is started.
 *
 * `default-run` says it; else the only one; else the one of src/main.rs; else
 * the one that is called server, api, web ...
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { basenameOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import type { Manifest } from "./manifest.ts";

export interface Program {
  name: string;
  /** The file with its `main`, where that is known. */
  file: string | null;
  /** True when the manifest names it. */
  isDeclared: boolean;
  isMain: boolean;
  /** Without them it is not built. */
  requiredFeatures: readonly string[];
  evidence: Evidence;
}

/** Names of what a person means by the application. */
const USUAL = ["server", "api", "web", "app", "main", "service", "backend"];

/** Where cargo looks for programs by itself. */
function foundIn(reading: Reading, manifest: Manifest): Program[] {
  const { tree } = reading;
  const { directory, name } = manifest;
  const found: Program[] = [];
  const add = (path: string, own: string, isMain: boolean) => {
    found.push({
      name: own,
      file: path,
      isDeclared: false,
      isMain,
      requiredFeatures: [],
      evidence: mainLine(reading, path),
    });
  };
  const main = joinPath(directory, "src/main.rs") ?? "";
  if (tree.has(main) && name !== null) add(main, name.value, true);
  const bin = joinPath(directory, "src/bin") ?? "";
  for (const file of tree.filesIn(bin)) {
    if (file.endsWith(".rs")) add(`${bin}/${file}`, file.slice(0, -3), false);
  }
  for (const folder of tree.directoriesIn(bin)) {
    const path = `${bin}/${folder}/main.rs`;
    if (tree.has(path)) add(path, folder, false);
  }
  return found;
}

function mainLine(reading: Reading, path: string): Evidence {
  const found = reading.match(
    path,
    /^\s{0,8}(?:(?:pub )?(?:async )?fn main\(|#\[(?:rocket::)?launch\])/,
  );
  return found?.evidence ?? fileEvidence(path);
}

export function programsOf(reading: Reading, manifest: Manifest): Program[] {
  const byName = new Map<string, Program>();
  if (at(manifest.root, "package", "autobins")?.value !== false) {
    for (const one of foundIn(reading, manifest)) byName.set(one.name, one);
  }
  for (const node of itemsOf(at(manifest.root, "bin"))) {
    const name = textOf(at(node, "name"));
    if (name === null) continue;
    const path = textOf(at(node, "path"));
    const isMain = path === "src/main.rs" ||
      path === null && byName.get(name)?.isMain === true;
    if (isMain) {
      // The same file under another name.
      for (const [own, one] of byName) {
        if (one.isMain && own !== name) byName.delete(own);
      }
    } else if (path !== null && /^src\/bin\/[^/]{1,200}\.rs$/.test(path)) {
      const own = basenameOf(path).slice(0, -3);
      if (own !== name && byName.get(own)?.isDeclared === false) {
        byName.delete(own);
      }
    }
    byName.set(name, {
      name,
      file: path === null
        ? byName.get(name)?.file ?? null
        : joinPath(manifest.directory, path),
      isDeclared: true,
      isMain,
      requiredFeatures: itemsOf(at(node, "required-features"))
        .map(textOf).filter((text) => text !== null),
      evidence: nodeEvidence(manifest.file, node),
    });
  }
  return [...byName.values()];
}

/** The one that is started; null when nobody can tell. */
export function mainProgram(
  programs: readonly Program[],
  manifest: Manifest,
): Program | null {
  const run = textOf(at(manifest.root, "package", "default-run"));
  const named = (name: string) =>
    programs.find((program) => program.name === name);
  const first = (run === null ? undefined : named(run)) ??
    (programs.length === 1 ? programs[0] : undefined) ??
    programs.find(({ isMain }) => isMain) ?? named(manifest.name?.value ?? "");
  if (first !== undefined) return first;
  for (const name of USUAL) {
    const found = named(name);
    if (found !== undefined) return found;
  }
  // `shop-server` beside `shop-cli`.
  const serving = programs.filter(({ name }) =>
    /[_-](?:server|api|daemon|web|backend)$/.test(name)
  );
  return serving.length === 1 ? serving[0] ?? null : null;
}
