/**
 * Assets of Phoenix: the alias `assets.deploy`, or a package of npm whose
 * script builds them, as it was before 1.6.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { dependencyOf, type Draft } from "../../draft.ts";
import { at, textOf } from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import type { Mixfile } from "./mixfile.ts";

/** By lockfile: how packages are installed, how a script is run, `@` being where. */
const MANAGERS: readonly (readonly [string, string, string, string])[] = [
  ["package-lock.json", "--prefix", "npm ci@", "npm run@"],
  [
    "yarn.lock",
    "--cwd",
    "yarn@ install --frozen-lockfile",
    "yarn@",
  ],
  ["pnpm-lock.yaml", "-C", "pnpm@ install --frozen-lockfile", "pnpm@ run"],
  ["bun.lock", "--cwd", "bun install@", "bun run@"],
  ["bun.lockb", "--cwd", "bun install@", "bun run@"],
];
const NPM = ["", "--prefix", "npm install@", "npm run@"] as const;
/** Where packages are asked for: before Phoenix 1.3 beside mix.exs. */
const DIRECTORIES: readonly string[] = ["assets", "."];
/** What generators and people call the script for production. */
const SCRIPTS: readonly string[] = ["deploy", "build"];

/** The steps that build assets, and where it stands. */
export interface Assets {
  steps: string[];
  evidence: Evidence;
}

/** Before 1.3 its tasks had another name. */
export function phoenixTask(draft: Draft, task: string): string {
  const version = dependencyOf(draft, "phoenix")?.version ?? "";
  return `${
    /^~> (?:0|1\.[0-2])(?:\.|$)/.test(version) ? "phoenix" : "phx"
  }.${task}`;
}

interface Packages {
  install: string;
  run: string;
  manifest: string;
}

function packagesOf(reading: Reading, path: string): Packages | null {
  for (const directory of DIRECTORIES) {
    const fileOf = (name: string) =>
      reading.tree.first(path, [
        directory === "." ? name : `${directory}/${name}`,
      ]);
    const manifest = fileOf("package.json");
    if (manifest === null) continue;
    const [, flag, install, run] = MANAGERS.find(([lock]) =>
      fileOf(lock) !== null
    ) ?? NPM;
    const where = directory === "." ? "" : ` ${flag} ${directory}`;
    return {
      install: install.replace("@", where),
      run: run.replace("@", where),
      manifest,
    };
  }
  return null;
}

/** How the assets of an application are built; `mix` is called with what stands before it. */
export function assetsOf(
  reading: Reading,
  draft: Draft,
  of: { mixfile: Mixfile; mix: string },
): Assets | null {
  const { mixfile, mix } = of;
  const packages = packagesOf(reading, draft.path);
  if (mixfile.assets !== null) {
    return {
      steps: [
        ...packages === null ? [] : [packages.install],
        `${mix} assets.deploy`,
      ],
      evidence: mixfile.assets,
    };
  }
  if (packages === null || dependencyOf(draft, "phoenix") === null) return null;
  const scripts = at(reading.json(packages.manifest), "scripts");
  for (const name of SCRIPTS) {
    const script = at(scripts, name);
    if (script === null || textOf(script) === null) continue;
    return {
      steps: [
        packages.install,
        `${packages.run} ${name}`,
        `${mix} ${phoenixTask(draft, "digest")}`,
      ],
      evidence: nodeEvidence(packages.manifest, script),
    };
  }
  return null;
}
