import { deepEqual, equal, match, throws } from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import { Plan, PlanChangeKind, PlanRequest } from "../../roles/model/plan.ts";
import { overTheWire } from "../../tests/support/over_the_wire.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import * as master from "../generated/master.ts";
import {
  planFromWire,
  planRequestFromWire,
  planRequestToWire,
  planToWire,
} from "./plan.ts";

const sent = (plan: Plan) =>
  planFromWire(overTheWire(master.Plan, planToWire(plan)));

const PLAN: Plan = {
  cluster: "shop",
  planRevision: Number.MAX_SAFE_INTEGER,
  activeGeneration: 0,
  nextGeneration: 1,
  commit: "",
  intentHash: "a".repeat(64),
  refused: null,
  held: null,
  changes: PlanChangeKind.options.map((kind, ordinal) => ({
    vm: `shop/web-${ordinal}`,
    kind,
    fromWorker: ordinal % 2 === 0 ? "" : "w1",
    toWorker: "w2",
    reason: `${kind}, because`,
  })),
  closures: [{
    vm: "web",
    known: true,
    message: "",
    pathsAdded: 3,
    pathsRemoved: 0,
    bytesAdded: 2 ** 40,
    bytesRemoved: 0,
    totalBytes: 2 ** 41,
    kernelChanged: true,
    copies: [{ worker: "w1", bytes: 2 ** 40 }],
  }],
};

Deno.test("a plan comes back as it was sent, every kind of change included", () => {
  deepEqual(sent(PLAN), PLAN);
  const other = { ...PLAN, refused: "no", held: "held at 1", commit: "abcdef" };
  deepEqual(sent(other), other);
});

Deno.test("what is planned comes back as it was sent", () => {
  const ask = (over: Partial<PlanRequest>) => {
    const request = PlanRequest.parse({
      cluster: "shop",
      vmSpecs: [vmSpec(), vmSpec({ name: "db" })],
      ...over,
    });
    const wire = overTheWire(master.PlanRequest, planRequestToWire(request));
    deepEqual(planRequestFromWire(wire), request);
  };
  ask({});
  ask({ repository: "shop", commit: "abcdef", placement: "pack" });
});

Deno.test("a name that is there twice is refused, with its path", () => {
  const twice = {
    cluster: "shop",
    placement: "spread" as const,
    vmSpecs: [vmSpec(), vmSpec()],
  };
  const wire = overTheWire(master.PlanRequest, planRequestToWire(twice));
  throws(() => planRequestFromWire(wire), (error) => {
    equal(error instanceof AppError && error.code, "invalid");
    match(String(error), /vmSpecs.*"web" is there twice/);
    return true;
  });
});
