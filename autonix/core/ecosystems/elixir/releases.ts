/**
 * Releases: what `mix release` makes, or Distillery before it.
 *
 * Named in mix.exs; without a word there it is one of the application's name,
 * where something says that one is made: scripts of a release, an image.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { dependencyOf, type Draft } from "../../draft.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import type { Mixfile } from "./mixfile.ts";

export interface Release {
  build: string;
  start: string;
  evidence: Evidence;
}

/** What `phx.gen.release` and `mix release.init` write. */
const SCRIPTS: readonly string[] = [
  "rel/overlays/bin/server",
  "rel/env.sh.eex",
  "rel/vm.args.eex",
];
/** Where the Dockerfile of an application lies: beside it, or in a folder for such. */
const IMAGES: readonly string[] = [
  "Dockerfile",
  "docker/Dockerfile",
  ".docker/Dockerfile",
  "ops/Dockerfile",
  "deploy/Dockerfile",
  "build/Dockerfile",
  "rel/Dockerfile",
];
/** `mix release`, `mix do compile, release`. */
const IN_IMAGE =
  /^(?!\s{0,40}#)[^\n]{0,500}\bmix\s{1,4}(?:do\s[^\n]{0,200}[\s,])?release(?![.\w-])/;

function programOf(name: string, program: string): string {
  return shellWord(`_build/prod/rel/${name}/bin/${program}`);
}

/** Distillery, which releases were made by before mix knew how. */
function ofDistillery(
  reading: Reading,
  draft: Draft,
  app: string | null,
): Release | null {
  const distillery = dependencyOf(draft, "distillery");
  const config = reading.tree.first(draft.path, ["rel/config.exs"]);
  if (distillery === null || config === null) return null;
  const named = reading.match(config, /^\s{0,8}release\s{1,4}:(\w{1,60})/);
  const name = named?.value ?? app;
  if (name === null) return null;
  const task = /^~> 2|^>= 2|^2/.test(distillery.version ?? "")
    ? "distillery.release"
    : "release";
  return {
    build: `MIX_ENV=prod mix ${task}`,
    start: `${programOf(name, name)} foreground`,
    evidence: named?.evidence ?? fileEvidence(config),
  };
}

/** The release of the application, of several the one of its name. */
function ofMix(
  reading: Reading,
  draft: Draft,
  { app, appsPath, releases }: Mixfile,
): { name: string; evidence: Evidence } | null {
  // Several of an umbrella: each starts some of the applications below it.
  if (appsPath !== null && releases.length > 1) return null;
  const named = releases.find(({ value }) => value === app?.value) ??
    releases[0];
  if (named !== undefined) {
    return { name: named.value, evidence: named.evidence };
  }
  if (app === null) return null;
  const script = reading.tree.first(draft.path, SCRIPTS);
  if (script !== null) {
    return { name: app.value, evidence: fileEvidence(script) };
  }
  for (const name of IMAGES) {
    const image = reading.tree.first(draft.path, [name]);
    const found = image === null ? null : reading.match(image, IN_IMAGE);
    if (found !== null) return { name: app.value, evidence: found.evidence };
  }
  return null;
}

export function releaseOf(
  reading: Reading,
  of: { draft: Draft; mixfile: Mixfile; isPhoenix: boolean },
): Release | null {
  const { draft, mixfile, isPhoenix } = of;
  const old = ofDistillery(reading, draft, mixfile.app?.value ?? null);
  if (old !== null) return old;
  const found = ofMix(reading, draft, mixfile);
  if (found === null) return null;
  const { name, evidence } = found;
  const server = reading.tree.first(draft.path, ["rel/overlays/bin/server"]);
  return {
    build: "MIX_ENV=prod mix release",
    start: isPhoenix && server !== null
      ? programOf(name, "server")
      : `${isPhoenix ? "PHX_SERVER=true " : ""}${programOf(name, name)} start`,
    evidence,
  };
}
