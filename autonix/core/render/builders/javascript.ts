/**
 * Packages of npm, yarn, pnpm, bun and deno.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  because,
  fileEvidence,
  jsonOf,
  nearest,
  type RenderFacts,
} from "../facts.ts";
import { commentText } from "../nix_text.ts";
import {
  type Asked,
  type BuildLine,
  type BuildPlan,
  fetched,
  inSource,
  plan,
  unlocked,
  withBuilder,
} from "./plan.ts";

/** A manifest without dependencies needs no lock file and nothing fetched. */
function needsPackages(facts: RenderFacts, directory: string): boolean {
  const file = directory === "." ? "package.json" : `${directory}/package.json`;
  const manifest = jsonOf(facts, file);
  if (manifest === null) return false;
  return ["dependencies", "devDependencies", "workspaces"].some((key) => {
    const value = manifest[key];
    return typeof value === "object" && value !== null &&
      Object.keys(value).length > 0;
  });
}

export function npm({ application, facts, runtime }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, [
    "package-lock.json",
    "npm-shrinkwrap.json",
  ]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        [],
        "no package-lock.json: `npm install` writes one, then run procurator init again",
      )
      : plan(application.path);
  }
  const root = directoryOf(lock);
  const builder = [root, lock, "pkgs.buildNpmPackage"] as const;
  const why = needsOneHash(facts, root, lock);
  if (why !== null) {
    return withBuilder(...builder, `npm with a lock file ${why}`, [
      `nodejs = ${runtime};`,
      "npmDepsHash = hash;",
    ]);
  }
  return withBuilder(
    ...builder,
    "npm with a lock file: importNpmLock takes each package's hash from it",
    [
      `nodejs = ${runtime};`,
      "npmDeps = pkgs.importNpmLock { npmRoot = source; };",
      "npmConfigHook = pkgs.importNpmLock.npmConfigHook;",
    ],
  );
}

/** Why a lock file is none that importNpmLock reads; null where it is one. */
function needsOneHash(
  facts: RenderFacts,
  root: string,
  lock: string,
): string | null {
  if (lock.endsWith("npm-shrinkwrap.json")) {
    return "of the name importNpmLock does not look for";
  }
  const file = jsonOf(facts, lock);
  const packages = file?.["packages"];
  // Too large to be looked into, it is of a version that has them.
  if (file !== null && (typeof packages !== "object" || packages === null)) {
    return "of version 1, which has no list of packages";
  }
  const manifest = jsonOf(
    facts,
    root === "." ? "package.json" : `${root}/package.json`,
  );
  return manifest?.["workspaces"] === undefined
    ? null
    : "of workspaces, which importNpmLock would copy instead of link";
}

export function yarn({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["yarn.lock"]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        ["yarn"],
        "no yarn.lock: `yarn install` writes one, then run procurator init again",
      )
      : plan(application.path, { tools: ["yarn"] });
  }
  const root = directoryOf(lock);
  const yarnLock = inSource(root, lock);
  const berry = berryOf(facts.text(lock) ?? "");
  if (berry !== null) {
    const missing = joinPath(root, MISSING_HASHES);
    const isTold = missing !== null && facts.has(missing);
    const argument = isTold
      ? ` missingHashes = ${inSource(root, missing)};`
      : "";
    const told = withBuilder(
      root,
      lock,
      null,
      "a lock file of yarn 2 or later",
      [
        `offlineCache = pkgs.${berry}.fetchYarnBerryDeps { src = source; hash = hash;${argument} };`,
        `nativeBuildInputs = [ pkgs.${berry}.yarnBerryConfigHook ];`,
        ...isTold ? [`missingHashes = ${inSource(root, missing)};`] : [],
      ],
      { tools: [berry] },
    );
    if (isTold) return told;
    const why = because(
      `${lock} has no hashes of packages for other machines`,
      [fileEvidence(lock)],
    );
    return {
      ...told,
      arguments: [{
        text:
          `# where it says that hashes are missing: \`yarn-berry-fetcher missing-hashes yarn.lock > ${MISSING_HASHES}\`, then procurator init`,
        because: why,
      }, ...told.arguments],
    };
  }
  return withBuilder(
    root,
    lock,
    null,
    "a lock file of yarn 1",
    [
      `yarnOfflineCache = pkgs.fetchYarnDeps { yarnLock = ${yarnLock}; hash = hash; };`,
      "nativeBuildInputs = [ pkgs.yarnConfigHook ];",
    ],
    { tools: ["yarn"] },
  );
}

