/**
 * How a Ruby application is installed, built and tested.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { assetsOf } from "../shared/assets.ts";
import { fileOf, hasDirectory, type Project, uses } from "./project.ts";

/** What `assets:precompile` is for; those of the last line run the script of package.json themselves. */
const PIPELINES = [
  "sprockets-rails",
  "sprockets",
  "propshaft",
  "webpacker",
  "shakapacker",
  "vite_rails",
  "sass-rails",
  "sassc-rails",
  "dartsass-rails",
  "tailwindcss-rails",
  "importmap-rails",
  "uglifier",
  "jsbundling-rails",
  "cssbundling-rails",
];
/** Generators of sites, and how each builds. */
const SITES: readonly (readonly [string, string])[] = [
  ["jekyll", "bundle exec jekyll build"],
  ["middleman", "bundle exec middleman build"],
  ["bridgetown", "bundle exec bridgetown build"],
  ["nanoc", "bundle exec nanoc compile"],
];

export function claimInstall(project: Project): void {
  const { draft, gemfile, gemspec, lock } = project;
  const manifest = gemfile?.file ?? gemspec?.file ?? null;
  if (manifest === null) return;
  const evidence = fileEvidence(lock ?? manifest);
  claim(draft, "install", "bundle install", "convention", evidence);
}

function claimRailsBuild(project: Project): boolean {
  const pipeline = uses(project, ...PIPELINES);
  const isRails = project.frameworks.includes("rails");
  if (!isRails || pipeline === null) return false;
  if (
    !hasDirectory(project, "app/assets") &&
    !hasDirectory(project, "app/javascript")
  ) {
    return false;
  }
  const program = fileOf(project, "bin/rails") === null
    ? "bundle exec rails"
    : "bin/rails";
  const assets = assetsOf(project.reading, project.place.path);
  const before = assets === null ? "" : `${assets.install} && `;
  claim(
    project.draft,
    "build",
    `${before}${program} assets:precompile`,
    "framework",
    assets === null ? pipeline : [pipeline, assets.evidence],
  );
  return true;
}

export function claimBuild(project: Project): void {
  if (claimRailsBuild(project)) return;
  const { draft, frameworks, reading, place } = project;
  const site = SITES.find(([name]) => frameworks.includes(name));
  if (site !== undefined) {
    const evidence = uses(project, site[0], "github-pages");
    claim(draft, "build", site[1], "framework", evidence);
    return;
  }
  const assets = assetsOf(reading, place.path);
  if (assets === null) return;
  const command = `${assets.install} && ${assets.build}`;
  claim(draft, "build", command, "manifest", assets.evidence);
}

export function claimTest(project: Project): void {
  const { draft, reading } = project;
  const config = fileOf(
    project,
    ".rspec",
    "spec/spec_helper.rb",
    "spec/rails_helper.rb",
  );
  const rspec = draft.dependencies.find(({ name }) =>
    /^rspec(?:-rails)?$/.test(name)
  );
  if (
    rspec !== undefined && (config !== null || hasDirectory(project, "spec"))
  ) {
    const evidence = config === null ? rspec.evidence : fileEvidence(config);
    claim(draft, "test", "bundle exec rspec", "framework", evidence);
    return;
  }
  const helper = fileOf(project, "test/test_helper.rb");
  if (project.frameworks.includes("rails") && helper !== null) {
    const command = fileOf(project, "bin/rails") === null
      ? "bundle exec rails test"
      : "bin/rails test";
    claim(draft, "test", command, "framework", fileEvidence(helper));
    return;
  }
  const rakefile = fileOf(project, "Rakefile");
  if (rakefile === null) return;
  const task = reading.match(
    rakefile,
    /(?:Rake::TestTask|Minitest::TestTask)/,
  );
  claim(
    draft,
    "test",
    task === null ? null : "bundle exec rake test",
    "task",
    task?.evidence ?? null,
  );
}
