import assert from "node:assert/strict";
import fc from "fast-check";
import { commitOf, MasterScenario } from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import { AppError } from "../model/errors.ts";
import { intentHash, intentText } from "../model/hashes.ts";
import { IntentDoc } from "./core/documents.ts";

Deno.test("the rules of publishing agree with a model of them", async () => {
  const Publish = fc.record({
    generation: fc.integer({ min: 1, max: 8 }),
    parent: fc.integer({ min: 0, max: 8 }),
    intent: fc.integer({ min: 1, max: 3 }),
    commit: fc.integer({ min: 1, max: 2 }),
    repository: fc.constantFrom("shop", "shop", "shop", "other"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(Publish, { maxLength: 25 }), async (requests) => {
      const s = await MasterScenario.create();
      const model = new Map<number, string>();
      let owner: string | undefined;
      for (const request of requests) {
        const { generation, parent, repository } = request;
        const vmSpecs = [vmSpec({ env: { v: String(request.intent) } })];
        const commit = commitOf(request.commit);
        const content = `${request.intent} ${commit}`;
        const highest = Math.max(0, ...model.keys());
        const isRepeat = model.get(generation) === content;
        const isNew = !model.has(generation) && parent === highest &&
          generation > parent;
        const expected = owner !== undefined && owner !== repository
          ? "refused"
          : isRepeat
          ? "repeat"
          : isNew
          ? "created"
          : "conflict";
        const got = await s.publish(vmSpecs, {
          generation,
          parent,
          commit,
          repository,
        }).then(
          (reply) => reply.created ? "created" : "repeat",
          (error: unknown) => error instanceof AppError ? error.code : "bug",
        );
        assert.equal(got, expected);
        if (got === "created") {
          model.set(generation, content);
          owner ??= repository;
        }
        assert.equal(
          s.master.views.highestGeneration("shop").generation,
          Math.max(0, ...model.keys()),
        );
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("what is stored of specs gives the same specs back", () => {
  const specs = [
    vmSpec({ name: "plain" }),
    vmSpec({
      name: "rich",
      env: { A: "" },
      labels: { tier: "web" },
      network: { ports: [{ name: "http", guest: 80, publish: 8080 }] },
      volumes: [{ name: "data", sizeMib: 10, mount: "/data" }],
      healthChecks: [{ name: "up", kind: "tcp", port: 80 }],
      update: { maxParallel: 2, minAvailable: 0 },
      constraints: [{ attribute: "zone", operator: "in", value: ["a", "b"] }],
      affinities: [{ attribute: "disk", value: "ssd", weight: 0 }],
      spread: [{ attribute: "zone", weight: 0 }],
      budget: { bootMs: 5 },
    }),
  ];
  const { vms } = IntentDoc.parse(JSON.parse(intentText(specs)));
  assert.deepEqual(Object.values(vms), specs);
});

Deno.test("equal specs in another order are the same intent", () => {
  const a = vmSpec({ name: "a" });
  const b = vmSpec({ name: "b" });
  assert.equal(intentHash([a, b]), intentHash([b, a]));
});
