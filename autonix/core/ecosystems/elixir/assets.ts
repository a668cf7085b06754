/**
 * Assets of Phoenix: the alias `assets.deploy`, or a package of npm whose
 * script builds them, as it was before 1.6.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Draft } from "../../draft.ts";
import { at, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import type { Mixfile } from "./mixfile.ts";

/** By lockfile in `assets`: how packages are installed, how a script is run. */
const MANAGERS: readonly (readonly [string, string, string])[] = [
  ["package-lock.json", "npm ci --prefix assets", "npm run --prefix assets"],
  [
    "yarn.lock",
    "yarn --cwd assets install --frozen-lockfile",
    "yarn --cwd assets",
  ],
  [
    "pnpm-lock.yaml",
    "pnpm -C assets install --frozen-lockfile",
    "pnpm -C assets run",
  ],
  ["bun.lock", "bun install --cwd assets", "bun run --cwd assets"],
  ["bun.lockb", "bun install --cwd assets", "bun run --cwd assets"],
];
const NPM = ["npm install --prefix assets", "npm run --prefix assets"] as const;
/** What generators and people call the script for production. */
const SCRIPTS: readonly string[] = ["deploy", "build"];

/** The steps that build assets, and where it stands. */
export interface Assets {
  steps: string[];
  evidence: Evidence;
}

/** How the assets of an application are built; `mix` is called with what stands before it. */
export function assetsOf(
  reading: Reading,
  draft: Draft,
  of: { mixfile: Mixfile; mix: string },
): Assets | null {
  const { mixfile, mix } = of;
  const manifest = reading.tree.first(draft.path, ["assets/package.json"]);
  const [, install, run] =
    MANAGERS.find(([lock]) =>
      reading.tree.first(draft.path, [`assets/${lock}`]) !== null
    ) ?? ["", ...NPM];
  if (mixfile.assets !== null) {
    return {
      steps: [
        ...manifest === null ? [] : [install],
        `${mix} assets.deploy`,
      ],
      evidence: mixfile.assets,
    };
  }
  const phoenix = draft.dependencies.find(({ name }) => name === "phoenix");
  if (manifest === null || phoenix === undefined) return null;
  const scripts = at(reading.json(manifest), "scripts");
  for (const name of SCRIPTS) {
    const script = at(scripts, name);
    if (script === null || textOf(script) === null) continue;
    return {
      steps: [install, `${run} ${name}`, `${mix} phx.digest`],
      evidence: nodeEvidence(manifest, script),
    };
  }
  return null;
}
