/**
 * Several repositories as one: who depends on whom, which services they share,
 * and what they do not agree on. One repository alone is the simplest case.
 *
 * ```
 * Repository[] -> links.ts, shared_services.ts, conflicts.ts -> Federation
 *                                    -> graph/ draws it, render.ts writes its flake
 * ```
 *
 * @module
 */
import { comparePaths } from "../file_tree.ts";
import { type Conflict, findConflicts } from "./conflicts.ts";
import {
  linksBetween,
  type OutsideLink,
  type Repository,
  type RepositoryLink,
} from "./links.ts";
import { type SharedService, shareServices } from "./shared_services.ts";

export interface Federation {
  /** Sorted by name. */
  repositories: readonly Repository[];
  services: readonly SharedService[];
  links: readonly RepositoryLink[];
  outside: readonly OutsideLink[];
  conflicts: readonly Conflict[];
}

/** A command that somebody wrote down is surer than this; one that an entry file suggests is not. */
const WRITTEN = 0.9;

/** A package that others are built with, and that nothing says is to be started, is a library. */
function withoutGuessedStarts(
  repository: Repository,
  isUsed: (path: string) => boolean,
): Repository {
  const { analysis } = repository;
  const applications = analysis.applications.map((application) => {
    const { commands, ports, path } = application;
    const { start } = commands;
    return start !== null && start.confidence < WRITTEN &&
        ports.length === 0 && isUsed(path)
      ? { ...application, commands: { ...commands, start: null } }
      : application;
  });
  return { ...repository, analysis: { ...analysis, applications } };
}

export function federate(repositories: readonly Repository[]): Federation {
  const used = new Set(
    linksBetween(repositories).links.filter(({ kind }) => kind === "package")
      .map(({ to }) => `${to.repository}\0${to.path}`),
  );
  const sorted = repositories
    .toSorted((a, b) => comparePaths(a.name, b.name))
    .map((one) =>
      withoutGuessedStarts(one, (path) => used.has(`${one.name}\0${path}`))
    );
  const services = shareServices(sorted);
  return {
    repositories: sorted,
    services,
    ...linksBetween(sorted),
    conflicts: findConflicts(sorted, services),
  };
}
