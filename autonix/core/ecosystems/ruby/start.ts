/**
 * How a Ruby application is started.
 *
 * In this order: what its framework brings (`bin/rails server`, which reads
 * config/puma.rb itself), what serves its config.ru (puma, unicorn, thin,
 * falcon, else rackup), Sinatra's own server, a worker, an entry file.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { relativeTo } from "../shared/owners.ts";
import { fileOf, uses } from "../shared/project.ts";
import type { Project } from "./project.ts";

export interface Start {
  command: string;
  source: Source;
  evidence: Evidence;
  /** Where nothing says another. */
  port: number | null;
  /** Of configuration that says it. */
  portEvidence?: Evidence;
}

/** Rack servers in the order they are preferred, and how each is called. */
const SERVERS: readonly (readonly [string, string, string, number])[] = [
  ["puma", "config/puma.rb", "bundle exec puma", 9292],
  [
    "falcon",
    "falcon.rb",
    "bundle exec falcon serve -b http://0.0.0.0:9292",
    9292,
  ],
  ["unicorn", "config/unicorn.rb", "bundle exec unicorn", 8080],
  ["thin", "config/thin.yml", "bundle exec thin start -a 0.0.0.0", 3000],
  ["iodine", "config/iodine.rb", "bundle exec iodine", 3000],
];
/** How each of them is told its file. */
const CONFIGURED: ReadonlyMap<string, string> = new Map([
  ["puma", "-C"],
  ["unicorn", "-c"],
  ["thin", "-C"],
]);

/** What makes a directory an application of Rails; an engine has bin/rails too. */
const RAILS_APPLICATION = ["config/application.rb", "config/environment.rb"];

function rails(project: Project): Start | null {
  const gem = uses(project, "rails", "railties");
  const found = fileOf(project, ...RAILS_APPLICATION);
  if (gem === null || found === null) return null;
  const program = fileOf(project, "bin/rails");
  return {
    command: program === null
      ? "bundle exec rails server -b 0.0.0.0"
      : "bin/rails server -b 0.0.0.0",
    source: "framework",
    evidence: fileEvidence(program ?? found),
    port: 3000,
  };
}

/** Sites that are generated, and Hanami, which has a server of its own. */
const OWN_SERVER: readonly (readonly [string, string, number])[] = [
  ["hanami", "bundle exec hanami server --host=0.0.0.0", 2300],
  [
    "bridgetown",
    "bundle exec bridgetown start --bind tcp://0.0.0.0:4000",
    4000,
  ],
  ["jekyll", "bundle exec jekyll serve --host 0.0.0.0", 4000],
  ["middleman", "bundle exec middleman server --bind-address=0.0.0.0", 4567],
  ["nanoc", "bundle exec nanoc view --host 0.0.0.0", 3000],
];

