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
import type { Found, Reading } from "../../reading.ts";
import { claimPins, lineReader, type Pinning } from "../shared/pins.ts";
import { fieldOf, type Manifest } from "./manifest.ts";

export type Runtime = "node" | "bun" | "deno";

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

/** How each is pinned. */
const PINNINGS: Readonly<Record<Runtime, Pinning>> = {
  node: {
    files: [".nvmrc", ".node-version"],
    others: [[
      ".npmrc",
      lineReader(
        cleanVersion,
        /^\s{0,8}use-node-version\s{0,8}=\s{0,8}(\S{1,60})/,
      ),
    ]],
    tools: ["nodejs", "node"],
    clean: cleanVersion,
  },
  bun: { files: [".bun-version"], tools: ["bun"], clean: cleanVersion },
  deno: {
    files: [".dvmrc", ".deno-version"],
    tools: ["deno"],
    clean: cleanVersion,
  },
};

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
  claimPins(draft, reading, PINNINGS[runtime]);
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
