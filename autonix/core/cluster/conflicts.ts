/**
 * What repositories do not agree on: a port that two listen on, a variable that
 * two set differently, versions of a service. Each with the places that say so.
 *
 * In a cluster each VM has an address of its own, and services of different
 * versions run side by side: conflicts are told, and stop nothing. They bite
 * who runs two of them on one machine, or in one shell.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { comparePaths } from "../file_tree.ts";
import { addTo } from "../lists.ts";
import type { Repository } from "./links.ts";
import { isSameVersion, type SharedService } from "./shared_services.ts";

export interface ConflictPlace {
  repository: string;
  /** The application; of a service its first user, null where nobody is known. */
  path: string | null;
  /** The version, or what the variable is set to; the port. */
  value: string;
  evidence: readonly Evidence[];
}

export interface Conflict {
  kind: "port" | "variable" | "service version";
  /** The port, the variable's name, the kind of service. */
  what: string;
  /** Two or more, of different repositories. */
  places: readonly ConflictPlace[];
  /** What becomes of it in the cluster. */
  outcome: string;
}

/** What each program has for itself, and is told by whoever starts it. */
const OF_EACH = new Set([
  ...["PORT", "HOST", "HOSTNAME", "BIND", "ADDRESS", "NODE_ENV", "ENV"],
  ...["APP_NAME", "SERVICE_NAME", "APP_ENV", "APP_PORT", "APP_HOST"],
]);

/** Of a service's places those that run it come first: they tell the version. */
const VERSIONED = /(?:\.ya?ml|Dockerfile)$/;

function byKey<T>(
  items: readonly (readonly [string, T])[],
): Map<string, T[]> {
  const map = new Map<string, T[]>();
  for (const [key, item] of items) addTo(map, key, item);
  return map;
}

function isOfSeveral(places: readonly ConflictPlace[]): boolean {
  return new Set(places.map(({ repository }) => repository)).size > 1;
}

function portConflicts(repositories: readonly Repository[]): Conflict[] {
  const claimed = repositories.flatMap(({ name, analysis }) =>
    analysis.applications.filter(({ commands }) => commands.start !== null)
      .flatMap(({ path, ports }) =>
        ports.map(({ value, evidence }) =>
          [String(value), {
            repository: name,
            path,
            value: String(value),
            evidence,
          }] as const
        )
      )
  );
  return [...byKey<ConflictPlace>(claimed)]
    .filter(([, places]) => isOfSeveral(places))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([what, places]): Conflict => ({
      kind: "port",
      what,
      places,
      outcome:
        "each VM has an address of its own; on one machine they exclude each other",
    }));
}

function variableConflicts(repositories: readonly Repository[]): Conflict[] {
  const set = repositories.flatMap(({ name: repository, analysis }) => {
    const wired = new Set(analysis.services.flatMap(({ env }) => env));
    return analysis.applications.flatMap(({ path, env }) =>
      env.flatMap(({ name, default: value, evidence }) =>
        value === undefined || wired.has(name) || OF_EACH.has(name)
          ? []
          : [[name, { repository, path, value, evidence }] as const]
      )
    );
  });
  return [...byKey<ConflictPlace>(set)]
    .filter(([, places]) =>
      isOfSeveral(places) && new Set(places.map(({ value }) => value)).size > 1
    )
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([what, places]): Conflict => ({
      kind: "variable",
      what,
      places,
      outcome: "each VM is told its own; a shell for all has one",
    }));
}

function versionConflicts(services: readonly SharedService[]): Conflict[] {
  const placed = services.flatMap(({ kind, uses }) =>
    uses.flatMap(({ repository, service }) =>
      service.version === null ? [] : [
        [kind, {
          repository,
          path: service.usedBy[0] ?? null,
          value: service.version,
          evidence: service.evidence.toSorted((a, b) =>
            Number(VERSIONED.test(b.file)) - Number(VERSIONED.test(a.file))
          ),
        }] as const,
      ]
    )
  );
  return [...byKey<ConflictPlace>(placed)]
    .filter(([, places]) =>
      places.some((one) =>
        places.some((other) =>
          one.repository !== other.repository &&
          !isSameVersion(one.value, other.value)
        )
      )
    )
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([what, places]): Conflict => ({
      kind: "service version",
      what,
      places,
      outcome: "a VM for each version",
    }));
}

/** Ports first, then variables, then versions; each sorted. */
export function findConflicts(
  repositories: readonly Repository[],
  services: readonly SharedService[],
): Conflict[] {
  return [
    ...portConflicts(repositories),
    ...variableConflicts(repositories),
    ...versionConflicts(services),
  ];
}

/** `shop/package.json:3`: a place as one file of the folder. */
export function placeText({ repository, evidence }: ConflictPlace): string {
  const [first] = evidence;
  if (first === undefined) return repository;
  const line = first.line === null ? "" : `:${first.line}`;
  return `${repository}/${first.file}${line}`;
}
