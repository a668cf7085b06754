/**
 * What is said of a commit that has no flake.nix: what it has instead, and what
 * to do.
 *
 * @module
 */
import { plainLine } from "../../../autonix/core/graph/plain_line.ts";
import type { AnalysedApplication, Analysis } from "../../model/analysis.ts";
import { AppError } from "../../model/errors.ts";

/** Of applications, and of services: a message is read in one go. */
const MAX_NAMED = 6;
const MAX_FRAMEWORKS = 3;
const MAX_NAME = 60;

function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** `web (typescript, next)`. */
function nameOf({ name, language, frameworks }: AnalysedApplication): string {
  const words = [language, ...frameworks.slice(0, MAX_FRAMEWORKS)]
    .map(({ value }) => plainLine(value, MAX_NAME));
  return `${plainLine(name, MAX_NAME)} (${words.join(", ")})`;
}

/** `api (go), web (typescript, next); postgres, redis`; empty when nothing was found. */
function contentsOf({ applications, services }: Analysis): string {
  const kinds = [...new Set(services.map(({ kind }) => kind))]
    .map((kind) => plainLine(kind, MAX_NAME));
  return [listed(applications.map(nameOf)), listed(kinds)]
    .filter((part) => part !== "").join("; ");
}

/** @param analysis null where nobody could tell. */
export function noFlake(analysis: Analysis | null): AppError {
  const contents = analysis === null ? "" : contentsOf(analysis);
  const isKnown = analysis !== null && analysis.applications.length > 0;
  const missing = "Cannot evaluate the commit as it has no flake.nix";
  return new AppError(
    "invalid",
    contents === "" ? missing : `${missing}. It has ${contents}`,
    {
      hint: isKnown
        ? "procurator init writes a flake for it: run it in the work tree, commit flake.nix and push"
        : "commit a flake with a blueprintJSON: procurator init or procurator example writes one",
    },
  );
}
