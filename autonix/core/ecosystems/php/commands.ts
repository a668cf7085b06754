/**
 * How a PHP application is installed, built and tested.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { assetsOf } from "../shared/assets.ts";
import { fileOf, hasDirectory, type Project, scriptOf } from "./project.ts";

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
  const isLaravel = project.frameworks.includes("laravel") &&
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