/** Where yarn's hashes of packages for other machines stand, as nixpkgs names it. */
const MISSING_HASHES = "missing-hashes.json";

/** Which yarn writes this lock file; null: the first. */
function berryOf(text: string): string | null {
  const head = text.slice(0, 10_000);
  if (!/^__metadata:/m.test(head)) return null;
  const version = Number(/^ {2}version: (\d{1,3})/m.exec(head)?.[1] ?? "8");
  return version >= 8 ? "yarn-berry_4" : "yarn-berry_3";
}

/** Which pnpm writes this lock file, where package.json does not say. */
function pnpmOf(facts: RenderFacts, lock: string): string {
  const manifest = joinPath(directoryOf(lock), "package.json");
  const told = manifest === null
    ? null
    : jsonOf(facts, manifest)?.["packageManager"];
  const asked = typeof told === "string"
    ? /^pnpm@(8|9|10)\./.exec(told)?.[1]
    : undefined;
  if (asked !== undefined) return `pnpm_${asked}`;
  const version = /^lockfileVersion:\s*['"]?(\d+)/m
    .exec((facts.text(lock) ?? "").slice(0, 1000))?.[1];
  return version === "6" ? "pnpm_8" : "pnpm_9";
}

export function pnpm({ application, facts }: Asked): BuildPlan {
  const lock = nearest(facts, application.path, ["pnpm-lock.yaml"]);
  if (lock === null) {
    return needsPackages(facts, application.path)
      ? unlocked(
        application.path,
        ["pnpm"],
        "no pnpm-lock.yaml: `pnpm install` writes one, then run procurator init again",
      )
      : plan(application.path, { tools: ["pnpm"] });
  }
  const own = pnpmOf(facts, lock);
  return withBuilder(
    directoryOf(lock),
    lock,
    null,
    "pnpm with a lock file",
    [
      `inherit (procurator.pnpmPackages { inherit pkgs source hash; pnpm = pkgs.${own}; }) pnpmDeps nativeBuildInputs;`,
    ],
    {
      tools: [own],
      // What package.json asks for is not fetched over the one that is there.
      environment: [
        ["npm_config_manage_package_manager_versions", "false"],
        ["pnpm_config_pm_on_fail", "ignore"],
      ],
    },
  );
}

/** Installed where the lock file is, as a folder of the application. */
export const bun = fetched({
  locks: ["bun.lock", "bun.lockb"],
  tools: () => ["pkgs.bun"],
  command: ({ facts }, lock) =>
    needsPackages(facts, directoryOf(lock))
      ? "bun install --frozen-lockfile --ignore-scripts"
      : null,
  folders: ["node_modules"],
  isAtRoot: true,
  rest: () => ({ tools: ["bun"] }),
});

/** Keys of a deno.lock that name something to fetch. */
const DENO_PACKAGES = ["specifiers", "jsr", "npm", "remote"];

function denoLines({ application, facts }: Asked): BuildLine[] {
  const file = nearest(facts, application.path, ["deno.json", "deno.jsonc"]);
  if (
    file === null || /"vendor"\s{0,9}:\s{0,9}true/.test(facts.text(file) ?? "")
  ) {
    return [];
  }
  const why =
    `${file} needs "vendor": true, or Deno looks for imports in its cache and not in vendor/`;
  return [{
    text: `# ${commentText(why)}`,
    because: because(why, [fileEvidence(file)]),
  }];
}

export const deno = fetched({
  locks: ["deno.lock"],
  tools: () => ["pkgs.deno"],
  command: ({ facts }, lock) => {
    const file = jsonOf(facts, lock);
    const isEmpty = file !== null &&
      !DENO_PACKAGES.some((key) => file[key] !== undefined);
    return isEmpty
      ? null
      : "deno install --frozen --node-modules-dir=auto --vendor=true";
  },
  folders: ["node_modules", "vendor"],
  isAtRoot: true,
  rest: (asked) => ({ tools: ["deno"], arguments: denoLines(asked) }),
});
