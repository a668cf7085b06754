/**
 * How a PHP application is installed, built and tested.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { assetsOf } from "../shared/assets.ts";
import { fileOf, hasDirectory } from "../shared/project.ts";
import { type Project, scriptOf } from "./project.ts";

export function claimInstall(project: Project): void {
  const { draft, manifest, lock } = project;
  if (manifest === null) return;
  const evidence = fileEvidence(lock ?? manifest);
  claim(draft, "install", "composer install", "convention", evidence);
}

/** PHP is not built; the assets beside it are. */
export function claimBuild(project: Project): void {
  const { draft, reading, place } = project;
  const assets = assetsOf(reading, place.path);
  if (assets !== null) {
    const command = `${assets.install} && ${assets.build}`;
    claim(draft, "build", command, "manifest", assets.evidence);
    return;
  }
  const mapper = draft.dependencies.find(({ name }) =>
    name === "symfony/asset-mapper"
  );
  claim(
    draft,
    "build",
    mapper === undefined ? null : "php bin/console asset-map:compile",
    "framework",
    mapper?.evidence ?? null,
  );
}

/** Runners with a configuration of their own: package, file, command. */
const OTHER_RUNNERS: readonly (readonly [string, string, string])[] = [
  ["codeception/codeception", "codeception.yml", "vendor/bin/codecept run"],
  [
    "codeception/codeception",
    "codeception.dist.yml",
    "vendor/bin/codecept run",
  ],
  ["kahlan/kahlan", "kahlan-config.php", "vendor/bin/kahlan"],
];

/** `artisan test` came with Laravel 7. */
function hasArtisanTest({ draft }: Project): boolean {
  const version = draft.dependencies.find(({ name }) =>
    name === "laravel/framework"
  )?.version;
  const major = /^\D{0,4}(\d{1,3})\b/.exec(version ?? "")?.[1];
  return version !== undefined && (major === undefined || Number(major) >= 7);
}

export function claimTest(project: Project): void {
  const { draft, reading } = project;
  const script = scriptOf(project, "test");
  if (script !== null) {
    claim(draft, "test", "composer test", "manifest", script.evidence);
    return;
  }
  const dependency = (...names: string[]) =>
    draft.dependencies.find(({ name }) => names.includes(name))?.evidence ??
      null;
  for (const [name, file, command] of OTHER_RUNNERS) {
    const runner = fileOf(project, file);
    if (runner === null || dependency(name) === null) continue;
    claim(draft, "test", command, "framework", fileEvidence(runner));
    return;
  }
  const config = fileOf(
    project,
    "phpunit.xml",
    "phpunit.xml.dist",
    "phpunit.dist.xml",
  );
  const hasTests = config !== null || hasDirectory(project, "tests");
  const pest = dependency("pestphp/pest");
  const phpunit = dependency(
    "phpunit/phpunit",
    "symfony/phpunit-bridge",
    "symfony/test-pack",
  );
  const evidence = config === null ? pest ?? phpunit : fileEvidence(config);
  if (!hasTests || pest === null && phpunit === null) return;
  const isLaravel = hasArtisanTest(project) &&
    reading.tree.first(project.place.path, ["artisan"]) !== null;
  const command = isLaravel
    ? "php artisan test"
    : pest !== null
    ? "vendor/bin/pest"
    : fileOf(project, "bin/phpunit") !== null
    ? "php bin/phpunit"
    : "vendor/bin/phpunit";
  claim(draft, "test", command, "framework", evidence);
}
