/**
 * A directory with a Gemfile, a gemspec or loose Ruby, its files opened.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { draftOf } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { type Place, type Sources } from "../shared/places.ts";
import { fileOf, type Opened } from "../shared/project.ts";
import {
  type Gemfile,
  type Gemspec,
  readGemfile,
  readGemspec,
} from "./gemfile.ts";

export interface Project extends Opened {
  sources: Sources;
  gemfile: Gemfile | null;
  lock: string | null;
  gemspec: Gemspec | null;
  /** Set by `frameworks.ts`. */
  frameworks: readonly string[];
}

export function openProject(
  reading: Reading,
  place: Place,
  sources: Sources,
): Project {
  const { path } = place;
  const { tree } = reading;
  const gemfile = tree.first(path, ["Gemfile", "gems.rb"]);
  const spec = tree.filesIn(path).find((name) => name.endsWith(".gemspec"));
  const gemspec = spec === undefined ? null : joinPath(path, spec);
  const project: Project = {
    reading,
    place,
    sources,
    draft: draftOf({ path, ecosystem: "ruby", role: "application", weight: 2 }),
    gemfile: gemfile === null ? null : readGemfile(reading, gemfile, path),
    lock: tree.first(path, ["Gemfile.lock", "gems.locked"]),
    gemspec: gemspec === null ? null : readGemspec(reading, gemspec),
    frameworks: [],
  };
  const ofSpec = gemfile === null || project.gemfile?.isOfGemspec === true
    ? project.gemspec?.dependencies ?? []
    : [];
  project.draft.dependencies.push(
    ...project.gemfile?.dependencies ?? [],
    ...ofSpec,
  );
  project.draft.links.push(...project.gemfile?.links ?? []);
  return project;
}

/** The manifest, or the first source where there is none. */
export function manifestOf(project: Project): Evidence | null {
  const file = project.gemfile?.file ?? project.gemspec?.file ??
    fileOf(project, "config.ru") ?? project.sources.own[0] ?? null;
  return file === null ? null : fileEvidence(file);
}
