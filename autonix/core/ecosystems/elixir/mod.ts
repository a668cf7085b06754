/**
 * Elixir: an application is what a mix.exs describes; an umbrella's root holds
 * those below `apps_path` together.
 *
 * | file           | what                                    |
 * | -------------- | --------------------------------------- |
 * | `mixfile.ts`   | what a mix.exs says                     |
 * | `commands.ts`  | releases, `mix phx.server`, escripts    |
 * | `variables.ts` | `System.get_env` and ports              |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { claimPins, PIN_FILES } from "../shared/pins.ts";
import { type Place, readProjects, type Sources } from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimNative,
  type FrameworkTable,
  type NativeTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { claimCommands, type Project, startOf } from "./commands.ts";
import { readMixfile } from "./mixfile.ts";
import { ELIXIR_CONFIG, ELIXIR_SOURCE } from "./variables.ts";

const FRAMEWORKS: FrameworkTable = [
  ["phoenix", "phoenix"],
  ["ash", "ash"],
  ["nerves", "nerves"],
  ["broadway", "broadway"],
  ["plug", "plug_cowboy", "plug", "bandit"],
];
/** What the others stand on. */
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

function configOf(reading: Reading, path: string): string[] {
  return [
    "config/runtime.exs",
    "config/prod.exs",
    "config/config.exs",
    "config/releases.exs",
  ]
    .flatMap((name) => reading.tree.first(path, [name]) ?? []);
}

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

/** Where an umbrella keeps mix.lock and its configuration. */
function umbrellaAbove(reading: Reading, path: string): string | null {
  const above = directoryOf(path);
  const root = path === "." ? null : directoryOf(above);
  const file = root === null ? null : reading.tree.first(root, ["mix.exs"]);
  return file !== null && reading.match(file, /\bapps_path:/) !== null
    ? root
    : null;
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
  claimFound(draft, "name", mixfile.app);
  claimManager(draft, { manager: "mix", manifest, lock });
  claimPins(draft, reading, { files: [".elixir-version"], tools: ["elixir"] });
  claimFound(draft, "runtimeVersion", mixfile.elixir);
  const frameworks = claimFrameworks(draft, FRAMEWORKS, BELOW);
  claimNative(draft, NATIVE);
  const project: Project = { reading, draft, mixfile, frameworks };
  const start = mixfile.appsPath === null || mixfile.release !== null
    ? startOf(project)
    : null;
  claim(
    draft,
    "start",
    start?.command ?? null,
    start?.source ?? "guess",
    start?.evidence ?? null,
  );
  const isWeb = frameworks.includes("phoenix") && start !== null;
  claim(
    draft,
    "port",
    isWeb ? PHOENIX_PORT : null,
    "framework",
    start?.evidence ?? null,
  );
  claimCommands(project, lock);
  claimSources(project, sources);
  if (mixfile.appsPath !== null) draft.role = "root";
  else if (start === null) draft.role = "library";
  draft.weight = weightOf(draft, place);
  if (frameworks.includes("nerves")) {
    reading.report({
      path: file,
      what: "start command",
      why: "Nerves builds firmware for a device, not a server",
    });
  }
  return draft;
}

/**
 * Configuration at an umbrella's root is that of its applications. Told of the
 * one that serves; of several, nobody knows whose it is.
 */
function shareConfiguration(reading: Reading, drafts: readonly Draft[]): void {
  for (const root of drafts.filter(({ role }) => role === "root")) {
    const serving = drafts.filter(({ path, role, claims }) =>
      role === "application" &&
      claims.some(({ field, value }) =>
        field === "framework" && value === "phoenix"
      ) &&
      umbrellaAbove(reading, path) === root.path
    );
    const [only] = serving;
    if (only === undefined || serving.length > 1) continue;
    scanFiles(only, reading, configOf(reading, root.path), {
      syntax: ELIXIR_CONFIG,
      source: "config",
    });
  }
}

function detect(reading: Reading): Draft[] {
  const drafts = readProjects(reading, {
    manifest: "mix.exs",
    extensions: ["ex", "exs"],
    isTest: /_test\.exs$/,
  }, readProject);
  shareConfiguration(reading, drafts);
  return drafts;
}

export const elixir: EcosystemDetector = {
  ecosystem: "elixir",
  reads: {
    manifests: ["mix.exs", ".elixir-version", ...PIN_FILES, "config/*.exs"],
    sources: ["*.ex"],
  },
  detect,
};
