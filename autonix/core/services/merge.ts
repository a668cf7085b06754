/**
 * One service of all that was said of it.
 *
 * Owns which claims are about the same service: those of one kind, except that
 * two which are declared under names of their own are two.
 *
 * @module
 */
import type { AnalysedService } from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { mergeEvidence } from "../claims.ts";
import type { ServiceClaim } from "../detector.ts";
import { comparePaths } from "../file_tree.ts";

const STRENGTHS = ["declared", "configured", "client"] as const;

function byStrength(a: ServiceClaim, b: ServiceClaim): number {
  return STRENGTHS.indexOf(a.strength) - STRENGTHS.indexOf(b.strength) ||
    comparePaths(a.name ?? "", b.name ?? "") ||
    comparePaths(a.evidence[0]?.file ?? "", b.evidence[0]?.file ?? "") ||
    (a.evidence[0]?.line ?? 0) - (b.evidence[0]?.line ?? 0);
}

/** Applications that use it: those whose directories were named; without one, all. */
function usersOf(
  claims: readonly ServiceClaim[],
  applications: ReadonlyMap<string, { path: string }>,
): string[] {
  const users = new Set<string>();
  for (const { usedBy } of claims) {
    const owner = usedBy === null ? null : ownerOf(usedBy, applications);
    if (owner !== null) users.add(owner.path);
  }
  if (users.size === 0 && claims.some(({ usedBy }) => usedBy === null)) {
    for (const path of applications.keys()) users.add(path);
  }
  return [...users].sort(comparePaths);
}

function mergeClaims(
  kind: string,
  claims: readonly ServiceClaim[],
  applications: ReadonlyMap<string, { path: string }>,
): AnalysedService {
  const sorted = claims.toSorted(byStrength);
  const first = <V>(pick: (claim: ServiceClaim) => V | null): V | null => {
    for (const claim of sorted) {
      const value = pick(claim);
      if (value !== null) return value;
    }
    return null;
  };
  return {
    kind,
    version: first(({ version }) => version),
    port: first(({ port }) => port),
    usedBy: usersOf(sorted, applications),
    env: [...new Set(sorted.flatMap(({ env }) => [...env]))]
      .sort(comparePaths),
    evidence: mergeEvidence(sorted.map(({ evidence }) => evidence)),
  };
}

/** Services, sorted by kind. */
export function mergeServices(
  claims: readonly ServiceClaim[],
  applications: readonly { path: string }[],
): AnalysedService[] {
  const byPath = new Map(applications.map((one) => [one.path, one]));
  const byKind = new Map<string, ServiceClaim[]>();
  for (const claim of claims) {
    const list = byKind.get(claim.kind);
    if (list === undefined) byKind.set(claim.kind, [claim]);
    else list.push(claim);
  }
  return [...byKind]
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([kind, same]) => mergeClaims(kind, same, byPath));
}
