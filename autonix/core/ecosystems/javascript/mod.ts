/**
 * JavaScript and TypeScript: a package is what a package.json, a deno.json or a
 * project.json of nx says.
 *
 * | concern                                   | file                            |
 * | ----------------------------------------- | ------------------------------- |
 * | which packages there are                  | `survey.ts`, `asides.ts`        |
 * | what belongs together                     | `workspaces.ts`, `nx.ts`, `listed.ts` |
 * | the manifest                              | `manifest.ts`                   |
 * | who installs                              | `package_manager.ts`            |
 * | which Node, Bun or Deno                   | `versions.ts`                   |
 * | JavaScript or TypeScript                  | `sources.ts`                    |
 * | frameworks                                | `framework_table.ts`, `frameworks.ts`, `plans.ts` |
 * | install, build, start, test               | `commands.ts`, `entry.ts`       |
 * | application, library or root              | `roles.ts`                      |
 * | ports                                     | `ports.ts`, `port_scan.ts`      |
 * | environment variables                     | `env_scan.ts`, `env_names.ts`, `node_config.ts` |
 * | libraries of the system                   | `native.ts`                     |
 * | Deno                                      | `deno.ts`, `deno_imports.ts`    |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { denoDrafts } from "./deno.ts";
import { isAside, withoutAsides } from "./asides.ts";
import { looseDrafts } from "./loose.ts";
import { listedDrafts } from "./listed.ts";
import { nxDrafts } from "./nx.ts";
import { packageDrafts } from "./packages.ts";
import { SOURCE_PATTERNS } from "./sources.ts";
import { surveyOf } from "./survey.ts";
import { workspaceOf } from "./workspaces.ts";

export const javascript: EcosystemDetector = {
  ecosystem: "javascript",
  reads: {
    manifests: [
      "package.json",
      "pnpm-workspace.yaml",
      "lerna.json",
      "rush.json",
      "nx.json",
      "nest-cli.json",
      "ecosystem.config.json",
      "ecosystem.json",
      "pm2.json",
      "process.json",
      "config/default.json",
      "config/default.yaml",
      "config/default.yml",
      "config/custom-environment-variables.json",
      "config/custom-environment-variables.yaml",
      "config/custom-environment-variables.yml",
      "project.json",
      "angular.json",
      "deno.json",
      "deno.jsonc",
      "import_map.json",
      "tsconfig.json",
      "tsconfig.*.json",
      ".nvmrc",
      ".node-version",
      ".npmrc",
      ".bun-version",
      ".dvmrc",
      ".deno-version",
      ...PIN_FILES,
      "*.config.ts",
      "*.config.js",
      "*.config.mjs",
      "*.config.mts",
      "*.config.cjs",
      "*.config.cts",
      "*.prisma",
    ],
    // The head of yarn.lock tells yarn 1 from its successors; a large one is not worth a word.
    sources: [...SOURCE_PATTERNS, "yarn.lock"],
  },
  detect: (reading) => {
    const survey = surveyOf(reading);
    const drafts = [
      ...packageDrafts(survey),
      ...nxDrafts(survey),
      ...listedDrafts(survey),
      ...denoDrafts(survey),
    ];
    return drafts.length > 0
      ? withoutAsides(
        reading,
        drafts,
        (path) => {
          const workspace = workspaceOf(path, survey.workspaces);
          // What documents are made of is no part of what they are about.
          return workspace !== null && !isAside(workspace.directory, false);
        },
      )
      : looseDrafts(survey);
  },
};
