/**
 * Why a VM is where it is.
 *
 * @module
 */
import { type Candidate, Why } from "../../roles/model/plan.ts";
import type * as wire from "../generated/master.ts";
import { parseFast } from "./accept.ts";
import { counter } from "./plain.ts";

function candidateToWire(candidate: Candidate): wire.CandidateInput {
  const { worker, score, parts, refusal, kind } = candidate;
  return {
    worker,
    score,
    parts: Object.entries(parts).map(([name, value]) => ({ name, value })),
    refusal: refusal ?? "",
    kind: kind ?? "",
  };
}

export function whyToWire(why: Why): wire.WhyInput {
  return {
    ...why,
    decidedAtMs: why.decidedAtMs ?? 0,
    rolledBack: why.rolledBack ?? "",
    candidates: why.candidates.map(candidateToWire),
  };
}

function candidatePlain(candidate: wire.Candidate): unknown {
  return {
    worker: candidate.worker,
    score: candidate.score,
    parts: Object.fromEntries(
      candidate.parts.map(({ name, value }) => [name, value]),
    ),
    refusal: candidate.refusal === "" ? null : candidate.refusal,
    kind: candidate.kind === "" ? null : candidate.kind,
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function whyFromWire(why: wire.Why | undefined): Why {
  const plain = why === undefined ? undefined : {
    vm: why.vm,
    summary: why.summary,
    worker: why.worker,
    incarnation: counter(why.incarnation, "incarnation"),
    decidedAtMs: why.decidedAtMs === 0
      ? null
      : counter(why.decidedAtMs, "decidedAtMs"),
    reason: why.reason,
    rolledBack: why.rolledBack === "" ? null : why.rolledBack,
    candidates: why.candidates.map(candidatePlain),
  };
  return parseFast(Why, plain, { what: "why it is there" });
}
