/**
 * Which Node, Bun or Deno a package asks for.
 *
 * A file that pins holds for everything below it; the nearest directory with
 * one is the one that counts. `engines` is read of the package, then of its
 * workspace's root. The version of a package manager is none of a runtime's,
 * except bun's, which is both.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, type Node, scalarText } from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";
import { fieldOf, type Manifest } from "./manifest.ts";

export type Runtime = "node" | "bun" | "deno";

/** Files that hold nothing but a version. */
const PLAIN: Readonly<Record<Runtime, readonly string[]>> = {
  node: [".nvmrc", ".node-version"],
  bun: [".bun-version"],
  deno: [".dvmrc", ".deno-version"],
};
/** How tools for several languages name them. */
const WORDS: Readonly<Record<Runtime, readonly string[]>> = {
  node: ["nodejs", "node"],
  bun: ["bun"],
  deno: ["deno"],
};
const MISE = [
  "mise.toml",
  ".mise.toml",
  ".config/mise.toml",
  ".config/mise/config.toml",
  "mise/config.toml",
];
/** Names, ranges and aliases; what is longer was never meant as a version. */
const VERSION = /^[\w.*^~<>=|/ +-]{1,60}$/;

/** Names of whatever is the newest. */
const MOVING: ReadonlySet<string> = new Set([
  "node",
  "stable",
  "latest",
  "current",
  "canary",
]);

/** As pinned, without a leading v; null for what pins nothing. */
export function cleanVersion(text: string): string | null {
  const value = text.trim().replace(/^v(?=\d)/, "");
  if (value === "" || value === "*" || value === "x" || value === "system") {
    return null;
  }
  const isVersion = /\d/.test(value) || /^lts\b/.test(value) ||
    MOVING.has(value);
  return isVersion && VERSION.test(value) ? value : null;
}

/** The first line that is no comment. */
function plainVersion(reading: Reading, path: string): Found | null {
  for (const { number, text } of reading.lines(path).slice(0, 50)) {
    const word = text.slice(0, 200).replace(/#.*$/, "").trim();
    if (word === "") continue;
    const value = cleanVersion(word);
    if (value === null) return null;
    return { value, evidence: { file: path, line: number } };
  }
  return null;
}

/** `nodejs 20.11.1 18.19.0`: the first is the one that is used. */
function toolVersion(
  reading: Reading,
  path: string,
  runtime: Runtime,
): Found | null {
  for (const { number, text } of reading.lines(path).slice(0, 500)) {
    const [word = "", version = ""] = text.slice(0, 200).trim().split(/\s+/);
    if (!WORDS[runtime].includes(word) || version.includes(":")) continue;
    const value = cleanVersion(version);
    if (value !== null) {
      return { value, evidence: { file: path, line: number } };
    }
  }
  return null;
}

/** `node = "20"`, `["20", "18"]` or `{ version = "20" }`. */
function miseVersion(
  reading: Reading,
  path: string,
  runtime: Runtime,
): Found | null {
  const tools = at(reading.toml(path), "tools");
  for (const word of WORDS[runtime]) {
    const tool: Node | null = at(tools, word);
    if (tool === null) continue;
    const text = scalarText(tool) ?? scalarText(itemsOf(tool)[0]) ??
      scalarText(at(tool, "version"));
    const value = cleanVersion(text ?? "");
    if (value !== null) return { value, evidence: nodeEvidence(path, tool) };
  }
  return null;
}

function pinsIn(
  reading: Reading,
  directory: string,
  runtime: Runtime,
): Found[] {
  const { tree } = reading;
  const found: Found[] = [];
  const look = (
    names: readonly string[],
    read: (path: string) => Found | null,
  ) => {
    for (const name of names) {
      const path = joinPath(directory, name);
      if (path === null || !tree.has(path)) continue;
      const one = read(path);
      if (one !== null) found.push(one);
    }
  };
  look(PLAIN[runtime], (path) => plainVersion(reading, path));
  look([".tool-versions"], (path) => toolVersion(reading, path, runtime));
  look(MISE, (path) => miseVersion(reading, path, runtime));
  return found;
}

/** Of the nearest directory at or above that pins one. */
export function nearestPins(
  reading: Reading,
  directory: string,
  runtime: Runtime,
): Found[] {
  for (let here = directory;; here = directoryOf(here)) {
    const found = pinsIn(reading, here, runtime);
    if (found.length > 0) return found;
    if (here === ".") return [];
  }
}

function inManifest(
  manifest: Manifest,
  ...keys: readonly string[]
): Found | null {
  const found = fieldOf(manifest, ...keys);
  const value = found === null ? null : cleanVersion(found.value);
  return found === null || value === null ? null : { ...found, value };
}

/** Less sure than a file of its own: volta is one developer's tool. */
const VOLTA_CONFIDENCE = 0.97;

/** Tells which version of a runtime is asked for; true when something does. */
export function tellVersion(
  reading: Reading,
  draft: Draft,
  of: { manifests: readonly Manifest[]; runtime: Runtime },
): boolean {
  const { manifests, runtime } = of;
  const before = draft.claims.length;
  for (const pin of nearestPins(reading, draft.path, runtime)) {
    claim(draft, "runtimeVersion", pin.value, "pin", pin.evidence);
  }
  for (const manifest of manifests) {
    const pins = [
      inManifest(manifest, "volta", runtime),
      fieldOf(manifest, "devEngines", "runtime", "name")?.value === runtime
        ? inManifest(manifest, "devEngines", "runtime", "version")
        : null,
    ].filter((pin) => pin !== null);
    for (const { value, evidence } of pins) {
      draft.claims.push({
        field: "runtimeVersion",
        value,
        source: "pin",
        evidence: [evidence],
        confidence: VOLTA_CONFIDENCE,
      });
    }
    if (pins.length > 0) break;
  }
  for (const manifest of manifests) {
    const engine = inManifest(manifest, "engines", runtime);
    if (engine === null) continue;
    claim(draft, "runtimeVersion", engine.value, "manifest", engine.evidence);
    break;
  }
  return draft.claims.length > before;
}

/** `packageManager: "bun@1.1.20"` is the runtime's version too. */
export function tellBunVersion(draft: Draft, manifests: readonly Manifest[]) {
  for (const manifest of manifests) {
    const found = fieldOf(manifest, "packageManager");
    const value = /^bun@v?([\w.-]{1,40})/.exec(found?.value ?? "")?.[1];
    if (found === null || value === undefined) continue;
    claim(draft, "runtimeVersion", value, "pin", found.evidence);
    return;
  }
}
