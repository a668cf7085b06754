/**
 * How a Ruby application is installed, built and tested.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { fileEvidence } from "../../reading.ts";
import { assetsOf, packagesOf } from "../shared/assets.ts";
import { fileOf, hasDirectory, uses } from "../shared/project.ts";
import type { Project } from "./project.ts";

/** What `assets:precompile` is for. */
const PIPELINES = [
  "sprockets-rails",
  "sprockets",
  "propshaft",
  "webpacker",
  "shakapacker",
  "vite_rails",
  "vite_ruby",
  "sass-rails",
  "sassc-rails",
  "dartsass-rails",
  "tailwindcss-rails",
  "importmap-rails",
  "uglifier",
  "jsbundling-rails",
  "cssbundling-rails",
];
/** Of those, what takes packages of package.json and runs their tools itself. */
const WITH_PACKAGES = [
  "webpacker",
  "shakapacker",
  "vite_rails",
  "vite_ruby",
  "jsbundling-rails",
  "cssbundling-rails",
];
/** Where Rails and those have sources of assets. */
const ASSETS = ["app/assets", "app/javascript", "app/frontend"];

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
  if (!ASSETS.some((name) => hasDirectory(project, name))) return false;
  const program = fileOf(project, "bin/rails") === null
    ? "bundle exec rails"
    : "bin/rails";
  const { reading, place } = project;
  const assets = assetsOf(reading, place.path) ??
    (uses(project, ...WITH_PACKAGES) === null
      ? null
      : packagesOf(reading, place.path));
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

/** Bridgetown's site with its frontend, which a task of its Rakefile builds together. */
function claimDeploy({ draft, reading, place }: Project): boolean {
  const rakefile = reading.tree.first(place.path, RAKEFILES);
  const packages = packagesOf(reading, place.path);
  const task = rakefile === null
    ? null
    : reading.match(rakefile, /^\s{0,8}task :?["']?deploy\b/);
  if (packages === null || task === null) return false;
  const command = `${packages.install} && bundle exec bridgetown deploy`;
  claim(draft, "build", command, "framework", [
    packages.evidence,
    task.evidence,
  ]);
  return true;
}

const RAKEFILES = ["Rakefile", "rakefile", "Rakefile.rb"];

/** Hanami's assets, which its own command builds with the packages that are there. */
function claimHanami(project: Project): boolean {
  const { draft, reading, place } = project;
  const gem = uses(project, "hanami-assets");
  const packages = packagesOf(reading, place.path);
  if (gem === null || packages === null) return false;
  const command = `${packages.install} && bundle exec hanami assets compile`;
  claim(draft, "build", command, "framework", [gem, packages.evidence]);
  return true;
}

export function claimBuild(project: Project): void {
  if (claimRailsBuild(project) || claimHanami(project)) return;
  const { draft, frameworks, reading, place } = project;
  const site = SITES.find(([name]) => frameworks.includes(name));
  if (site?.[0] === "bridgetown" && claimDeploy(project)) return;
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
  const { draft } = project;
  const config = fileOf(
    project,
    ".rspec",
    "spec/spec_helper.rb",
    "spec/rails_helper.rb",
  );
  const rspec = draft.dependencies.find(({ name }) =>
    /^(?:hanami-)?rspec(?:-rails)?$/.test(name)
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
  claimRake(project);
}

const MINITEST =
  /(?:Rake|Minitest)::TestTask\.(?:new|create)(?:[\s(]\s{0,4}:(\w{1,40}))?/;
/** Tasks that test, and what each is called where it says nothing else. */
const TASKS: readonly (readonly [RegExp, string])[] = [
  [MINITEST, "test"],
  [/RSpec::Core::RakeTask\.new(?:[\s(]\s{0,4}:(\w{1,40}))?/, "spec"],
  [/^\s{0,8}task[\s(]\s{0,4}:?["']?(test|spec)\b/, "test"],
];

function claimRake(project: Project): void {
  const rakefile = fileOf(project, ...RAKEFILES);
  if (rakefile === null) return;
  for (const { number, text } of project.reading.lines(rakefile)) {
    const line = text.slice(0, 500);
    for (const [pattern, usual] of TASKS) {
      const found = pattern.exec(line);
      if (found === null) continue;
      const command = `bundle exec rake ${found[1] ?? usual}`;
      const evidence = { file: rakefile, line: number };
      // Of the others a workflow's task says more.
      const source = pattern === MINITEST ? "task" : "framework";
      claim(project.draft, "test", command, source, evidence);
      return;
    }
  }
}
