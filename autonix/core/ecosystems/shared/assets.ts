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

function managerOf(reading: Reading, directory: string) {
  return MANAGERS.find(([lock]) =>
    reading.tree.first(directory, [lock]) !== null
  ) ?? ["", "npm install", "npm run"] as const;
}

/** How packages are installed that another language's tool builds assets with. */
export function packagesOf(
  reading: Reading,
  directory: string,
): Pick<Assets, "install" | "evidence"> | null {
  const manifest = reading.tree.first(directory, ["package.json"]);
  if (manifest === null) return null;
  const root = reading.json(manifest);
  const named = at(root, "dependencies") ?? at(root, "devDependencies");
  if (named === null) return null;
  const [, install] = managerOf(reading, directory);
  return { install, evidence: nodeEvidence(manifest, named) };
}

/** How the assets of a directory are built; null where nothing builds any. */
export function assetsOf(reading: Reading, directory: string): Assets | null {
  const manifest = reading.tree.first(directory, ["package.json"]);
  if (manifest === null) return null;
  const scripts = at(reading.json(manifest), "scripts");
  for (const name of SCRIPTS) {
    const script = at(scripts, name);
    if (script === null || textOf(script) === null) continue;
    const [, install, run] = managerOf(reading, directory);
    return {
      install,
      build: `${run} ${name}`,
      evidence: nodeEvidence(manifest, script),
    };
  }
  return null;
}
