/**
 * Generations: published intents of a cluster, and what asking for one looks like.
 *
 * @module
 */
import { z } from "zod";
import { Commit, Counter, Name, Sha256 } from "./ids.ts";
import { VmSpec } from "./vm_spec.ts";
import { MAX_VMS, Placement } from "./blueprint.ts";

/** A publisher may skip numbers, but not so far that 2^53-1 comes into reach by accident. */
export const MAX_GENERATION_STEP = 1_000_000;

/** W3C trace context, version 00. */
export const Traceparent = z.string().regex(
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  "must be a W3C traceparent of version 00",
);

export const GenerationState = z.enum([
  "pending",
  "rolling",
  "active",
  "failed",
  "superseded",
]);
export type GenerationState = z.output<typeof GenerationState>;

/** What `publishState` is given. `parent` is the highest published generation, 0 for the first. */
export const PublishRequest = z.strictObject({
  cluster: Name,
  repository: z.string().min(1).max(255),
  commit: Commit,
  generation: Counter.min(1),
  parent: Counter,
  intentHash: Sha256,
  /** The cluster's plan revision the publisher saw; refused when it differs. Absent: not checked. */
  expectedRevision: Counter.optional(),
  traceparent: Traceparent.optional(),
  /** Absent: spread. */
  placement: Placement.optional(),
  vmSpecs: z.array(VmSpec).max(MAX_VMS),
}).superRefine(({ vmSpecs }, context) => {
  const names = new Set<string>();
  for (const { name } of vmSpecs) names.add(name);
  // The rule, in one look; which name it is matters only when it is broken.
  if (names.size === vmSpecs.length) return;
  for (const { name } of vmSpecs) {
    if (names.delete(name)) continue;
    context.addIssue({
      code: "custom",
      path: ["vmSpecs"],
      message: `"${name}" is there twice`,
    });
  }
});
export type PublishRequest = z.output<typeof PublishRequest>;

/** The answer: what became of the generation. */
export interface PublishReply {
  cluster: string;
  generation: number;
  state: GenerationState;
  intentHash: string;
  /** False when the same number, hash and commit was known: nothing changed. */
  created: boolean;
}

/**
 * Stages of a commit in wall seconds, the slowest VM counting, null if not
 * reached. eval and build are ci's; the rest is the master's.
 */
export interface StageSeconds {
  eval: number | null;
  build: number | null;
  copy: number | null;
  place: number | null;
  boot: number | null;
  healthy: number | null;
}

/** A generation as `generations`, the hub and the demo show it. */
export interface GenerationSummary {
  cluster: string;
  generation: number;
  commit: string;
  repository: string;
  intentHash: string;
  parent: number;
  state: GenerationState;
  /** Why it failed or waits; empty when there is nothing to say. */
  reason: string;
  /** Milliseconds since the Unix epoch. */
  publishedAtMs: number;
  /** When it became active, failed or superseded; null while pending or rolling. */
  endedAtMs: number | null;
  vms: number;
  seconds: Pick<StageSeconds, "copy" | "place" | "boot" | "healthy">;
  traceparent: string | null;
  /** It was active once and is not now: `rollback` may name it. */
  rollbackTarget?: boolean;
}
