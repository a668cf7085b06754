/**
 * Generations as `generations` lists them.
 *
 * @module
 */
import { z } from "zod";
import {
  GenerationState,
  type GenerationSummary,
} from "../../roles/model/generation.ts";
import { Counter } from "../../roles/model/ids.ts";
import { parseFast } from "./accept.ts";
import type * as wire from "../generated/master.ts";
import { seconds } from "./observed.ts";
import { counter } from "./plain.ts";

const Seconds = z.number().min(0).nullable();
const Summary = z.strictObject({
  cluster: z.string(),
  generation: Counter,
  commit: z.string(),
  repository: z.string(),
  intentHash: z.string(),
  parent: Counter,
  state: GenerationState,
  reason: z.string(),
  publishedAtMs: Counter,
  endedAtMs: Counter.nullable(),
  vms: Counter,
  seconds: z.strictObject({
    copy: Seconds,
    place: Seconds,
    boot: Seconds,
    healthy: Seconds,
  }),
  traceparent: z.string().nullable(),
  rollbackTarget: z.boolean(),
}) satisfies z.ZodType<GenerationSummary>;

export function generationSummaryToWire(
  summary: GenerationSummary,
): wire.GenerationInput {
  return {
    cluster: summary.cluster,
    generation: summary.generation,
    commit: summary.commit,
    repository: summary.repository,
    intentHash: summary.intentHash,
    parent: summary.parent,
    state: summary.state,
    reason: summary.reason,
    publishedAtMs: summary.publishedAtMs,
    endedAtMs: summary.endedAtMs ?? 0,
    vms: summary.vms,
    copySeconds: summary.seconds.copy ?? -1,
    placeSeconds: summary.seconds.place ?? -1,
    bootSeconds: summary.seconds.boot ?? -1,
    healthySeconds: summary.seconds.healthy ?? -1,
    traceparent: summary.traceparent ?? "",
    rollbackTarget: summary.rollbackTarget ?? false,
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function generationSummaryFromWire(
  generation: wire.Generation,
): GenerationSummary {
  const endedAtMs = counter(generation.endedAtMs, "endedAtMs");
  const plain = {
    cluster: generation.cluster,
    generation: counter(generation.generation, "generation"),
    commit: generation.commit,
    repository: generation.repository,
    intentHash: generation.intentHash,
    parent: counter(generation.parent, "parent"),
    state: generation.state,
    reason: generation.reason,
    publishedAtMs: counter(generation.publishedAtMs, "publishedAtMs"),
    endedAtMs: endedAtMs === 0 ? null : endedAtMs,
    vms: generation.vms,
    seconds: {
      copy: seconds(generation.copySeconds),
      place: seconds(generation.placeSeconds),
      boot: seconds(generation.bootSeconds),
      healthy: seconds(generation.healthySeconds),
    },
    traceparent: generation.traceparent === "" ? null : generation.traceparent,
    rollbackTarget: generation.rollbackTarget,
  };
  return parseFast(Summary, plain, { what: "a generation" });
}
