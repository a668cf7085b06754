/**
 * The files of a tree as parsed values: each parsed once, and one that is
 * broken told once, with its line, while the rest is analysed.
 *
 * Owns what was parsed and what could not be. Knows no file by name.
 *
 * @module
 */
import type { Evidence, Unknown } from "../../roles/model/analysis.ts";
import type { FileTree } from "./file_tree.ts";
import { parseJson } from "./formats/json.ts";
import { FormatError, type Node } from "./formats/node.ts";
import { parseToml } from "./formats/toml.ts";
import { parseXml } from "./formats/xml.ts";
import { parseYaml } from "./formats/yaml.ts";

/** A value of a file with the place it stands at. */
export interface Found<V = string> {
  value: V;
  evidence: Evidence;
}

/** A line of a text file. */
export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

const BROKEN = Symbol("broken");

type Form = "json" | "toml" | "xml" | "yaml" | "lines";

function linesOf(text: string): Line[] {
  return text.split(/\r?\n/).map((line, index) => ({
    number: index + 1,
    text: line,
  }));
}

/** Of all files together: a parser takes a second for one to ten million, and manifests of a thousand packages have three. */
const MAX_PARSED_CHARS = 32 * 1024 * 1024;

export class Reading {
  readonly tree: FileTree;
  /** What was made of files, by path. */
  readonly #parsed: Readonly<Record<Form, Map<string, unknown>>> = {
    json: new Map(),
    toml: new Map(),
    xml: new Map(),
    yaml: new Map(),
    lines: new Map(),
  };
  readonly #unknown: Unknown[] = [];
  #leftChars = MAX_PARSED_CHARS;

  constructor(tree: FileTree) {
    this.tree = tree;
  }

  /** What could not be told so far. */
  get unknown(): readonly Unknown[] {
    return this.#unknown;
  }

  /** Tells what could not be told. */
  report(unknown: Unknown): void {
    this.#unknown.push(unknown);
  }

  /** Null when it is not there, was not read, or is broken. Also with comments. */
  json(path: string): Node | null {
    return this.#parse("json", path, parseJson);
  }

  toml(path: string): Node | null {
    return this.#parse("toml", path, parseToml);
  }

  xml(path: string): Node | null {
    return this.#parse("xml", path, parseXml);
  }

  /** The first document. */
  yaml(path: string): Node | null {
    return this.yamlAll(path)[0] ?? null;
  }

  /** The first document of a template, whose lines of Ruby say nothing of it. */
  yamlTemplate(path: string): Node | null {
    const parse = (text: string) =>
      parseYaml(text.replace(/^[ \t]{0,80}<%.*$/gm, "#"));
    return this.#parse("yaml", path, parse)?.[0] ?? null;
  }

  /** Every document. */
  yamlAll(path: string): readonly Node[] {
    return this.#parse("yaml", path, parseYaml) ?? [];
  }

  /** Lines without their ends; none when it is not there or was not read. */
  lines(path: string): readonly Line[] {
    return this.#parse("lines", path, linesOf) ?? [];
  }

  /** The first line that matches, as evidence with its first group or the whole match. */
  match(path: string, pattern: RegExp): Found | null {
    for (const { number, text } of this.lines(path)) {
      const found = pattern.exec(text);
      if (found !== null) {
        return {
          value: found[1] ?? found[0],
          evidence: { file: path, line: number },
        };
      }
    }
    return null;
  }

  /** Ends what is parsed when all files together are too much. */
  #spend(chars: number): void {
    this.#leftChars -= chars;
    if (this.#leftChars < 0) {
      throw new FormatError("is one of too many to be parsed");
    }
  }

  #parse<T>(form: Form, path: string, parse: (text: string) => T): T | null {
    const known = this.#parsed[form];
    const before = known.get(path);
    if (before === BROKEN) return null;
    if (before !== undefined) return before as T;
    const text = this.tree.text(path);
    if (text === null) return null;
    try {
      // To cut a text into lines is no parser's work.
      if (form !== "lines") this.#spend(text.length);
      const parsed = parse(text);
      known.set(path, parsed);
      return parsed;
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof RangeError)) {
        throw error;
      }
      known.set(path, BROKEN);
      const line = error instanceof FormatError ? error.line : null;
      this.report({
        path,
        what: "this file",
        why: line === null ? error.message : `line ${line}: ${error.message}`,
      });
      return null;
    }
  }
}

/** The evidence that a file is there. */
export function fileEvidence(file: string): Evidence {
  return { file, line: null };
}

/** The evidence of a parsed value. */
export function nodeEvidence(file: string, node: Node): Evidence {
  return { file, line: node.line };
}
