/**
 * Which source files belong to which package, and the language they are in.
 *
 * A file belongs to the nearest package at or above it. TypeScript it is when
 * there is a tsconfig.json or a typescript dependency and TypeScript files are
 * at least as many as JavaScript ones; without any file to count a
 * tsconfig.json says it, and without that and any JavaScript the files alone.
 * Configuration files and declarations do not count.
 *
 * @module
 */
import type { Language } from "../../../../roles/model/analysis.ts";
import type { Claim } from "../../claims.ts";
import type { Dependency } from "../../draft.ts";
import {
  comparePaths,
  directoryOf,
  type FileTree,
  isWithin,
  joinPath,
  pathsOf,
  type Run,
  runsOf,
} from "../../file_tree.ts";
import { fileEvidence } from "../../reading.ts";
import { relativeTo, runsByOwner } from "../shared/owners.ts";
import {
  isConfiguration,
  isForeign,
  isOwnDirectory,
  isOwnName,
} from "./asides.ts";

const TYPESCRIPT: readonly string[] = ["ts", "tsx", "mts", "cts"];
const JAVASCRIPT: readonly string[] = ["js", "jsx", "mjs", "cjs"];
/** Neither by their name alone. */
const COMPONENTS: readonly string[] = ["vue", "svelte", "astro"];

/** File patterns of everything a scan looks at; bin/www is where Express' generator listens. */
export const SOURCE_PATTERNS: readonly string[] = [
  ...[...TYPESCRIPT, ...JAVASCRIPT, ...COMPONENTS].map((end) => `*.${end}`),
  "bin/www",
];

const EXTENSIONS = [...TYPESCRIPT, ...JAVASCRIPT, ...COMPONENTS];

/** Sources by the package they belong to; those of nobody are left out. */
export function sourcesByPackage(
  tree: FileTree,
  packages: ReadonlySet<string>,
): Map<string, readonly Run[]> {
  const known = tree.runsWith(EXTENSIONS);
  const www = tree.named("www").filter((path) =>
    /(?:^|\/)bin\/www$/.test(path)
  );
  const runs = www.length === 0
    ? known
    : runsOf([...pathsOf(known), ...www].sort(comparePaths));
  return runsByOwner(runs, packages);
}

/** Those that run when the application runs. */
export function ownSources(
  directory: string,
  sources: readonly Run[],
): string[] {
  const own: string[] = [];
  for (const run of sources) {
    if (!isOwnDirectory(relativeTo(directory, run.directory))) continue;
    for (let at = 0; at < run.names.length; at++) {
      if (isOwnName(run.names[at] ?? "")) own.push(run.paths[at] ?? "");
    }
  }
  return own;
}

/** True for a name that says nothing of what a package is written in. */
function isNoSource(name: string): boolean {
  // All of these have a second dot; most names do not.
  if (name.indexOf(".") === name.lastIndexOf(".") && !name.startsWith(".")) {
    return false;
  }
  return isConfiguration(name) || name.endsWith(".d.ts") ||
    name.includes(".min.") || name === ".pnp.cjs";
}

/** What a package is written in, counted; the first file of TypeScript. */
interface Counted {
  typescript: number;
  javascript: number;
  example: string | null;
}

function countSources(directory: string, sources: readonly Run[]): Counted {
  const counted: Counted = { typescript: 0, javascript: 0, example: null };
  for (const run of sources) {
    const relative = relativeTo(directory, run.directory);
    if (isForeign(relative) || relative.startsWith(".yarn")) continue;
    for (let at = 0; at < run.names.length; at++) {
      const name = run.names[at] ?? "";
      if (isNoSource(name)) continue;
      const extension = name.slice(name.lastIndexOf(".") + 1);
      if (TYPESCRIPT.includes(extension)) {
        counted.typescript += 1;
        counted.example ??= run.paths[at] ?? null;
      } else if (JAVASCRIPT.includes(extension)) counted.javascript += 1;
    }
  }
  return counted;
}

/** The tsconfig.json that holds for a directory: its own, or one above it up to `top`. */
function tsconfigOf(
  tree: FileTree,
  directory: string,
  top: string,
): string | null {
  for (let here = directory;; here = directoryOf(here)) {
    const path = tree.first(here, ["tsconfig.json", "tsconfig.base.json"]);
    if (path !== null) return path;
    if (here === "." || here === top || !isWithin(here, top)) return null;
  }
}

/** What a package is written in, and what says so. */
export function languageOf(
  tree: FileTree,
  of: {
    directory: string;
    /** Root of the workspace, or the directory itself. */
    top: string;
    manifest: string;
    sources: readonly Run[];
    dependencies: readonly Dependency[];
  },
): Pick<Claim<"language">, "value" | "evidence"> {
  const { directory, sources } = of;
  const { typescript, javascript, example } = countSources(directory, sources);
  const config = tsconfigOf(tree, directory, of.top);
  const dependency = of.dependencies.find(({ name }) => name === "typescript");
  const isEither = typescript + javascript > 0;
  const value: Language = typescript > 0 && typescript >= javascript ||
      !isEither && joinPath(directory, "tsconfig.json") === config &&
        config !== null
    ? "typescript"
    : "javascript";
  if (value === "javascript") {
    return { value, evidence: [fileEvidence(of.manifest)] };
  }
  const said = [
    ...config === null ? [] : [fileEvidence(config)],
    ...dependency === undefined ? [] : [dependency.evidence],
  ];
  return {
    value,
    evidence: said.length > 0 ? said : [fileEvidence(example ?? of.manifest)],
  };
}
