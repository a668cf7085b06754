/**
 * Claims that mean another kind than they name, or none: a client of redis
 * beside a valkey, drivers that nobody needs.
 *
 * @module
 */
import { ownerOf } from "../applications.ts";
import type { ServiceClaim } from "../detector.ts";
import { serviceKind } from "./catalog.ts";
import { type Applications, usersAt } from "./users.ts";

const STRENGTHS = ["declared", "configured", "client"] as const;

export function strengthOf(claim: ServiceClaim): number {
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

/**
 * `broker` is a redis in one file and a valkey in another, or what one variable
 * points at is: the same service, told by the one that can stand in.
 */
function alternativeOf(
  claim: ServiceClaim,
  claims: readonly ServiceClaim[],
): string | null {
  const { file } = claim.evidence[0] ?? {};
  const isSame = ({ name, env }: ServiceClaim) =>
    claim.name !== null && name === claim.name ||
    env.some((one) => claim.env.includes(one));
  // A script that runs one gives it no name: it stands for what the others run.
  const isNameless = claim.name === null && claim.env.length === 0;
  const other = claims.find((one) =>
    one.strength === "declared" && one.evidence[0]?.file !== file &&
    serviceKind(one.kind)?.speaks === claim.kind && (isNameless || isSame(one))
  );
  return other?.kind ?? null;
}

/** As the other kind: what it says of its version is that of another program. */
function standingIn(
  claim: ServiceClaim,
  claims: readonly ServiceClaim[],
): ServiceClaim {
  const kind = alternativeOf(claim, claims);
  return kind === null ? claim : { ...claim, kind, version: null };
}

/** A redis client beside a valkey in the compose file speaks to that valkey. */
export function foldKinds(all: readonly ServiceClaim[]): ServiceClaim[] {
  const claims = all.map((claim) =>
    claim.strength === "declared" ? standingIn(claim, all) : claim
  );
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

const isForTests = ({ place }: ServiceClaim) =>
  place === "ci" || place === "test";
const isSql = ({ kind }: ServiceClaim) => serviceKind(kind)?.group === "sql";

/** Kinds by application. */
type Kinds = Map<string, Set<string>>;

/** SQL databases of applications by how they are told, without those of tests. */
function databasesOf(
  claims: readonly ServiceClaim[],
  pathsOf: (claim: ServiceClaim) => readonly string[],
): Record<ServiceClaim["strength"], Kinds> {
  const told: Record<ServiceClaim["strength"], Kinds> = {
    declared: new Map(),
    configured: new Map(),
    client: new Map(),
  };
  for (const claim of claims) {
    if (!isSql(claim) || isForTests(claim)) continue;
    const kinds = told[claim.strength];
    for (const path of pathsOf(claim)) {
      const known = kinds.get(path);
      if (known === undefined) kinds.set(path, new Set([claim.kind]));
      else known.add(claim.kind);
    }
  }
  return told;
}

/** What an application is run with: a mysql that is configured is the mariadb that is declared. */
function runWith(
  path: string,
  { declared, configured }: Record<"declared" | "configured", Kinds>,
): Set<string> {
  const firm = declared.get(path) ?? new Set<string>();
  const stoodFor = new Set([...firm].map((kind) => serviceKind(kind)?.speaks));
  const others = [...configured.get(path) ?? []]
    .filter((kind) => !stoodFor.has(kind));
  return new Set([...firm, ...others]);
}

/**
 * Databases that only tests run, of an application that is run with another:
 * whether it works with them too is what the tests are for.
 */
export function withoutTestedOnes(
  claims: readonly ServiceClaim[],
  applications: Applications,
): readonly ServiceClaim[] {
  const pathsOf = ({ usedBy }: ServiceClaim) =>
    usedBy === null ? [...applications.keys()] : usersAt(usedBy, applications);
  const told = databasesOf(claims, pathsOf);
  return claims.filter((claim) => {
    if (!isSql(claim) || !isForTests(claim)) return true;
    const paths = pathsOf(claim);
    const speaking = paths.filter((path) =>
      told.client.get(path)?.has(claim.kind)
    );
    const users = (speaking.length > 0 ? speaking : paths)
      .map((path) => runWith(path, told))
      .filter((kinds) => speaking.length > 0 || kinds.size > 0);
    // The mariadb that tests run may be the mysql that is configured.
    const { speaks = claim.kind } = serviceKind(claim.kind) ?? {};
    return users.length === 0 ||
      users.some((kinds) =>
        kinds.size === 0 || kinds.has(claim.kind) || kinds.has(speaks)
      );
  });
}

/** What speaks to so many databases looks into those of others, or lets its user choose. */
const MANY_DRIVERS = 4;

/**
 * An application with drivers for several SQL databases speaks to the one that
 * is declared or configured; the other drivers are there for others. Where none
 * is, nobody can tell.
 */
export function withoutSpareDrivers(
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
  const drivers = new Map<string, Set<string>>();
  const isDriver = ({ strength, kind }: ServiceClaim) =>
    strength === "client" && serviceKind(kind)?.group === "sql";
  const pathOf = ({ usedBy }: ServiceClaim) =>
    usedBy === null ? undefined : ownerOf(usedBy, applications)?.path;
  for (const claim of claims.filter(isDriver)) {
    const path = pathOf(claim) ?? "";
    const kinds = drivers.get(path);
    if (kinds === undefined) drivers.set(path, new Set([claim.kind]));
    else kinds.add(claim.kind);
  }
  return claims.filter((claim) => {
    const path = pathOf(claim);
    if (claim.strength !== "client" || path === undefined) return true;
    const kinds = settled.get(path);
    const choices = kinds === undefined ? drivers.get(path)?.size ?? 0 : 0;
    if (serviceKind(claim.kind)?.group === "store") {
      return choices < MANY_DRIVERS;
    }
    if (!isDriver(claim)) return true;
    // Who runs it picks one of several, or none of them but a file.
    return kinds === undefined ? choices === 1 : kinds.has(claim.kind);
  });
}
