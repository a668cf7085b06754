/**
 * Elixir: an application is what a mix.exs describes; an umbrella's root holds
 * those below `apps_path` together.
 *
 * | file           | what                                    |
 * | -------------- | --------------------------------------- |
 * | `mixfile.ts`   | what a mix.exs says                     |
 * | `commands.ts`  | `mix phx.server`, escripts, builds      |
 * | `releases.ts`  | of mix, of Distillery                   |
 * | `assets.ts`    | what Phoenix serves                     |
 * | `umbrella.ts`  | what its members share, and what starts |
 * | `loose.ts`     | scripts without a project               |
 * | `variables.ts` | `System.get_env` and ports              |
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import {
  claimPins,
  cleanVersion,
  lineReader,
  PIN_FILES,
  type Pinning,
} from "../shared/pins.ts";
import { type Place, readProjects, type Sources } from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimNative,
  claimStart,
  type FrameworkTable,
  type NativeTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { claimCommands, type Project, startOf } from "./commands.ts";
import { looseDrafts, SCRIPTS } from "./loose.ts";
import { readMixfile } from "./mixfile.ts";
import { releaseOf } from "./releases.ts";
import {
  claimParts,
  configOf,
  shareConfiguration,
  umbrellaAbove,
} from "./umbrella.ts";
import { ELIXIR_CONFIG, ELIXIR_SOURCE } from "./variables.ts";

/** Heroku's and Gigalixir's builds read it. */
const BUILDPACK = "elixir_buildpack.config";
const PINNING: Pinning = {
  files: [".elixir-version"],
  tools: ["elixir"],
  others: [[
    BUILDPACK,
    lineReader(cleanVersion, /^\s{0,8}elixir_version\s{0,4}=\s{0,4}(\S{1,60})/),
  ]],
};

const FRAMEWORKS: FrameworkTable = [
  ["phoenix", "phoenix"],
  ["ash", "ash"],
  ["plug", "plug_cowboy", "plug", "bandit"],
  ["nerves", "nerves"],
  [
    "broadway",
    "broadway",
    "broadway_rabbitmq",
    "broadway_kafka",
    "broadway_sqs",
    "broadway_cloud_pub_sub",
  ],
];
/** What those before it stand on. */
const BELOW: ReadonlySet<string> = new Set(["plug"]);
const NATIVE: NativeTable = new Map([
  ["vix", ["vips"]],
  ["image", ["vips"]],
  ["mogrify", ["imagemagick"]],
  ["ffmpex", ["ffmpeg"]],
  ["xav", ["ffmpeg"]],
  ["evision", ["opencv"]],
  ["pdf_generator", ["wkhtmltopdf"]],
  ["chromic_pdf", ["chromium"]],
  ["ex_libsodium", ["libsodium"]],
  ["enacl", ["libsodium"]],
  ["libsodium", ["libsodium"]],
]);
/** What Phoenix listens on unless told otherwise. */
const PHOENIX_PORT = 4000;

function claimSources(project: Project, sources: Sources): void {
  const { draft, reading } = project;
  const config = configOf(reading, draft.path);
  scanFiles(draft, reading, config, {
    syntax: ELIXIR_CONFIG,
    source: "config",
  });
  const own = sources.own.filter((file) =>
    !file.endsWith("/mix.exs") && file !== "mix.exs"
  );
  const lib = own.filter((file) => !file.endsWith(".exs"));
  scanFiles(draft, reading, lib, { syntax: ELIXIR_SOURCE });
}

/** A port of Phoenix, and a word on firmware, which has no start. */
function claimServing(
  { draft, reading, mixfile, frameworks }: Project,
  start: { evidence: Evidence } | null,
): void {
  if (start !== null && frameworks.includes("phoenix")) {
    claim(draft, "port", PHOENIX_PORT, "framework", start.evidence);
  }
  if (frameworks.includes("nerves")) {
    reading.report({
      path: mixfile.file,
      what: "start command",
      why: "Nerves builds firmware for a device, not a server",
    });
  }
}

function readProject(reading: Reading, place: Place, sources: Sources): Draft {
  const { path } = place;
  const draft = draftOf({
    path,
    ecosystem: "elixir",
    role: "application",
    weight: 2,
  });
  const file = joinPath(path, "mix.exs") ?? "mix.exs";
  const mixfile = readMixfile(reading, file, path);
  draft.dependencies.push(...mixfile.dependencies);
  draft.links.push(...mixfile.links);
  if (mixfile.app !== null) draft.provides.push(mixfile.app.value);
  const umbrella = umbrellaAbove(reading, path);
  const lock = reading.tree.first(path, ["mix.lock"]) ??
    (umbrella === null ? null : reading.tree.first(umbrella, ["mix.lock"]));
  const manifest = fileEvidence(file);
  claim(draft, "language", "elixir", "manifest", manifest);
  const [named] = mixfile.releases;
  claimFound(draft, "name", mixfile.app ?? named ?? null);
  claimManager(draft, { manager: "mix", manifest, lock });
  claimPins(draft, reading, PINNING);
  claimFound(draft, "runtimeVersion", mixfile.elixir);
  const frameworks = claimFrameworks(draft, FRAMEWORKS, BELOW);
  claimNative(draft, NATIVE);
  const release = releaseOf(reading, {
    draft,
    mixfile,
    isPhoenix: frameworks.includes("phoenix"),
  });
  const project: Project = { reading, draft, mixfile, frameworks, release };
  const start = startOf(project);
  claimStart(draft, start);
  claimServing(project, start);
  claimCommands(project, lock);
  claimSources(project, sources);
  if (mixfile.appsPath !== null) draft.role = "root";
  else if (start === null) draft.role = "library";
  draft.weight = weightOf(draft, place);
  return draft;
}

function detect(reading: Reading): Draft[] {
  const drafts = readProjects(reading, {
    manifest: "mix.exs",
    extensions: ["ex", "exs"],
    isTest: /_test\.exs$/,
  }, readProject);
  if (drafts.length === 0) return looseDrafts(reading);
  shareConfiguration(reading, drafts);
  claimParts(reading, drafts);
  return drafts;
}

export const elixir: EcosystemDetector = {
  ecosystem: "elixir",
  reads: {
    manifests: [
      "mix.exs",
      ".elixir-version",
      BUILDPACK,
      ...PIN_FILES,
      "config/*.exs",
      "rel/config.exs",
    ],
    sources: ["*.ex", ...SCRIPTS],
  },
  detect,
};
