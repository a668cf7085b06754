/**
 * How an Elixir application is installed, built, started and tested.
 *
 * A release where mix.exs names one; else `mix phx.server` for Phoenix, an
 * escript for a program, `mix run --no-halt` for what supervises itself.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import type { Mixfile } from "./mixfile.ts";

export interface Project {
  reading: Reading;
  draft: Draft;
  mixfile: Mixfile;
  frameworks: readonly string[];
}

interface Start {
  command: string;
  source: Source;
  evidence: Evidence;
}

function fileOf(project: Project, ...names: string[]): string | null {
  return project.reading.tree.first(project.draft.path, names);
}

function phoenix(project: Project): Evidence | null {
  return project.draft.dependencies.find(({ name }) => name === "phoenix")
    ?.evidence ?? null;
}

/** Something of its own answers requests: a router of Phoenix, not only its library. */
function isEndpoint(project: Project): boolean {
  const lib = joinPath(project.draft.path, "lib");
  return lib !== null &&
    project.reading.tree.below(lib).some((file) =>
      /(?:^|\/)(?:endpoint|router)\.ex$/.test(file)
    );
}

function releaseStart(project: Project): Start | null {
  const { release } = project.mixfile;
  if (release === null) return null;
  const name = release.value;
  const server = fileOf(project, "rel/overlays/bin/server");
  const isPhoenix = project.frameworks.includes("phoenix");
  const bin = (program: string) =>
    shellWord(`_build/prod/rel/${name}/bin/${program}`);
  return {
    command: isPhoenix && server !== null
      ? bin("server")
      : `${isPhoenix ? "PHX_SERVER=true " : ""}${bin(name)} start`,
    source: "manifest",
    evidence: release.evidence,
  };
}

export function startOf(project: Project): Start | null {
  const { mixfile } = project;
  const release = releaseStart(project);
  if (release !== null) return release;
  const web = phoenix(project);
  if (web !== null && (mixfile.runs !== null || isEndpoint(project))) {
    return { command: "mix phx.server", source: "framework", evidence: web };
  }
  if (mixfile.escript !== null) {
    const name = mixfile.app?.value ?? "app";
    return {
      command: shellWord(`./${name}`),
      source: "manifest",
      evidence: mixfile.escript,
    };
  }
  return mixfile.runs === null || project.frameworks.includes("nerves")
    ? null
    : {
      command: "mix run --no-halt",
      source: "convention",
      evidence: mixfile.runs,
    };
}

/** Packages of npm that the assets need, in their own directory. */
function assetsInstall(project: Project): string {
  const manifest = fileOf(project, "assets/package.json");
  if (manifest === null) return "";
  return fileOf(project, "assets/package-lock.json") === null
    ? "npm install --prefix assets && "
    : "npm ci --prefix assets && ";
}

export function claimCommands(project: Project, lock: string | null): void {
  const { draft, mixfile } = project;
  const manifest = fileEvidence(mixfile.file);
  claim(
    draft,
    "install",
    "mix deps.get",
    "convention",
    lock === null ? manifest : fileEvidence(lock),
  );
  const deploy = mixfile.assets;
  const assets = deploy === null
    ? ""
    : `${assetsInstall(project)}mix assets.deploy`;
  const evidence = [
    ...deploy === null ? [] : [deploy],
    ...mixfile.release === null ? [] : [mixfile.release.evidence],
  ];
  const steps = mixfile.release !== null
    ? [assets.replace("mix ", "MIX_ENV=prod mix "), "MIX_ENV=prod mix release"]
    : mixfile.escript !== null
    ? ["mix escript.build"]
    : ["mix compile", assets];
  claim(
    draft,
    "build",
    steps.filter((step) => step !== "").join(" && "),
    evidence.length > 0 ? "manifest" : "convention",
    evidence.length > 0 ? evidence : mixfile.escript ?? manifest,
  );
  const helper = fileOf(project, "test/test_helper.exs");
  claim(
    draft,
    "test",
    "mix test",
    "convention",
    helper === null ? null : fileEvidence(helper),
  );
}
