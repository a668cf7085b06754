/**
 * What `plan` is asked, and what it answers.
 *
 * @module
 */
import { Plan, PlanRequest } from "../../roles/model/plan.ts";
import type * as wire from "../generated/master.ts";
import { parseFast } from "./accept.ts";
import { counter, type Plain, setGiven } from "./plain.ts";
import { vmSpecPlain, vmSpecToWire } from "./vm_spec.ts";

export function planRequestToWire(
  request: PlanRequest,
): wire.PlanRequestInput {
  return {
    cluster: request.cluster,
    repository: request.repository ?? "",
    commit: request.commit ?? "",
    placement: request.placement,
    vmSpecs: request.vmSpecs.map(vmSpecToWire),
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function planRequestFromWire(request: wire.PlanRequest): PlanRequest {
  const plain: Plain = {
    cluster: request.cluster,
    placement: request.placement,
    vmSpecs: request.vmSpecs.map(vmSpecPlain),
  };
  setGiven(plain, "repository", request.repository);
  setGiven(plain, "commit", request.commit);
  return parseFast(PlanRequest, plain, { what: "what is to be planned" });
}

export function planToWire(plan: Plan): wire.PlanInput {
  return { ...plan, refused: plan.refused ?? "", held: plan.held ?? "" };
}

/** @throws {AppError} `invalid`, naming the path. */
export function planFromWire(plan: wire.Plan | undefined): Plan {
  const plain = plan === undefined ? undefined : {
    cluster: plan.cluster,
    planRevision: counter(plan.planRevision, "planRevision"),
    activeGeneration: counter(plan.activeGeneration, "activeGeneration"),
    nextGeneration: counter(plan.nextGeneration, "nextGeneration"),
    commit: plan.commit,
    intentHash: plan.intentHash,
    refused: plan.refused === "" ? null : plan.refused,
    held: plan.held === "" ? null : plan.held,
    changes: plan.changes.map((change) => ({ ...change })),
    closures: plan.closures.map(closurePlain),
  };
  return parseFast(Plan, plain, { what: "the plan" });
}

function closurePlain(closure: wire.ClosureChange): unknown {
  const { vm } = closure;
  return {
    vm,
    known: closure.known,
    message: closure.message,
    pathsAdded: closure.pathsAdded,
    pathsRemoved: closure.pathsRemoved,
    bytesAdded: counter(closure.bytesAdded, `bytesAdded of ${vm}`),
    bytesRemoved: counter(closure.bytesRemoved, `bytesRemoved of ${vm}`),
    totalBytes: counter(closure.totalBytes, `totalBytes of ${vm}`),
    kernelChanged: closure.kernelChanged,
    copies: closure.copies.map(({ worker, bytes }) => ({
      worker,
      bytes: counter(bytes, `bytes of ${vm} on ${worker}`),
    })),
  };
}