/** `port: 4001` of _config.yml. */
function jekyllPort(
  { reading, place }: Project,
): { port: number; evidence: Evidence } | null {
  const file = reading.tree.first(place.path, ["_config.yml"]);
  const found = file === null
    ? null
    : reading.match(file, /^port:\s{0,8}["']?(\d{2,5})\b/);
  return found === null
    ? null
    : { port: Number(found.value), evidence: found.evidence };
}

function ownServer(project: Project): Start | null {
  for (const [framework, command, port] of OWN_SERVER) {
    if (!project.frameworks.includes(framework)) continue;
    const names = framework === "jekyll"
      ? ["jekyll", "github-pages"]
      : [framework];
    const evidence = uses(project, ...names);
    if (evidence === null) continue;
    const said = framework === "jekyll" ? jekyllPort(project) : null;
    return {
      command,
      source: "framework",
      evidence,
      port: said?.port ?? port,
      ...said === null ? {} : { portEvidence: said.evidence },
    };
  }
  return null;
}

function rackServer(project: Project): Start | null {
  const rack = fileOf(project, "config.ru");
  if (rack === null) return null;
  const evidence = [fileEvidence(rack)];
  for (const [gem, file, command, port] of SERVERS) {
    const used = uses(project, gem);
    if (used === null) continue;
    const option = CONFIGURED.get(gem);
    const config = fileOf(project, file);
    return {
      command: config !== null && option !== undefined
        ? `${command} ${option} ${file}`
        : command,
      source: "config",
      evidence: evidence[0] ?? used,
      port,
    };
  }
  return {
    command: project.gemfile === null
      ? "rackup --host 0.0.0.0"
      : "bundle exec rackup --host 0.0.0.0",
    source: "config",
    evidence: fileEvidence(rack),
    port: 9292,
  };
}

/** Names of files that start something, in order. */
const ENTRIES: readonly string[] = [
  "main.rb",
  "app.rb",
  "server.rb",
  "application.rb",
  "bot.rb",
  "run.rb",
  "start.rb",
  "index.rb",
  "web.rb",
  "worker.rb",
  "bin/server",
  "bin/start",
  "bin/bot",
  "bin/main.rb",
  "lib/main.rb",
  "src/main.rb",
  "src/app.rb",
];

function ruby(project: Project, file: string): string {
  const word = shellWord(file);
  return project.gemfile === null ? `ruby ${word}` : `bundle exec ruby ${word}`;
}

/** A classic or modular application that serves itself when it is run. */
function sinatra(project: Project): Start | null {
  const { reading, place, sources } = project;
  const own = sources.own.filter((path) =>
    /^\s{0,8}require\s{1,4}["']sinatra["']|^\s{0,8}run!/m.test(
      reading.tree.text(path) ?? "",
    )
  );
  const entry =
    ENTRIES.map((name) =>
      own.find((path) => relativeTo(place.path, path) === name)
    )
      .find((path) => path !== undefined) ?? own[0];
  if (entry === undefined) return null;
  const text = reading.tree.text(entry) ?? "";
  // A modular one takes no options: what it binds is what it sets.
  const isClassic = /^\s{0,8}require\s{1,4}["']sinatra["']/m.test(text);
  const isBound = /:bind\b|0\.0\.0\.0/.test(text);
  return {
    command: `${ruby(project, relativeTo(place.path, entry))}${
      isClassic && !isBound ? " -o 0.0.0.0" : ""
    }`,
    source: "source",
    evidence: fileEvidence(entry),
    port: 4567,
  };
}

function worker(project: Project): Start | null {
  const gem = uses(project, "sidekiq");
  if (gem === null || project.place.isAside) return null;
  const config = fileOf(project, "config/sidekiq.yml");
  const entry = fileOf(project, ...ENTRIES, "config/environment.rb", "boot.rb");
  if (entry === null) return null;
  const options = [
    ...config === null ? [] : ["-C config/sidekiq.yml"],
    `-r ./${relativeTo(project.place.path, entry)}`,
  ];
  return {
    command: `bundle exec sidekiq ${options.join(" ")}`,
    source: "framework",
    evidence: gem,
    port: null,
  };
}

/** Programs in `bin` that are there for whoever works on it. */
const TOOLS_IN_BIN = new Set([
  "setup",
  "console",
  "bundle",
  "rake",
  "rails",
  "rspec",
  "rubocop",
  "spring",
  "update",
  "test",
  "lint",
  "dev",
  "ci",
]);

/** The one program of its own in `bin`. */
function binProgram(project: Project): Start | null {
  const { reading, place } = project;
  const directory = joinPath(place.path, "bin");
  if (directory === null || project.gemfile === null) return null;
  const programs = reading.tree.filesIn(directory).flatMap((name) => {
    const file = joinPath(directory, name) ?? name;
    const [first] = reading.lines(file);
    return !TOOLS_IN_BIN.has(name) &&
        /^#!.{0,60}\bruby\b/.test(first?.text ?? "")
      ? [file]
      : [];
  });
  const [program] = programs;
  return program === undefined || programs.length > 1 ? null : {
    command: `bundle exec ${shellWord(relativeTo(place.path, program))}`,
    source: "convention",
    evidence: fileEvidence(program),
    port: null,
  };
}

function entryFile(project: Project): Start | null {
  const { place, sources } = project;
  const named = fileOf(project, ...ENTRIES);
  const atTop = sources.own.filter((path) =>
    !relativeTo(place.path, path).includes("/")
  );
  const only = project.gemspec === null && atTop.length === 1 ? atTop[0] : null;
  const entry = named ?? only ?? null;
  if (entry === null) return binProgram(project);
  const isAlone = named === null;
  return {
    command: ruby(project, relativeTo(place.path, entry)),
    source: isAlone ? "guess" : "convention",
    evidence: fileEvidence(entry),
    port: null,
  };
}

/** The program of a gem: `exe/NAME`, `bin/NAME`. */
function gemProgram(project: Project): Start | null {
  const name = project.gemspec?.name?.value;
  if (name === undefined || !project.gemspec?.hasPrograms) return null;
  const program = fileOf(project, `exe/${name}`, `bin/${name}`);
  return program === null ? null : {
    command: `bundle exec ${
      shellWord(relativeTo(project.place.path, program))
    }`,
    source: "manifest",
    evidence: fileEvidence(program),
    port: null,
  };
}

export function startOf(project: Project): Start | null {
  // A gem that others mount brings a config.ru for its own tests.
  const isGem = project.gemspec !== null &&
    project.gemfile?.isOfGemspec !== false &&
    fileOf(project, ...RAILS_APPLICATION, "config/app.rb") === null;
  if (isGem) return gemProgram(project);
  return rails(project) ?? ownServer(project) ?? rackServer(project) ??
    (uses(project, "sinatra") === null ? null : sinatra(project)) ??
    worker(project) ?? entryFile(project);
}
