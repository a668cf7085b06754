/**
 * Who uses a service: the applications that claims name, and for a library what
 * is built with it.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { comparePaths, directoryOf, isWithin } from "../file_tree.ts";
import type { ServiceEntity } from "./identity.ts";

export type Application = Pick<
  AnalysedApplication,
  "path" | "env" | "commands" | "dependsOn"
>;

export type Applications = ReadonlyMap<string, Application>;

/** Applications a directory stands for: the nearest at or above it, else those below. */
export function usersAt(path: string, applications: Applications): string[] {
  const owner = ownerOf(path, applications);
  if (owner !== null) return [owner.path];
  return startable(
    [...applications.values()].filter((one) => isWithin(one.path, path)),
  );
}

/** Those that something starts; libraries use no database of their own. */
function startable(applications: readonly Application[]): string[] {
  const started = applications.filter(({ commands }) =>
    commands.start !== null
  );
  return (started.length > 0 ? started : applications).map(({ path }) => path);
}

export function usersOf(
  entity: ServiceEntity,
  applications: Applications,
): string[] {
  const users = new Set<string>();
  for (const { usedBy } of entity.claims) {
    if (usedBy === null) continue;
    for (const path of usersAt(usedBy, applications)) users.add(path);
  }
  if (users.size === 0) {
    for (const { evidence } of entity.claims) {
      const file = evidence[0]?.file ?? "";
      // A workflow or a compose file speaks for what lies beside and below it.
      const directory = /^\.[^/]+\//.test(file) ? "." : directoryOf(file);
      const below = startable(
        [...applications.values()].filter((one) =>
          isWithin(one.path, directory)
        ),
      );
      const paths = below.length > 0 ? below : usersAt(directory, applications);
      for (const path of paths) users.add(path);
    }
  }
  return [...users].sort(comparePaths);
}

/** Applications that are started and depend, over however many, on this one. */
function dependentsOf(path: string, applications: Applications): string[] {
  const seen = new Set([path]);
  const started: string[] = [];
  for (const here of seen) {
    for (const one of applications.values()) {
      if (seen.has(one.path) || !one.dependsOn.includes(here)) continue;
      seen.add(one.path);
      if (one.commands.start !== null) started.push(one.path);
    }
  }
  return started;
}

/** Who needs it running: for a library that speaks to it, what is built with that. */
export function startedBy(
  speakers: readonly string[],
  applications: Applications,
): string[] {
  const users = speakers.flatMap((path) => {
    if (applications.get(path)?.commands.start !== null) return [path];
    const dependents = dependentsOf(path, applications);
    return dependents.length > 0 ? dependents : [path];
  });
  return [...new Set(users)].sort(comparePaths);
}
