/**
 * Assets that another language's application serves: a package.json beside its
 * manifest whose script builds them.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { at, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";

/** By lockfile: who installs, and how a script is run. */
const MANAGERS: readonly (readonly [string, string, string])[] = [
  ["pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm"],
  ["bun.lock", "bun install --frozen-lockfile", "bun run"],
  ["bun.lockb", "bun install --frozen-lockfile", "bun run"],
  ["yarn.lock", "yarn install --frozen-lockfile", "yarn"],
  ["package-lock.json", "npm ci", "npm run"],
];
/** Of several the first; the last two are laravel-mix's. */
const SCRIPTS: readonly string[] = ["build", "production", "prod"];

export interface Assets {
  install: string;
  build: string;
  evidence: Evidence;
}

/** How the assets of a directory are built; null where nothing builds any. */
export function assetsOf(reading: Reading, directory: string): Assets | null {
  const manifest = reading.tree.first(directory, ["package.json"]);
  if (manifest === null) return null;
  const scripts = at(reading.json(manifest), "scripts");
  for (const name of SCRIPTS) {
    const script = at(scripts, name);
    if (script === null || textOf(script) === null) continue;
    const [, install, run] = MANAGERS.find(([lock]) =>
      reading.tree.first(directory, [lock]) !== null
    ) ?? ["", "npm install", "npm run"];
    return {
      install,
      build: `${run} ${name}`,
      evidence: nodeEvidence(manifest, script),
    };
  }
  return null;
}
