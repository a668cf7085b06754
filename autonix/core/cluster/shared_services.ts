/**
 * Services of several repositories, each once where one is enough.
 *
 * One runs for all when their versions agree. A database is shared only where
 * the repositories name the same one: else the tables of one would lie among
 * those of the other. Two services of one repository stay two.
 *
 * @module
 */
import type { AnalysedService } from "../../../roles/model/analysis.ts";
import { comparePaths } from "../file_tree.ts";
import { credentialsOf } from "../render/addresses.ts";
import { serviceModule } from "../render/service_modules.ts";
import type { Repository } from "./links.ts";

/** What one repository says of it. */
export interface ServiceUse {
  repository: string;
  service: AnalysedService;
}

export interface SharedService {
  kind: string;
  /** The most exact one of its uses. */
  version: string | null;
  port: number | null;
  uses: readonly ServiceUse[];
}

/** True when one version can be the other: `7` and `7.2`, or where one is not told. */
export function isSameVersion(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return true;
  const mine = a.split(".");
  const other = b.split(".");
  const length = Math.min(mine.length, other.length);
  return mine.slice(0, length).join(".") === other.slice(0, length).join(".");
}

/** The database that a repository names; null where it names none. */
function databaseOf(
  { analysis }: Repository,
  service: AnalysedService,
): string | null {
  const variables = analysis.applications
    .filter(({ path }) => service.usedBy.includes(path))
    .flatMap(({ env }) => env.filter(({ name }) => service.env.includes(name)));
  const named = credentialsOf(variables);
  // What it says where nobody names one.
  const unnamed = credentialsOf([]);
  return named.database === unnamed.database ? null : named.database;
}

interface Group {
  kind: string;
  /** Of databases alone. */
  database: string | null;
  isDatabase: boolean;
  uses: ServiceUse[];
}

function mayJoin(group: Group, use: ServiceUse, database: string | null) {
  const { repository, service } = use;
  return group.kind === service.kind &&
    group.uses.every((one) =>
      one.repository !== repository &&
      isSameVersion(one.service.version, service.version)
    ) &&
    (!group.isDatabase || database !== null && group.database === database);
}

function exactest(uses: readonly ServiceUse[]): string | null {
  const versions = uses.flatMap(({ service }) => service.version ?? []);
  return versions.toSorted((a, b) =>
    b.length - a.length || comparePaths(a, b)
  )[0] ?? null;
}

/** Sorted by kind, then by who uses them. */
export function shareServices(
  repositories: readonly Repository[],
): SharedService[] {
  const groups: Group[] = [];
  for (const repository of repositories) {
    for (const service of repository.analysis.services) {
      const use = { repository: repository.name, service };
      const database = databaseOf(repository, service);
      const group = groups.find((one) => mayJoin(one, use, database));
      if (group !== undefined) group.uses.push(use);
      else {
        groups.push({
          kind: service.kind,
          database,
          isDatabase: serviceModule(service.kind)?.isDatabase === true,
          uses: [use],
        });
      }
    }
  }
  return groups.map(({ kind, uses }): SharedService => ({
    kind,
    version: exactest(uses),
    port: uses.find(({ service }) => service.port !== null)?.service.port ??
      null,
    uses,
  })).sort((a, b) => comparePaths(a.kind, b.kind));
}
