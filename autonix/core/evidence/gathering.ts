/**
 * What a detector of evidence collects while it reads.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import type { Call } from "../cluster/calls.ts";
import type { Claim, ClaimValues, Field, Source } from "../claims.ts";
import type { DirectoryClaim, Gathered, ServiceClaim } from "../detector.ts";
import type { Draft } from "../draft.ts";

export interface Gathering extends Gathered {
  claims: DirectoryClaim[];
  services: ServiceClaim[];
  drafts: Draft[];
  calls: Call[];
}

export function gathering(): Gathering {
  return { claims: [], services: [], drafts: [], calls: [] };
}

/** One statement about a directory. */
export interface Statement<F extends Field> {
  path: string;
  field: F;
  value: ClaimValues[F];
  source: Source;
  evidence: Evidence | readonly Evidence[];
  confidence?: number;
}

/** Adds a statement about a directory. */
export function state<F extends Field>(
  to: Gathering,
  { path, field, value, source, evidence, confidence }: Statement<F>,
): void {
  const claim = {
    field,
    value,
    source,
    evidence: "file" in evidence ? [evidence] : [...evidence],
    ...(confidence === undefined ? {} : { confidence }),
  };
  to.claims.push({ path, claim: claim as Claim<F> });
}

/** A service with what is not told left empty. */
export function service(
  of:
    & Pick<ServiceClaim, "kind" | "strength" | "evidence">
    & Partial<ServiceClaim>,
): ServiceClaim {
  return {
    version: null,
    port: null,
    usedBy: null,
    env: [],
    name: null,
    ...of,
  };
}
