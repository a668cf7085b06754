/**
 * Which declarations of a kind are one service.
 *
 * A primary and an analytics postgres of one compose file are two; `db` and
 * `db-test`, three brokers of one cluster, or the same database in a compose
 * file and in a workflow are one.
 *
 * @module
 */
import { ownerOf } from "../applications.ts";
import type { ServiceClaim } from "../detector.ts";
import { comparePaths, directoryOf } from "../file_tree.ts";

/** A service with all that was said of it, the strongest first. */
export interface ServiceEntity {
  kind: string;
  claims: ServiceClaim[];
}

const PLACES = [
  "production",
  "development",
  "devcontainer",
  "test",
  "ci",
] as const;
/** Words that tell where a service runs, not which it is. */
const PLACE_WORDS = new Set([
  "test",
  "tests",
  "testing",
  "dev",
  "development",
  "local",
  "ci",
  "e2e",
  "prod",
  "production",
  "staging",
  "replica",
  "slave",
  "secondary",
  "worker",
  "node",
  "master",
]);

function placeOf(claim: ServiceClaim): number {
  return PLACES.indexOf(claim.place ?? "development");
}

function fileOf(claim: ServiceClaim): string {
  return claim.evidence[0]?.file ?? "";
}

/** Production before tests, then by where it stands. */
export function compareDeclared(a: ServiceClaim, b: ServiceClaim): number {
  return placeOf(a) - placeOf(b) || comparePaths(fileOf(a), fileOf(b)) ||
    (a.evidence[0]?.line ?? 0) - (b.evidence[0]?.line ?? 0) ||
    comparePaths(a.name ?? "", b.name ?? "");
}

/** `db` of `db-test`, `kafka` of `kafka2`. */
function stemOf(name: string | null): string {
  if (name === null) return "";
  return name.toLowerCase().slice(0, 200).split(/[-_.\s]+/)
    .map((part) => part.replace(/\d+$/, ""))
    .filter((part) => part !== "" && !PLACE_WORDS.has(part))
    .join("-");
}

function differ<V>(a: V | null, b: V | null): boolean {
  return a !== null && b !== null && a !== b;
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size > 0 && b.size > 0 && [...a].every((one) => !b.has(one));
}

function usersIn(entity: ServiceEntity): Set<string> {
  return new Set(
    entity.claims.flatMap(({ usedBy }) => usedBy === null ? [] : [usedBy]),
  );
}

function variablesIn(entity: ServiceEntity): Set<string> {
  return new Set(entity.claims.flatMap(({ env }) => [...env]));
}

/** What one file declares under names that differ in more than place or number. */
function entitiesOfFile(claims: readonly ServiceClaim[]): ServiceEntity[] {
  const byStem = new Map<string, ServiceEntity>();
  for (const claim of claims) {
    const stem = stemOf(claim.name);
    const entity = byStem.get(stem);
    if (entity === undefined) {
      byStem.set(stem, { kind: claim.kind, claims: [claim] });
    } else entity.claims.push(claim);
  }
  const told: ServiceEntity[] = [];
  for (const entity of byStem.values()) {
    const same = told.find((other) => !isOther(entity, other));
    if (same === undefined) told.push(entity);
    else same.claims.push(...entity.claims);
  }
  return told;
}

/** Beside other names something else has to differ: its version, its users, its variables. */
function isOther(a: ServiceEntity, b: ServiceEntity): boolean {
  return differ(versionIn(a), versionIn(b)) ||
    disjoint(usersIn(a), usersIn(b)) ||
    disjoint(variablesIn(a), variablesIn(b));
}

function versionIn(entity: ServiceEntity): string | null {
  return entity.claims.find(({ version }) => version !== null)?.version ?? null;
}

/** The part of the repository that a file speaks for. */
function scopeOf(
  entity: ServiceEntity,
  applications: ReadonlyMap<string, { path: string }>,
): string | null {
  const [first] = entity.claims;
  if (first === undefined || first.place === "ci") return null;
  return ownerOf(directoryOf(fileOf(first)), applications)?.path ?? null;
}

/** The one of those known that this is, if it is any of them. */
function sameAs(
  entity: ServiceEntity,
  known: readonly ServiceEntity[],
  applications: ReadonlyMap<string, { path: string }>,
): ServiceEntity | null {
  const scope = scopeOf(entity, applications);
  // Two applications with compose files of their own may ask for two versions.
  const near = known.filter((other) =>
    !(differ(scope, scopeOf(other, applications)) &&
      differ(versionIn(entity), versionIn(other)))
  );
  const stem = stemOf(entity.claims[0]?.name ?? null);
  return near.find(({ claims }) =>
    claims.some(({ name }) => stemOf(name) === stem)
  ) ?? near.find((other) => versionIn(other) === versionIn(entity)) ??
    near[0] ?? null;
}

/** Services of one kind that are declared, the most telling file first. */
export function entitiesOf(
  declared: readonly ServiceClaim[],
  applications: ReadonlyMap<string, { path: string }>,
): ServiceEntity[] {
  const byFile = Map.groupBy(declared.toSorted(compareDeclared), fileOf);
  const known: ServiceEntity[] = [];
  for (const claims of byFile.values()) {
    const before = [...known];
    for (const entity of entitiesOfFile(claims)) {
      const same = sameAs(entity, before, applications);
      if (same === null) known.push(entity);
      else same.claims.push(...entity.claims);
    }
  }
  return known;
}
