/**
 * What `publishState` carries and answers.
 *
 * @module
 */
import { z } from "zod";
import {
  GenerationState,
  type PublishReply,
  PublishRequest,
} from "../../roles/model/generation.ts";
import { Counter } from "../../roles/model/ids.ts";
import { parseFast } from "./accept.ts";
import type * as wire from "../generated/master.ts";
import { counter, type Plain, setGiven } from "./plain.ts";
import { vmSpecPlain, vmSpecToWire } from "./vm_spec.ts";

export function publishRequestToWire(
  request: PublishRequest,
): wire.PublishRequestInput {
  return {
    cluster: request.cluster,
    repository: request.repository,
    commit: request.commit,
    generation: request.generation,
    parent: request.parent,
    intentHash: request.intentHash,
    checkRevision: request.expectedRevision !== undefined,
    expectedRevision: request.expectedRevision ?? 0,
    traceparent: request.traceparent ?? "",
    vmSpecs: request.vmSpecs.map(vmSpecToWire),
    placement: request.placement ?? "spread",
  };
}

/** @throws {AppError} `invalid`, naming the path. */
export function publishRequestFromWire(
  request: wire.PublishRequest,
): PublishRequest {
  const plain: Plain = {
    cluster: request.cluster,
    repository: request.repository,
    commit: request.commit,
    generation: counter(request.generation, "generation"),
    parent: counter(request.parent, "parent"),
    intentHash: request.intentHash,
    vmSpecs: request.vmSpecs.map(vmSpecPlain),
    placement: request.placement,
  };
  setGiven(plain, "traceparent", request.traceparent);
  if (request.checkRevision) {
    const { expectedRevision } = request;
    plain.expectedRevision = counter(expectedRevision, "expectedRevision");
  }
  return parseFast(PublishRequest, plain, { what: "what is published" });
}

export function publishReplyToWire(
  reply: PublishReply,
): wire.PublisherPublishStateResultsInput {
  return reply;
}

const Reply = z.strictObject({
  cluster: z.string(),
  generation: Counter,
  state: GenerationState,
  intentHash: z.string(),
  created: z.boolean(),
}) satisfies z.ZodType<PublishReply>;

export function publishReplyFromWire(
  reply: wire.PublisherPublishStateResults,
): PublishReply {
  return parseFast(Reply, reply, { what: "the master's answer" });
}
