import assert from "node:assert/strict";
import fc from "fast-check";
import { vmSpec } from "../../tests/support/specs.ts";
import {
  canonicalJson,
  intentHash,
  policyHash,
  runtimeHash,
  withoutDefaults,
} from "./hashes.ts";
import { VmSpec } from "./vm_spec.ts";

const check = { name: "up", kind: "http", port: 80 } as const;

Deno.test("canonicalJson() follows RFC 8785 for order, numbers and escapes", () => {
  assert.equal(
    canonicalJson({
      "\u20ac": 1,
      "\r": 2,
      "1": [1e21, 0.000001, -0],
      a: undefined,
    }),
    '{"\\r":2,"1":[1e+21,0.000001,0],"\u20ac":1}',
  );
});

Deno.test("canonicalJson() reads back as the same value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(
      JSON.parse(canonicalJson(value)),
      JSON.parse(JSON.stringify(value)),
    );
  }));
});

Deno.test("withoutDefaults() leaves what was written, and parsing it gives the spec back", () => {
  const spec = vmSpec({
    healthChecks: [check],
    update: { maxParallel: 2 },
    labels: { tier: "front" },
  });
  const bare = withoutDefaults(spec);
  assert.deepEqual(Object.keys(bare).sort(), [
    "cpuMilli",
    "healthChecks",
    "image",
    "labels",
    "memoryMib",
    "name",
    "update",
  ]);
  assert.deepEqual(bare.update, { maxParallel: 2 });
  assert.deepEqual(bare.healthChecks, [check]);
  assert.deepEqual(VmSpec.parse(bare), spec);
});

Deno.test("hashes do not change when a default is written out", () => {
  const short = vmSpec({ healthChecks: [check] });
  const long = vmSpec({
    healthChecks: [{ ...check, intervalMs: 1000, failures: 3 }],
    env: {},
    priority: 0,
  });
  assert.equal(runtimeHash(short), runtimeHash(long));
  assert.equal(policyHash(short), policyHash(long));
  assert.equal(intentHash([short]), intentHash([long]));
});

Deno.test("each key is in exactly one of runtimeHash and policyHash", () => {
  const base = vmSpec();
  const changes: [
    string,
    Parameters<typeof vmSpec>[0],
    "runtime" | "policy",
  ][] = [
    ["image", { image: { ...base.image, cmdline: "quiet" } }, "runtime"],
    ["cpuMilli", { cpuMilli: 600 }, "runtime"],
    ["memoryMib", { memoryMib: 256 }, "runtime"],
    ["env", { env: { A: "1" } }, "runtime"],
    [
      "network",
      { network: { ports: [{ name: "http", guest: 80 }] } },
      "runtime",
    ],
    [
      "volumes",
      { volumes: [{ name: "data", sizeMib: 10, mount: "/data" }] },
      "runtime",
    ],
    ["fencing", { fencing: "exclusive" }, "runtime"],
    ["backend", { backend: "qemu" }, "runtime"],
    ["replicas", { replicas: 2 }, "policy"],
    ["labels", { labels: { a: "b" } }, "policy"],
    ["priority", { priority: 5 }, "policy"],
    ["healthChecks", { healthChecks: [check] }, "policy"],
    ["update", { update: { maxParallel: 3 } }, "policy"],
    ["restart", { restart: { policy: "never" } }, "policy"],
    [
      "constraints",
      { constraints: [{ attribute: "arch", value: "x86_64" }] },
      "policy",
    ],
    [
      "affinities",
      { affinities: [{ attribute: "zone", value: "a" }] },
      "policy",
    ],
    ["spread", { spread: [{ attribute: "zone" }] }, "policy"],
    ["dependsOn", { dependsOn: ["db"] }, "policy"],
    ["budget", { budget: { bootMs: 1000 } }, "policy"],
  ];
  assert.deepEqual(
    changes.map(([key]) => key).concat("name").sort(),
    Object.keys(VmSpec.shape).sort(),
    "a new key of VmSpec needs a row here",
  );
  for (const [key, over, part] of changes) {
    const changed = vmSpec(over);
    assert.equal(
      runtimeHash(changed) !== runtimeHash(base),
      part === "runtime",
      key,
    );
    assert.equal(
      policyHash(changed) !== policyHash(base),
      part === "policy",
      key,
    );
    assert.notEqual(intentHash([changed]), intentHash([base]), key);
  }
});

Deno.test("intentHash() does not depend on the order of the specs", () => {
  const a = vmSpec({ name: "a" });
  const b = vmSpec({ name: "b" });
  assert.equal(intentHash([a, b]), intentHash([b, a]));
  assert.notEqual(intentHash([a]), intentHash([b]));
});
