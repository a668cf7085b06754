/**
 * What a Package.swift says.
 *
 * It is a program; read are the calls that every manifest has: targets and
 * products with their names, packages with their addresses. Comments are taken
 * out first, offsets kept.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { directoryOf, joinPath, withoutEndSlashes } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";

export interface Target {
  kind: "executable" | "plain" | "test";
  name: string;
  evidence: Evidence;
}

export interface Manifest {
  directory: string;
  file: string;
  name: Found | null;
  /** swift-tools-version. */
  version: Found | null;
  targets: Target[];
  /** Names of products that are programs. */
  executables: Found[];
  dependencies: Dependency[];
  links: string[];
  /** Names in `pkgConfig:` of system libraries. */
  libraries: Found[];
}

const MAX_TEXT = 256 * 1024;
const NAMED =
  /\.(executableTarget|target|testTarget|executable)\(\s{0,200}name:\s{0,8}"([^"\n]{1,100})"/g;
const PACKAGE =
  /\.package\(\s{0,200}(?:(?:name|id):\s{0,8}"[^"\n]{1,100}",\s{0,200})?(url|path):\s{0,8}"([^"\n]{1,300})"(?:,\s{0,200}(?:from:\s{0,8}|exact:\s{0,8}|\.upToNext\w{1,8}\(from:\s{0,8}|\.exact\()"([^"\n]{1,60})")?/g;

/** Blanks instead of comments, line by line, so that offsets stay. */
function withoutComments(text: string): string {
  return text.split("\n").map((line) => {
    const trimmed = line.trimStart();
    if (trimmed.startsWith("//")) return " ".repeat(line.length);
    const at = line.indexOf(" // ");
    return at < 0 ? line : line.slice(0, at) + " ".repeat(line.length - at);
  }).join("\n");
}

/** `vapor` of `https://github.com/vapor/vapor.git`. */
function identityOf(url: string): string {
  const last = withoutEndSlashes(url).split(/[/:]/).at(-1) ?? url;
  return last.replace(/\.git$/, "");
}

export function readManifest(reading: Reading, file: string): Manifest {
  const directory = directoryOf(file);
  const text = withoutComments(
    (reading.tree.text(file) ?? "").slice(0, MAX_TEXT),
  );
  const lineOf = lineFinder(text);
  const manifest: Manifest = {
    directory,
    file,
    name: reading.match(file, /^[^/]{0,60}\bname:\s{0,8}"([^"\n]{1,100})"/),
    version: reading.match(
      file,
      /^\/\/\s{0,4}swift-tools-version\s{0,3}:\s{0,4}(\d[\d.]{0,20})/,
    ),
    targets: [],
    executables: [],
    dependencies: [],
    links: [],
    libraries: [],
  };
  for (const found of text.matchAll(NAMED)) {
    const [, call, name = ""] = found;
    const evidence = { file, line: lineOf(found.index) };
    if (call === "executable") {
      manifest.executables.push({ value: name, evidence });
    } else {
      const kind = call === "executableTarget"
        ? "executable"
        : call === "testTarget"
        ? "test"
        : "plain";
      manifest.targets.push({ kind, name, evidence });
    }
  }
  for (const found of text.matchAll(PACKAGE)) {
    const [, kind, value = "", version = null] = found;
    const evidence = { file, line: lineOf(found.index) };
    if (kind === "url") {
      manifest.dependencies.push({
        name: identityOf(value),
        version,
        isDev: false,
        evidence,
      });
    } else {
      const link = joinPath(directory, value);
      if (link !== null) manifest.links.push(link);
    }
  }
  for (const found of text.matchAll(/\bpkgConfig:\s{0,8}"([^"\n]{1,60})"/g)) {
    manifest.libraries.push({
      value: found[1] ?? "",
      evidence: { file, line: lineOf(found.index) },
    });
  }
  return manifest;
}
