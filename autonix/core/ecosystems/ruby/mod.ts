/**
 * Ruby: an application is what a Gemfile describes; a gemspec alone is a
 * library; a config.ru or loose sources are one where nothing else is.
 *
 * | file            | what                                        |
 * | --------------- | ------------------------------------------- |
 * | `gemfile.ts`    | Gemfile, gemspec, Gemfile.lock              |
 * | `project.ts`    | a directory with its files opened           |
 * | `frameworks.ts` | tables: frameworks, native libraries, tools |
 * | `start.ts`      | the ways to start, in order                 |
 * | `commands.ts`   | install, build, test                        |
 * | `variables.ts`  | ENV and ports in sources                    |
 * | `native.ts`     | libraries that gems need                    |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { claimPins, PIN_FILES, type Pinning } from "../shared/pins.ts";
import { type Place, placesOf, sourcesOf } from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimStart,
  fileOf,
  uses,
} from "../shared/project.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { claimBuild, claimInstall, claimTest } from "./commands.ts";
import { FRAMEWORKS, TOOLS } from "./frameworks.ts";
import { lockedRuby } from "./gemfile.ts";
import { claimLibraries } from "./native.ts";
import { manifestOf, openProject, type Project } from "./project.ts";
import { type Start, startOf } from "./start.ts";
import { PUMA, RUBY } from "./variables.ts";

const PINNING: Pinning = {
  files: [".ruby-version"],
  tools: ["ruby"],
  prefix: "ruby-",
};
/** Where they say what they listen on; the scan of others looks for other shapes. */
const SERVER_FILES = ["config/puma.rb", "puma.rb", "config/unicorn.rb"];
/** Templates in which Ruby stands. */
const TEMPLATES = [
  "config/database.yml",
  "config/cable.yml",
  "config/storage.yml",
  "config/sidekiq.yml",
  "config/redis.yml",
  "config/mongoid.yml",
  "config/secrets.yml",
  "config/application.yml",
];

const SITES = ["jekyll", "middleman", "bridgetown", "nanoc"];

function claimIdentity(project: Project): void {
  const { draft, gemfile, gemspec, lock } = project;
  const manifest = manifestOf(project);
  const source = gemfile === null && gemspec === null ? "source" : "manifest";
  claim(draft, "language", "ruby", source, manifest);
  if (gemspec?.name) {
    claimFound(draft, "name", gemspec.name);
    draft.provides.push(gemspec.name.value);
  }
  if (manifest !== null && source === "manifest") {
    claimManager(draft, { manager: "bundler", manifest, lock });
  }
}

function claimVersion(project: Project): void {
  const { draft, reading, gemfile, gemspec, lock } = project;
  claimPins(draft, reading, PINNING);
  claimFound(draft, "runtimeVersion", gemfile?.ruby ?? gemspec?.ruby ?? null);
  if (lock !== null) {
    claimFound(draft, "runtimeVersion", lockedRuby(reading, lock), "lock");
  }
}

function claimSources(project: Project): void {
  const { draft, reading, sources } = project;
  const servers = SERVER_FILES.flatMap((name) => fileOf(project, name) ?? []);
  scanFiles(draft, reading, servers, { syntax: PUMA, source: "config" });
  const files = [
    ...sources.own.filter((file) =>
      !servers.includes(file) && !file.endsWith("config/deploy.rb")
    ),
    ...["config.ru"].flatMap((name) => fileOf(project, name) ?? []),
  ];
  scanFiles(draft, reading, files, { syntax: RUBY });
  const templates = TEMPLATES.flatMap((name) => fileOf(project, name) ?? []);
  scanFiles(draft, reading, templates, { syntax: RUBY, source: "config" });
  const production = fileOf(project, "config/environments/production.rb");
  const key = production === null
    ? null
    : reading.match(production, /^\s{0,8}config\.require_master_key = true/);
  claim(
    draft,
    "env",
    key === null ? null : { name: "RAILS_MASTER_KEY", required: true },
    "config",
    key?.evidence ?? null,
  );
}

/** Everything in it ships or checks something else. */
function isTooling(project: Project, start: Start | null): boolean {
  const { draft, gemfile, gemspec } = project;
  return gemfile !== null && gemspec === null &&
    draft.dependencies.length > 0 &&
    draft.dependencies.every(({ name, isDev }) => isDev || TOOLS.has(name)) &&
    (start === null || start.source === "guess");
}

function weightOf(project: Project, start: Start | null): 1 | 2 | 3 {
  const isLoose = project.gemfile === null && project.gemspec === null;
  if (project.place.isAside || isTooling(project, start)) return 1;
  if (isLoose) return fileOf(project, "config.ru") === null ? 1 : 2;
  // The site about a program often lies beside it.
  const isSite = SITES.some((name) => project.frameworks.includes(name));
  return start !== null && start.source !== "guess" && !isSite ? 3 : 2;
}

function readProject(project: Project): Draft {
  const { draft } = project;
  claimIdentity(project);
  claimVersion(project);
  project.frameworks = claimFrameworks(draft, FRAMEWORKS);
  const start = startOf(project);
  draft.weight = weightOf(project, start);
  if (start === null && project.gemspec !== null) draft.role = "library";
  claimStart(draft, start);
  claim(
    draft,
    "port",
    start?.port ?? null,
    start?.portEvidence === undefined ? "framework" : "config",
    start?.portEvidence ?? start?.evidence ?? null,
  );
  claimInstall(project);
  claimBuild(project);
  claimTest(project);
  claimSources(project);
  claimLibraries(project);
  const web = uses(project, "rails", "sinatra", "hanami", "roda", "grape");
  if (start === null && draft.role === "application" && web !== null) {
    project.reading.report({
      path: web.file,
      what: "start command",
      why:
        "a web framework is used, but no config.ru or file that runs it was found",
    });
  }
  return draft;
}

/** Directories with loose Ruby that looks like something to start. */
function loosePlaces(reading: Reading): Place[] {
  const { tree } = reading;
  const named = ["main.rb", "app.rb", "server.rb", "bot.rb", "config.ru"]
    .flatMap((name) => tree.named(name));
  const atRoot = tree.filesIn(".").filter((name) => name.endsWith(".rb"));
  const files = [...named, ...atRoot.length === 1 ? atRoot : []]
    .filter((file) => directoryOf(file).split("/").length < 3);
  return placesOf(reading, files).filter((place) => !place.isAside);
}

function detect(reading: Reading): Draft[] {
  const { tree } = reading;
  const manifests = [
    ...tree.named("Gemfile"),
    ...tree.named("gems.rb"),
    ...tree.withExtension("gemspec"),
  ];
  const described = placesOf(reading, manifests);
  const places = manifests.length > 0 ? described : loosePlaces(reading);
  const sources = sourcesOf(reading, places, {
    extensions: ["rb"],
    isTest: /(?:_test|_spec|^test_[\w-]{1,80})\.rb$/,
  });
  return places.map((place) =>
    readProject(openProject(reading, place, sources(place.path)))
  );
}

export const ruby: EcosystemDetector = {
  ecosystem: "ruby",
  reads: {
    manifests: [
      "Gemfile",
      "gems.rb",
      "Gemfile.lock",
      "gems.locked",
      "*.gemspec",
      ".ruby-version",
      ...PIN_FILES,
      "config.ru",
      "Rakefile",
      "rakefile",
      "_config.yml",
      "config/puma.rb",
      "config/unicorn.rb",
      ...TEMPLATES,
      "package.json",
    ],
    sources: ["*.rb"],
  },
  detect,
};
