/**
 * Packages of npm, yarn, pnpm, bun and deno.
 *
 * @module
 */
import { directoryOf } from "../../file_tree.ts";
import { jsonOf, nearest, type RenderFacts } from "../facts.ts";
import { nixString } from "../nix_text.ts";
import {
  type Asked,
  type Builder,
  type BuildPlan,
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
  return withBuilder(
    root,
    lock,
    "pkgs.buildNpmPackage",
    "npm with a lock file: importNpmLock takes each package's hash from it",
    [
      `nodejs = ${runtime};`,
      "npmDeps = pkgs.importNpmLock { npmRoot = source; };",
      "npmConfigHook = pkgs.importNpmLock.npmConfigHook;",
    ],
  );
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
  const isBerry = /^__metadata:/m.test(
    (facts.text(lock) ?? "").slice(0, 10_000),
  );
  const yarnLock = inSource(root, lock);
  if (isBerry) {
    return withBuilder(
      root,
      lock,
      "pkgs.stdenv.mkDerivation",
      "a lock file of yarn 2 or later",
      [
        `offlineCache = pkgs.yarn-berry.fetchYarnBerryDeps { src = source; hash = hash; };`,
        "nativeBuildInputs = [ pkgs.yarn-berry.yarnBerryConfigHook ];",
      ],
      { tools: ["yarn-berry"] },
    );
  }
  return withBuilder(
    root,
    lock,
    "pkgs.stdenv.mkDerivation",
    "a lock file of yarn 1",
    [
      `yarnOfflineCache = pkgs.fetchYarnDeps { yarnLock = ${yarnLock}; hash = hash; };`,
      "nativeBuildInputs = [ pkgs.yarnConfigHook ];",
    ],
    { tools: ["yarn"] },
  );
}

/** Which pnpm writes this lock file. */
function pnpmOf(text: string): string {
  const version = /^lockfileVersion:\s*['"]?(\d+)/m.exec(text.slice(0, 1000))
    ?.[1];
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
  const own = pnpmOf(facts.text(lock) ?? "");
  return withBuilder(
    directoryOf(lock),
    lock,
    "pkgs.stdenv.mkDerivation",
    "pnpm with a lock file",
    [
      `pnpmDeps = pkgs.${own}.fetchDeps { pname = "packages"; version = "0"; src = source; hash = hash; };`,
      `nativeBuildInputs = [ pkgs.${own}.configHook ];`,
    ],
    { tools: [own] },
  );
}

/** Packages are installed by the manager itself into an output whose hash is known. */
export function fetched(
  locks: readonly string[],
  tools: readonly string[],
  install: string,
  directory: string,
): Builder {
  return ({ application, facts }) => {
    const lock = nearest(facts, application.path, locks);
    if (lock === null) return plan(application.path, { tools });
    const root = directoryOf(lock);
    const packages = tools.map((tool) => `pkgs.${tool}`).join(" ");
    return withBuilder(
      root,
      lock,
      "pkgs.stdenv.mkDerivation",
      `nixpkgs has no builder for it: \`${install}\` runs in a derivation of its own, whose output has a known hash`,
      [
        `packages = pkgs.stdenvNoCC.mkDerivation { name = "packages"; src = source; nativeBuildInputs = [ ${packages} ]; buildPhase = ${
          nixString(`export HOME=$TMPDIR; ${install}`)
        }; installPhase = ${
          nixString(`cp -R ${directory} $out`)
        }; dontFixup = true; outputHashMode = "recursive"; outputHash = hash; };`,
        `preBuild = ${
          nixString(`cp -R $packages ${directory}; chmod -R u+w ${directory}`)
        };`,
      ],
      { tools },
    );
  };
}
