/**
 * What a publish would do, before anybody publishes: the value behind
 * `procurator plan`; and why a VM is where it is.
 *
 * @module
 */
import { z } from "zod";
import { Placement } from "./blueprint.ts";
import { Commit, Counter, Name, Sha256, VmId } from "./ids.ts";
import { VmSpec } from "./vm_spec.ts";
import { MAX_VMS } from "./blueprint.ts";

export const PlanRequest = z.strictObject({
  cluster: Name,
  /** Checked against the cluster's owner when given. */
  repository: z.string().min(1).max(255).optional(),
  /** For show. */
  commit: Commit.optional(),
  placement: Placement.default("spread"),
  vmSpecs: z.array(VmSpec).max(MAX_VMS),
}).superRefine(({ vmSpecs }, context) => {
  const names = new Set<string>();
  for (const { name } of vmSpecs) {
    if (!names.has(name)) names.add(name);
    else {
      const message = `"${name}" is there twice`;
      context.addIssue({ code: "custom", path: ["vmSpecs"], message });
    }
  }
});
export type PlanRequest = z.output<typeof PlanRequest>;

/**
 * `replace`: stopped and started again; `switch`: changed while it runs;
 * `relabel`: other labels, checks or rules, the VM is not touched; `keep`: it
 * only follows the generation; `pending`: it has no place, or waits for another.
 */
export const PlanChangeKind = z.enum([
  "create",
  "replace",
  "switch",
  "move",
  "destroy",
  "relabel",
  "keep",
  "pending",
]);
export type PlanChangeKind = z.output<typeof PlanChangeKind>;

export const PlanChange = z.strictObject({
  vm: VmId,
  kind: PlanChangeKind,
  /** Empty: it is nowhere. */
  fromWorker: z.string(),
  /** Empty: it ends, or has no place. */
  toWorker: z.string(),
  reason: z.string(),
});
export type PlanChange = z.output<typeof PlanChange>;

/** What changes in the closure of one VM, all its replicas alike. */
export const ClosureChange = z.strictObject({
  vm: Name,
  /** False when the cache could not be asked; the counts are 0 then. */
  known: z.boolean(),
  /** Why it is not known; empty otherwise. */
  message: z.string(),
  pathsAdded: Counter,
  pathsRemoved: Counter,
  bytesAdded: Counter,
  bytesRemoved: Counter,
  totalBytes: Counter,
  kernelChanged: z.boolean(),
  /** What each worker that could take it would have to copy. */
  copies: z.array(z.strictObject({ worker: Name, bytes: Counter })),
});
export type ClosureChange = z.output<typeof ClosureChange>;

export const Plan = z.strictObject({
  cluster: Name,
  /** What `expectedRevision` is compared with. */
  planRevision: Counter,
  /** 0: none ever was active. */
  activeGeneration: Counter,
  /** The number it would get. */
  nextGeneration: Counter,
  /** Empty: not known. */
  commit: z.string(),
  intentHash: Sha256,
  /** Why it would be refused; null: it would be taken. */
  refused: z.string().nullable(),
  /** Why it would wait; null: it would not. */
  held: z.string().nullable(),
  changes: z.array(PlanChange),
  closures: z.array(ClosureChange),
});
export type Plan = z.output<typeof Plan>;

/** A worker as a place for one VM. */
export const Candidate = z.strictObject({
  worker: z.string(),
  /** 0 when refused. */
  score: z.number(),
  parts: z.record(z.string(), z.number()),
  /** Why it cannot go there; null: it could. */
  refusal: z.string().nullable(),
  kind: z.enum(["state", "rule", "port", "address", "avoided", "room"])
    .nullable(),
});
export type Candidate = z.output<typeof Candidate>;

export const Why = z.strictObject({
  vm: VmId,
  /** The answer in a sentence. */
  summary: z.string(),
  /** Empty: not placed. */
  worker: z.string(),
  incarnation: Counter,
  /** null: not placed. */
  decidedAtMs: Counter.nullable(),
  /** Why it was placed or moved then. */
  reason: z.string(),
  /** Why it was rolled back; null: it was not. */
  rolledBack: z.string().nullable(),
  /** As the scheduler would judge it now, best first; the refused ones after them. */
  candidates: z.array(Candidate),
});
export type Why = z.output<typeof Why>;
