/**
 * One service of all that was said of it.
 *
 * ```
 * claims -> fold kinds that stand in for others (valkey for redis)
 *        -> entities: what is declared, each once
 *        -> what is configured or a client joins the entity it means
 * ```
 *
 * Owns which version and port count, and which variables carry its address.
 * Which declarations are the same is in `identity.ts`, who uses it in `users.ts`.
 *
 * @module
 */
import type { AnalysedService } from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { mergeEvidence } from "../claims.ts";
import type { ServiceClaim } from "../detector.ts";
import { comparePaths } from "../file_tree.ts";
import { serviceKind } from "./catalog.ts";
import { claimsOfVariables, variablesFor } from "./from_variables.ts";
import { entitiesOf, type ServiceEntity } from "./identity.ts";
import {
  foldKinds,
  strengthOf,
  withoutSpareDrivers,
  withoutTestedOnes,
} from "./narrowing.ts";
import {
  type Application,
  type Applications,
  startedBy,
  usersAt,
  usersOf,
} from "./users.ts";

/** Adds what is configured, or speaks to a service, to the entity it means. */
function join(
  entities: ServiceEntity[],
  claims: readonly ServiceClaim[],
  applications: Applications,
): void {
  const users = entities.map((entity) =>
    new Set(
      entity.claims.flatMap(({ usedBy }) =>
        usedBy === null ? [] : usersAt(usedBy, applications)
      ),
    )
  );
  for (const claim of claims) {
    const path = claim.usedBy === null
      ? null
      : ownerOf(claim.usedBy, applications)?.path ?? null;
    const meant = entities.find((entity) =>
      claim.name !== null &&
      entity.claims.some(({ strength, name }) =>
        strength === "declared" && name === claim.name
      )
    ) ??
      entities.find((entity) =>
        claim.env.some((name) =>
          entity.claims.some(({ strength, env }) =>
            strength === "declared" && env.includes(name)
          )
        )
      ) ??
      entities.find((_, index) =>
        path !== null && users[index]?.has(path) === true
      ) ?? entities[0];
    if (meant !== undefined) meant.claims.push(claim);
    else entities.push({ kind: claim.kind, claims: [claim] });
  }
}

function first<V>(
  entity: ServiceEntity,
  pick: (claim: ServiceClaim) => V | null,
): V | null {
  for (const claim of entity.claims) {
    const value = pick(claim);
    if (value !== null) return value;
  }
  return null;
}

interface Settled {
  entity: ServiceEntity;
  /** Whose own files or variables speak of it. */
  speakers: string[];
  usedBy: string[];
}

/** Variables its claims name, and those of its users that can be no other's. */
function variablesOf(
  { entity, speakers, usedBy }: Settled,
  all: readonly Settled[],
  applications: Applications,
): string[] {
  const names = new Set(entity.claims.flatMap(({ env }) => [...env]));
  const ofOthers = new Set(
    all.filter((other) => other.entity !== entity)
      .flatMap(({ entity }) => entity.claims.flatMap(({ env }) => [...env])),
  );
  for (const path of new Set([...speakers, ...usedBy])) {
    const application = applications.get(path);
    if (application === undefined) continue;
    const used = new Set(
      all.filter((other) =>
        other.usedBy.includes(path) || other.speakers.includes(path)
      )
        .map((other) => other.entity.kind),
    );
    for (const name of variablesFor(application, entity.kind, used)) {
      if (!ofOthers.has(name)) names.add(name);
    }
  }
  return [...names].sort(comparePaths);
}

/** What a repository makes it does not need beside it: its client is there for tests. */
function isItself(
  { entity }: Settled,
  applications: Applications,
): boolean {
  return entity.claims.every(({ strength }) => strength !== "declared") &&
    [...applications.values()].some(({ name }) => name === entity.kind);
}

function serviceOf(
  settled: Settled,
  all: readonly Settled[],
  applications: Applications,
): AnalysedService {
  const { entity, usedBy } = settled;
  return {
    kind: entity.kind,
    version: first(entity, ({ version }) => version),
    port: first(entity, ({ port }) => port) ??
      serviceKind(entity.kind)?.port ?? null,
    usedBy,
    env: variablesOf(settled, all, applications),
    evidence: mergeEvidence(entity.claims.map(({ evidence }) => evidence)),
  };
}

function compareClaims(a: ServiceClaim, b: ServiceClaim): number {
  return strengthOf(a) - strengthOf(b) ||
    comparePaths(a.evidence[0]?.file ?? "", b.evidence[0]?.file ?? "") ||
    (a.evidence[0]?.line ?? 0) - (b.evidence[0]?.line ?? 0) ||
    comparePaths(a.name ?? "", b.name ?? "");
}

function compareServices(a: AnalysedService, b: AnalysedService): number {
  return comparePaths(a.kind, b.kind) ||
    comparePaths(a.version ?? "", b.version ?? "") ||
    comparePaths(a.usedBy.join("\0"), b.usedBy.join("\0")) ||
    comparePaths(a.env.join("\0"), b.env.join("\0"));
}

/** Services, sorted by kind, then by version. */
export function mergeServices(
  claims: readonly ServiceClaim[],
  applications: readonly Application[],
): AnalysedService[] {
  const byPath = new Map(applications.map((one) => [one.path, one]));
  const told = withoutSpareDrivers(
    foldKinds([
      ...withoutTestedOnes(claims, byPath),
      ...claimsOfVariables(applications),
    ]),
    byPath,
  ).sort(compareClaims);
  const byKind = Map.groupBy(told, ({ kind }) => kind);
  const settled = [...byKind.values()].flatMap((same): Settled[] => {
    const isDeclared = ({ strength }: ServiceClaim) => strength === "declared";
    const entities = entitiesOf(same.filter(isDeclared), byPath);
    join(entities, same.filter((claim) => !isDeclared(claim)), byPath);
    return entities.map((entity) => {
      const speakers = usersOf(entity, byPath);
      return { entity, speakers, usedBy: startedBy(speakers, byPath) };
    });
  });
  return settled.filter((one) => !isItself(one, byPath))
    .map((one) => serviceOf(one, settled, byPath))
    .sort(compareServices);
}
