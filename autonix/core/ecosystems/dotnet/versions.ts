/**
 * Which .NET a project asks for: the SDK that global.json pins, what tools for
 * several languages pin, else the target framework.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, scalarText, textOf } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";
import { frameworkOf, type ProjectFile, versionOf } from "./project_file.ts";

const VERSION = /^[0-9][\w.*+-]{0,40}$/;
const WORDS = ["dotnet", "dotnet-core", "dotnet-sdk"];

function cleaned(text: string | null): string | null {
  const value = (text ?? "").trim().replace(/^v(?=[0-9])/, "");
  return VERSION.test(value) ? value : null;
}

function ofGlobal(reading: Reading, file: string): Found | null {
  const node = at(reading.json(file), "sdk", "version");
  const value = cleaned(textOf(node));
  return node === null || value === null
    ? null
    : { value, evidence: { file, line: node.line } };
}

function ofToolVersions(reading: Reading, file: string): Found | null {
  for (const { number, text } of reading.lines(file).slice(0, 500)) {
    const [word = "", version = ""] = text.slice(0, 200).trim().split(/\s+/);
    const value = WORDS.includes(word) ? cleaned(version) : null;
    if (value !== null) return { value, evidence: { file, line: number } };
  }
  return null;
}

function ofMise(reading: Reading, file: string): Found | null {
  for (const word of WORDS) {
    const tool = at(reading.toml(file), "tools", word);
    const first = itemsOf(tool)[0] ?? tool;
    const value = cleaned(
      scalarText(at(first, "version")) ?? scalarText(first),
    );
    if (tool !== null && value !== null) {
      return { value, evidence: { file, line: tool.line } };
    }
  }
  return null;
}

const PINS: readonly (readonly [
  string,
  (reading: Reading, file: string) => Found | null,
])[] = [
  ["global.json", ofGlobal],
  [".tool-versions", ofToolVersions],
  ["mise.toml", ofMise],
  [".mise.toml", ofMise],
];

/** Of the nearest directory that pins one. */
function nearestPin(reading: Reading, path: string): Found | null {
  for (let here = path;; here = directoryOf(here)) {
    for (const [name, read] of PINS) {
      const file = joinPath(here, name);
      if (file === null || !reading.tree.has(file)) continue;
      const found = read(reading, file);
      if (found !== null) return found;
    }
    if (here === ".") return null;
  }
}

export function claimVersion(
  draft: Draft,
  reading: Reading,
  project: ProjectFile,
): void {
  const pin = nearestPin(reading, project.path);
  claim(
    draft,
    "runtimeVersion",
    pin?.value ?? null,
    "pin",
    pin?.evidence ?? null,
  );
  const framework = frameworkOf(project);
  const version = framework === null ? null : versionOf(framework.value);
  claim(
    draft,
    "runtimeVersion",
    version,
    "manifest",
    framework?.evidence ?? null,
  );
}
