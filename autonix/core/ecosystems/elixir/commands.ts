/**
 * How an Elixir application is installed, built, started and tested.
 *
 * A release where one is made; else `mix phx.server` for Phoenix, an
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
import { assetsOf, phoenixTask } from "./assets.ts";
import type { Mixfile } from "./mixfile.ts";
import type { Release } from "./releases.ts";

export interface Project {
  reading: Reading;
  draft: Draft;
  mixfile: Mixfile;
  frameworks: readonly string[];
  release: Release | null;
}

/** What supervises itself. */
export const RUN = "mix run --no-halt";

interface Start {
  command: string;
  source: Source;
  evidence: Evidence;
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

export function startOf(project: Project): Start | null {
  const { mixfile, release } = project;
  if (project.frameworks.includes("nerves")) return null;
  if (release !== null) {
    const { start, evidence } = release;
    return { command: start, source: "manifest", evidence };
  }
  if (mixfile.appsPath !== null) return null;
  const web = phoenix(project);
  if (web !== null && (mixfile.runs !== null || isEndpoint(project))) {
    const command = `mix ${phoenixTask(project.draft, "server")}`;
    return { command, source: "framework", evidence: web };
  }
  if (mixfile.escript !== null) {
    const name = mixfile.app?.value ?? "app";
    return {
      command: shellWord(`./${name}`),
      source: "manifest",
      evidence: mixfile.escript,
    };
  }
  // What others take from Hex brings a supervisor, and is started with theirs.
  return mixfile.runs === null || mixfile.published !== null
    ? null
    : { command: RUN, source: "convention", evidence: mixfile.runs };
}

/** The steps of a build, and what says that they are not the usual ones. */
function buildOf(project: Project): { steps: string[]; evidence: Evidence[] } {
  const { reading, draft, mixfile, release } = project;
  const nerves = draft.dependencies.find(({ name }) => name === "nerves");
  if (nerves !== undefined && project.frameworks.includes("nerves")) {
    return { steps: ["mix firmware"], evidence: [nerves.evidence] };
  }
  const mix = release === null ? "mix" : "MIX_ENV=prod mix";
  const assets = assetsOf(reading, draft, { mixfile, mix });
  const ofAssets = assets === null ? [] : [assets.evidence];
  if (release !== null) {
    return {
      steps: [...assets?.steps ?? [], release.build],
      evidence: [...ofAssets, release.evidence],
    };
  }
  if (mixfile.escript !== null) {
    return { steps: ["mix escript.build"], evidence: [mixfile.escript] };
  }
  return { steps: ["mix compile", ...assets?.steps ?? []], evidence: ofAssets };
}

export function claimCommands(project: Project, lock: string | null): void {
  const { draft, mixfile, reading } = project;
  const manifest = fileEvidence(mixfile.file);
  claim(
    draft,
    "install",
    "mix deps.get",
    "convention",
    lock === null ? manifest : fileEvidence(lock),
  );
  const { steps, evidence } = buildOf(project);
  claim(
    draft,
    "build",
    steps.join(" && "),
    evidence.length > 0 ? "manifest" : "convention",
    evidence.length > 0 ? evidence : manifest,
  );
  const helper = reading.tree.first(draft.path, ["test/test_helper.exs"]);
  claim(
    draft,
    "test",
    "mix test",
    "convention",
    helper === null ? null : fileEvidence(helper),
  );
}
