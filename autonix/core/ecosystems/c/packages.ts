/**
 * Conan and vcpkg: what a project asks them for, and how they are asked.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { joinPath } from "../../file_tree.ts";
import { at, itemsOf, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import type { Asked } from "./build.ts";

export interface Packages {
  asked: Asked[];
  install: { command: string; evidence: Evidence } | null;
}

const MAX_LINES = 1_000;
/** `fmt/10.2.1`, also with user and channel. */
const REFERENCE = /^\s{0,20}([a-z0-9_][\w.+-]{1,100})\/([^@#\s]{1,60})/;

function conanText(reading: Reading, file: string): Asked[] {
  const asked: Asked[] = [];
  let section = "";
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 500).trim();
    if (line.startsWith("[")) section = line;
    const [, name, version = null] = REFERENCE.exec(line) ?? [];
    if (
      name === undefined ||
      !/^\[(?:tool_|build_|test_)?requires\]/.test(section)
    ) continue;
    asked.push({
      name,
      version,
      isDev: section !== "[requires]",
      evidence: { file, line: number },
      isOfSystem: true,
    });
  }
  return asked;
}

function conanScript(reading: Reading, file: string): Asked[] {
  const asked: Asked[] = [];
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 500);
    if (!/requires/.test(line) && !/^\s{1,20}["']/.test(line)) continue;
    for (const [, quoted = ""] of line.matchAll(/["']([^"'\n]{3,120})["']/g)) {
      const [, name, version = null] = REFERENCE.exec(quoted) ?? [];
      if (name === undefined || !/^[\d[<>~^]/.test(version ?? "")) continue;
      asked.push({
        name,
        version,
        isDev: /tool_|build_|test_/.test(line),
        evidence: { file, line: number },
        isOfSystem: true,
      });
    }
  }
  return asked;
}

function vcpkg(reading: Reading, file: string): Asked[] {
  return itemsOf(at(reading.json(file), "dependencies")).flatMap((node) => {
    const name = textOf(node) ?? textOf(at(node, "name"));
    return name === null ? [] : [{
      name,
      version: textOf(at(node, "version>=")),
      isDev: false,
      evidence: nodeEvidence(file, node),
      isOfSystem: true,
    }];
  });
}

export const PACKAGE_FILES = ["conanfile.txt", "conanfile.py", "vcpkg.json"];

export function readPackages(reading: Reading, directory: string): Packages {
  const found: Packages = { asked: [], install: null };
  const look = (
    name: string,
    command: string,
    read: (reading: Reading, file: string) => Asked[],
  ) => {
    const file = joinPath(directory, name) ?? "";
    if (!reading.tree.has(file)) return;
    found.asked.push(...read(reading, file));
    found.install ??= { command, evidence: fileEvidence(file) };
  };
  const conan = "conan install . --output-folder=build --build=missing";
  look("conanfile.txt", conan, conanText);
  look("conanfile.py", conan, conanScript);
  look("vcpkg.json", "vcpkg install", vcpkg);
  return found;
}
