/**
 * One service of all that was said of it.
 *
 * ```
 * claims -> fold kinds that stand in for others (valkey for redis)
 *        -> entities: what is declared, each once
 *        -> what is configured or a client joins the entity it means
 * ```
 *
 * Owns who uses a service, which version and port count, and which variables
 * carry its address. Which declarations are the same is in `identity.ts`.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
} from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { mergeEvidence } from "../claims.ts";
import type { ServiceClaim } from "../detector.ts";
import { comparePaths, directoryOf, isWithin } from "../file_tree.ts";
import { serviceKind } from "./catalog.ts";
import { claimsOfVariables, variablesFor } from "./from_variables.ts";
import { entitiesOf, type ServiceEntity } from "./identity.ts";

type Application = Pick<
  AnalysedApplication,
  "path" | "env" | "commands" | "dependsOn"
>;
type Applications = ReadonlyMap<string, Application>;

const STRENGTHS = ["declared", "configured", "client"] as const;

function strengthOf(claim: ServiceClaim): number {
  return STRENGTHS.indexOf(claim.strength);
}

/** The surest that is said of each kind. */
function strongest(claims: readonly ServiceClaim[]): Map<string, number> {
  const best = new Map<string, number>();
  for (const claim of claims) {
    const before = best.get(claim.kind) ?? STRENGTHS.length;
    best.set(claim.kind, Math.min(before, strengthOf(claim)));
  }
  return best;
}

/** A redis client beside a valkey in the compose file speaks to that valkey. */
function foldKinds(claims: readonly ServiceClaim[]): ServiceClaim[] {
  const best = strongest(claims);
  const declaredByName = new Map(
    claims.filter(({ strength, name }) =>
      strength === "declared" && name !== null
    ).map(({ name, kind }) => [name, kind]),
  );
  const standIns = new Map<string, string>();
  for (const [kind, strength] of [...best].sort()) {
    const other = serviceKind(kind)?.speaks;
    if (other === undefined) continue;
    const before = best.get(other);
    if (before !== undefined && strength < before) standIns.set(other, kind);
  }
  return claims.map((claim) => {
    if (claim.strength === "declared") return claim;
    const named = claim.name === null ? undefined : declaredByName.get(
      claim.name,
    );
    return { ...claim, kind: named ?? standIns.get(claim.kind) ?? claim.kind };
  });
}

/** Applications a directory stands for: the nearest at or above it, else those below. */
function usersAt(path: string, applications: Applications): string[] {
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

/**
 * An application with drivers for several SQL databases speaks to the one that
 * is declared or configured; the other drivers are there for others.
 */
function withoutSpareDrivers(
  claims: readonly ServiceClaim[],
  applications: Applications,
): ServiceClaim[] {
  const settled = new Map<string, Set<string>>();
  const settle = (path: string, kind: string) => {
    const kinds = settled.get(path);
    if (kinds === undefined) settled.set(path, new Set([kind]));
    else kinds.add(kind);
  };
  for (const { strength, kind, usedBy } of claims) {
    if (strength === "client" || serviceKind(kind)?.group !== "sql") continue;
    const paths = usedBy === null
      ? [...applications.keys()]
      : usersAt(usedBy, applications);
    for (const path of paths) settle(path, kind);
  }
  return claims.filter(({ strength, kind, usedBy }) => {
    if (strength !== "client" || usedBy === null) return true;
    if (serviceKind(kind)?.group !== "sql") return true;
    const path = ownerOf(usedBy, applications)?.path;
    const kinds = path === undefined ? undefined : settled.get(path);
    return kinds === undefined || kinds.has(kind);
  });
}

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

function usersOf(entity: ServiceEntity, applications: Applications): string[] {
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
function startedBy(
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
    foldKinds([...claims, ...claimsOfVariables(applications)]),
    byPath,
  ).sort(compareClaims);
  const byKind = new Map<string, ServiceClaim[]>();
  for (const claim of told) {
    const list = byKind.get(claim.kind);
    if (list === undefined) byKind.set(claim.kind, [claim]);
    else list.push(claim);
  }
  const settled = [...byKind.values()].flatMap((same): Settled[] => {
    const isDeclared = ({ strength }: ServiceClaim) => strength === "declared";
    const entities = entitiesOf(same.filter(isDeclared), byPath);
    join(entities, same.filter((claim) => !isDeclared(claim)), byPath);
    return entities.map((entity) => {
      const speakers = usersOf(entity, byPath);
      return { entity, speakers, usedBy: startedBy(speakers, byPath) };
    });
  });
  return settled.map((one) => serviceOf(one, settled, byPath))
    .sort(compareServices);
}
