/**
 * What ci needs of the world, each with a real adapter and one for tests.
 *
 * @module
 */
import type { AppError, PublishReply, PublishRequest } from "../model/mod.ts";
import type { RepositoryRefs } from "./core/queue.ts";

/** What every long call takes. */
export interface Call {
  signal: AbortSignal;
  onLog: (line: string) => void;
}

/** The hub: what there is to build. */
export interface RefSource {
  /** Every repository with its branches, as they are now. */
  repositories(signal: AbortSignal): Promise<RepositoryRefs[]>;
}

/** Commits, pinned. */
export interface Git {
  /** Makes the commit readable here; gives the flake reference that pins it. */
  fetch(repository: string, commit: string, call: Call): Promise<string>;
}

/** What is in a commit that was fetched. */
export interface Contents {
  /** Why it cannot be evaluated, in better words than nix has; null when it can, and when that cannot be told. */
  obstacle(
    repository: string,
    commit: string,
    call: Call,
  ): Promise<AppError | null>;
}

/** What evaluating a commit gives. */
export interface Evaluation {
  /** The text of `blueprintJSON`. */
  blueprint: string;
  /** Derivations that build every store path the blueprint names. */
  derivations: string[];
  /** `checks.SYSTEM.NAME`: name to derivation. */
  checks: Record<string, string>;
}

/** Evaluates, builds and uploads. */
export interface Builder {
  evaluate(flakeRef: string, call: Call): Promise<Evaluation>;
  /** Builds; what is built already costs a look. */
  build(derivations: readonly string[], call: Call): Promise<void>;
  /** Those of `paths` that are not in the store. */
  missing(paths: readonly string[], call: Call): Promise<string[]>;
  /** Pushes paths and their closures into the cache. */
  upload(paths: readonly string[], call: Call): Promise<void>;
}

/** The highest published generation of a cluster; 0 and empty texts for one that was never published. */
export interface Highest {
  generation: number;
  intentHash: string;
  commit: string;
}

/** The master, as a publisher sees it. */
export interface Publisher {
  highest(cluster: string, signal: AbortSignal): Promise<Highest>;
  /** Throws `conflict` when the parent is not the highest any more. */
  publish(request: PublishRequest, signal: AbortSignal): Promise<PublishReply>;
}

/** All of them. */
export interface Ports {
  refs: RefSource;
  git: Git;
  contents: Contents;
  builder: Builder;
  publisher: Publisher;
}
