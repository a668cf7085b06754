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

export function federate(repositories: readonly Repository[]): Federation {
  const sorted = repositories.toSorted((a, b) => comparePaths(a.name, b.name));
  const services = shareServices(sorted);
  return {
    repositories: sorted,
    services,
    ...linksBetween(sorted),
    conflicts: findConflicts(sorted, services),
  };
}
