/**
 * Gleam: a project is what a gleam.toml describes. On Erlang it is shipped as
 * an Erlang shipment, which starts without Gleam; on JavaScript it is run.
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import {
  claim,
  type Dependency,
  dependencyOf,
  type Draft,
} from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, textOf } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { draftOfManifest, type Layout } from "../shared/dependency_maps.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { type Place, readProjects, type Sources } from "../shared/places.ts";
import {
  claimFrameworkPort,
  claimFrameworks,
  type FrameworkTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles, type Syntax } from "../shared/source_scan.ts";

const LAYOUT: Layout = {
  ecosystem: "gleam",
  manager: "gleam",
  development: ["dev-dependencies", "dev_dependencies"],
  version: ["gleam"],
};
const FRAMEWORKS: FrameworkTable = [
  ["wisp", "wisp"],
  ["mist", "mist"],
  ["lustre", "lustre"],
  ["elli", "gleam_elli"],
  ["glen", "glen"],
];
/** What mist listens on unless told otherwise. */
const PORTS: ReadonlyMap<string, number> = new Map([["mist", 4000]]);

const GLEAM: Syntax = {
  comments: ["//"],
  hints: ["envoy", "get_env", "mist", "elli", "env."],
  mentions: [
    { pattern: /\benvoy\.get\(\s{0,4}"(\w{1,100})"/g, isNeeded: false },
    { pattern: /\bos\.get_env\(\s{0,4}"(\w{1,100})"/g, isNeeded: false },
    {
      pattern: /\benv\.(?:get_)?(?:string|int|bool)_or\(\s{0,4}"(\w{1,100})"/g,
      isNeeded: false,
    },
    {
      pattern:
        /\benv\.(?:string|int|bool|get|get_string|get_int|get_bool)\(\s{0,4}"(\w{1,100})"/g,
      isNeeded: true,
    },
  ],
  demanding: /\blet assert Ok\(\w{1,60}\)\s{0,4}=\s{0,20}$/,
  defaults: [
    /^\s{0,4}\)\s{0,20}(?:\|>\s{0,4}result\.try\(int\.parse\)\s{0,20}|\|>\s{0,4}result\.then\(int\.parse\)\s{0,20})?\|>\s{0,4}result\.unwrap\(\s{0,4}(?:"([^"\n]{0,200})"|(\d{1,12}))/,
    /^\s{0,4},\s{0,4}(?:"([^"\n]{0,200})"|(\d{1,12})|(True|False))\s{0,4}\)/,
    /^\s{0,4}\),\s{0,4}(?:"([^"\n]{0,200})"|(\d{1,12}))\s{0,4}\)/,
  ],
  ports: [
    /\bmist\.port\(\s{0,4}(\d{2,5})\s{0,4}\)/,
    /\bmist\.run_service\(\s{0,4}(\d{2,5})\b/,
    /\belli\.start\([^\n]{0,100}?on_port:\s{0,4}(\d{2,5})\b/,
  ],
};

/** The module that is run: that of the project's name, with a `main`. */
function mainOf(reading: Reading, path: string, name: string | null) {
  const file = name === null
    ? null
    : reading.tree.first(path, [`src/${name}.gleam`]);
  return file === null
    ? null
    : reading.match(file, /^pub fn main\s{0,4}\(/)?.evidence ?? null;
}

/** What Lustre's tools serve a page on while it is worked on. */
const LUSTRE_PORT = 1234;

/** A page by Lustre: built, and served, by tools of its own. */
function claimPage(draft: Draft, tools: Dependency): void {
  const { evidence } = tools;
  const isFirst = /^[>=~\s]{0,5}1\./.test(tools.version ?? "");
  const build = `gleam run -m lustre/dev build${isFirst ? " app" : ""}`;
  claim(draft, "build", build, "framework", evidence);
  const start = "gleam run -m lustre/dev start";
  claim(draft, "start", start, "framework", evidence);
  claim(draft, "port", LUSTRE_PORT, "framework", evidence);
}

function claimCommands(
  draft: Draft,
  reading: Reading,
  of: {
    file: string;
    lock: string | null;
    name: string | null;
    isErlang: boolean;
  },
): void {
  const { path } = draft;
  const manifest = fileEvidence(of.file);
  claim(
    draft,
    "install",
    "gleam deps download",
    "convention",
    of.lock === null ? manifest : fileEvidence(of.lock),
  );
  const main = mainOf(reading, path, of.name);
  const tests = reading.tree.hasDirectory(joinPath(path, "test") ?? "test");
  claim(draft, "test", "gleam test", "convention", tests ? manifest : null);
  const isShipped = main !== null && of.isErlang;
  claim(
    draft,
    "build",
    isShipped ? "gleam export erlang-shipment" : "gleam build",
    "convention",
    manifest,
  );
  claim(
    draft,
    "start",
    isShipped ? "./build/erlang-shipment/entrypoint.sh run" : "gleam run",
    "convention",
    main,
  );
  if (main === null) draft.role = "library";
  const tools = dependencyOf(draft, "lustre_dev_tools");
  if (main !== null && !of.isErlang && tools !== null) claimPage(draft, tools);
}

function readProject(reading: Reading, place: Place, sources: Sources): Draft {
  const { path } = place;
  const file = joinPath(path, "gleam.toml") ?? "gleam.toml";
  const root = reading.toml(file);
  const lock = reading.tree.first(path, ["manifest.toml"]);
  const { draft, name, manifest } = draftOfManifest(reading, LAYOUT, {
    path,
    file,
    root,
    lock,
  });
  const frameworks = claimFrameworks(draft, FRAMEWORKS);
  claimCommands(draft, reading, {
    file,
    lock,
    name,
    isErlang: textOf(at(root, "target")) !== "javascript",
  });
  claimFrameworkPort(draft, { frameworks, ports: PORTS, manifest });
  draft.weight = weightOf(draft, place);
  scanFiles(draft, reading, sources.own, { syntax: GLEAM });
  return draft;
}

export const gleam: EcosystemDetector = {
  ecosystem: "gleam",
  reads: {
    manifests: ["gleam.toml", ".gleam-version", ...PIN_FILES],
    sources: ["*.gleam"],
  },
  detect: (reading) =>
    readProjects(reading, {
      manifest: "gleam.toml",
      extensions: ["gleam"],
      isTest: /_test\.gleam$/,
    }, readProject),
};
