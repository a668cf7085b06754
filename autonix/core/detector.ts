/**
 * What a detector is. Two kinds: an ecosystem says which applications there
 * are, evidence adds to what ecosystems found (a Dockerfile, a workflow, an
 * `.env.example`) and may find an application of its own.
 *
 * Detectors are pure and know nothing of each other; who is believed is decided
 * in `claims.ts`, which applications there are in `applications.ts`.
 *
 * @module
 */
import type { Evidence } from "../../roles/model/analysis.ts";
import type { Claim } from "./claims.ts";
import type { Call } from "./cluster/calls.ts";
import type { Mention } from "./cluster/ties.ts";
import type { Draft, Ecosystem } from "./draft.ts";
import type { Reading } from "./reading.ts";

/**
 * Files worth reading, by name: `package.json`; `*.csproj` and `Dockerfile.*`
 * with one star; with a directory, `.github/workflows/*.yml`, wherever that
 * directory lies. `./*.` and `bin/*.` are names without an ending, of the root
 * and of any `bin`.
 */
export type NamePattern = string;

/** What is to be read for a detector. */
export interface Reads {
  /** Manifests, pins, configuration: all of them are read, up to the bound of a tree. */
  manifests: readonly NamePattern[];
  /** Source files: read after those, entry points first, within a smaller bound. */
  sources?: readonly NamePattern[];
}

export interface EcosystemDetector {
  ecosystem: Ecosystem;
  reads: Reads;
  detect(reading: Reading): Draft[];
}

/** Something that is said of a directory. */
export interface DirectoryClaim {
  /** The directory it stands for: of the nearest application at or above it, and of none else. */
  path: string;
  claim: Claim;
}

/** A service that somebody names. */
export interface ServiceClaim {
  /** postgres, redis ... see `services/catalog.ts`. */
  kind: string;
  version: string | null;
  port: number | null;
  /** Directory of who uses it; null: whole repository. */
  usedBy: string | null;
  /** Variables that carry its address. */
  env: readonly string[];
  /**
   * How much is known: `declared` runs it (compose, CI service block),
   * `configured` points at it (framework configuration, connection string,
   * variable), `client` could speak to it (a library in a manifest).
   */
  strength: "declared" | "configured" | "client";
  /** A name of its own where it has one: tells two of a kind apart. */
  name: string | null;
  /** What it is declared for; where versions differ the first of these is believed. */
  place?: "production" | "development" | "devcontainer" | "test" | "ci";
  evidence: readonly Evidence[];
}

export interface Gathered {
  claims: readonly DirectoryClaim[];
  services: readonly ServiceClaim[];
  /** Directories that are an application although no ecosystem says so. */
  drafts: readonly Draft[];
  /** Other repositories that are named. */
  mentions?: readonly Mention[];
  /** Applications that speak to each other, by directories at or below them. */
  calls?: readonly Call[];
}

export interface EvidenceDetector {
  name: string;
  reads: Reads;
  /** `drafts` are what ecosystems found: their directories and dependencies may be looked at. */
  gather(reading: Reading, drafts: readonly Draft[]): Gathered;
}
