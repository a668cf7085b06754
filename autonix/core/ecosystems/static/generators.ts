/**
 * Generators of sites that are one program and no language's package: hugo,
 * zola, mdbook. Jekyll is Ruby's, MkDocs is Python's, Eleventy is JavaScript's.
 *
 * @module
 */
import type { FileTree } from "../../file_tree.ts";
import { joinPath } from "../../file_tree.ts";
import { at, type Node, textOf } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";

export interface Generator {
  name: string;
  /** Its configuration, the first that is there. */
  files: readonly string[];
  build: string;
  /** Where pages end up, and the key of the configuration that changes it. */
  output: { directory: string; keys: readonly string[] };
  /** Names of whole words that pin its version. */
  words: readonly string[];
  /** True when the configuration is this generator's: the name alone may be anybody's. */
  isOwn(
    of: { tree: FileTree; directory: string; file: string; root: Node | null },
  ): boolean;
}

function hasOne(
  tree: FileTree,
  directory: string,
  folders: readonly string[],
): boolean {
  return folders.some((folder) =>
    tree.hasDirectory(joinPath(directory, folder) ?? "")
  );
}

export const GENERATORS: readonly Generator[] = [
  {
    name: "hugo",
    files: [
      "hugo.toml",
      "hugo.yaml",
      "hugo.yml",
      "hugo.json",
      "config.toml",
      "config.yaml",
      "config.yml",
      "config/_default/hugo.toml",
      "config/_default/config.toml",
      "config/_default/hugo.yaml",
    ],
    build: "hugo --minify",
    output: { directory: "public", keys: ["publishDir", "publishdir"] },
    words: ["hugo", "gohugo"],
    isOwn: ({ tree, directory, file, root }) =>
      /(?:^|\/)hugo\.\w{4}$/.test(file) ||
      // Zola's, which has a theme and content too.
      at(root, "base_url") === null &&
        hasOne(tree, directory, ["content", "archetypes", "layouts"]) &&
        ["baseURL", "baseurl", "baseUrl", "theme", "languageCode"]
          .some((key) => at(root, key) !== null),
  },
  {
    name: "zola",
    files: ["config.toml", "zola.toml"],
    build: "zola build",
    output: { directory: "public", keys: ["output_dir"] },
    words: ["zola"],
    isOwn: ({ tree, directory, root }) =>
      at(root, "base_url") !== null &&
      hasOne(tree, directory, ["content", "templates", "themes"]),
  },
  {
    name: "mdbook",
    files: ["book.toml"],
    build: "mdbook build",
    output: { directory: "book", keys: [] },
    words: ["mdbook"],
    isOwn: ({ root }) => at(root, "book") !== null,
  },
];

/** The configuration as a value, whatever its format. */
export function readConfiguration(reading: Reading, file: string): Node | null {
  if (file.endsWith(".toml")) return reading.toml(file);
  return file.endsWith(".json") ? reading.json(file) : reading.yaml(file);
}

export function outputOf(generator: Generator, root: Node | null): string {
  for (const key of generator.output.keys) {
    const text = textOf(at(root, key));
    // Out of the site it would be somebody else's directory.
    if (text !== null && joinPath(".", text) !== null) return text;
  }
  if (generator.name === "mdbook") {
    return textOf(at(root, "build", "build-dir")) ?? generator.output.directory;
  }
  return generator.output.directory;
}
