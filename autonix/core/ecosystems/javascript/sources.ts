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
  basenameOf,
  comparePaths,
  directoryOf,
  type FileTree,
  isWithin,
  joinPath,
} from "../../file_tree.ts";
import { fileEvidence } from "../../reading.ts";
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

/** Sorted paths by the package they belong to; those of nobody are left out. */
export function sourcesByOwner(
  tree: FileTree,
  owners: ReadonlySet<string>,
): Map<string, string[]> {
  const ownerOf = new Map<string, string | null>();
  const find = (directory: string): string | null => {
    const before = ownerOf.get(directory);
    if (before !== undefined) return before;
    const owner = owners.has(directory)
      ? directory
      : directory === "."
      ? null
      : find(directoryOf(directory));
    ownerOf.set(directory, owner);
    return owner;
  };
  const byOwner = new Map<string, string[]>();
  const extensions = [...TYPESCRIPT, ...JAVASCRIPT, ...COMPONENTS];
  const paths = [
    ...extensions.flatMap((extension) => tree.withExtension(extension)),
    ...tree.named("www").filter((path) => /(?:^|\/)bin\/www$/.test(path)),
  ];
  for (const path of paths) {
    const owner = find(directoryOf(path));
    if (owner === null) continue;
    const list = byOwner.get(owner);
    if (list === undefined) byOwner.set(owner, [path]);
    else list.push(path);
  }
  for (const list of byOwner.values()) list.sort(comparePaths);
  return byOwner;
}

/** A path below `directory`, relative to it. */
export function relativeTo(directory: string, path: string): string {
  return directory === "." ? path : path.slice(directory.length + 1);
}

/** Those that run when the application runs. */
export function ownSources(
  directory: string,
  sources: readonly string[],
): string[] {
  const isOwn = new Map<string, boolean>();
  return sources.filter((path) => {
    if (!isOwnName(basenameOf(path))) return false;
    const relative = directoryOf(relativeTo(directory, path));
    let known = isOwn.get(relative);
    if (known === undefined) {
      known = isOwnDirectory(relative);
      isOwn.set(relative, known);
    }
    return known;
  });
}

/** Those that show what a package is written in. */
function counted(sources: readonly string[], directory: string): string[] {
  const isCounted = new Map<string, boolean>();
  return sources.filter((path) => {
    const name = basenameOf(path);
    if (isConfiguration(name) || name.endsWith(".d.ts")) return false;
    if (name.includes(".min.") || name === ".pnp.cjs") return false;
    const relative = directoryOf(relativeTo(directory, path));
    let known = isCounted.get(relative);
    if (known === undefined) {
      known = !isForeign(relative) && !relative.startsWith(".yarn");
      isCounted.set(relative, known);
    }
    return known;
  });
}

function withExtension(
  paths: readonly string[],
  extensions: readonly string[],
): string[] {
  return paths.filter((path) =>
    extensions.includes(path.slice(path.lastIndexOf(".") + 1))
  );
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
    sources: readonly string[];
    dependencies: readonly Dependency[];
  },
): Pick<Claim<"language">, "value" | "evidence"> {
  const { directory, sources } = of;
  const all = counted(sources, directory);
  const typescript = withExtension(all, TYPESCRIPT);
  const javascript = withExtension(all, JAVASCRIPT);
  const config = tsconfigOf(tree, directory, of.top);
  const dependency = of.dependencies.find(({ name }) => name === "typescript");
  const isEither = typescript.length + javascript.length > 0;
  const value: Language =
    typescript.length > 0 && typescript.length >= javascript.length ||
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
  const [example = of.manifest] = typescript;
  return { value, evidence: said.length > 0 ? said : [fileEvidence(example)] };
}
