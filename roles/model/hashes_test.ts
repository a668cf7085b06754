import assert from "node:assert/strict";
import fc from "fast-check";
import * as arbitrary from "../../tests/support/arbitraries.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import {
  canonicalJson,
  intentHash,
  intentText,
  policyHash,
  runtimeHash,
  withoutDefaults,
} from "./hashes.ts";
import { HealthCheck, Restart, Update, VmSpec } from "./vm_spec.ts";

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

Deno.test("canonicalJson() writes every string as JSON.stringify does", () => {
  const strings = fc.oneof(
    fc.string({ unit: "binary" }),
    // Halves of a pair too, which JSON.stringify escapes.
    fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(fc.property(strings, (text) => {
    assert.equal(canonicalJson(text), JSON.stringify(text));
  }));
  const units = Array.from(
    { length: 0x10000 },
    (_, i) => String.fromCharCode(i),
  );
  assert.deepEqual(
    units.filter((text) => canonicalJson(text) !== JSON.stringify(text)),
    [],
  );
});

/** The definition, by the letter: copy, strip, sort, write. */
const naive = (() => {
  const each = (defaults: object) => ({ each: defaults });
  const { name: _name, kind: _kind, ...check } = HealthCheck.parse({
    name: "x",
    kind: "guest",
  });
  const defaults = {
    replicas: 1,
    labels: {},
    priority: 0,
    image: { cmdline: "", root: "initrd" },
    env: {},
    network: { allowedDomains: [], allowedPeers: [], ports: [] },
    volumes: [],
    healthChecks: each(check),
    update: Update.parse({}),
    restart: Restart.parse({}),
    fencing: "none",
    constraints: each({ operator: "=" }),
    affinities: each({ operator: "=", weight: 50 }),
    spread: each({ weight: 50 }),
    dependsOn: [],
    budget: {},
  };
  const strip = (value: unknown, known: unknown): unknown => {
    if (typeof value !== "object" || value === null) {
      return value === known ? undefined : value;
    }
    const table = (known ?? {}) as Record<string, unknown>;
    if (Array.isArray(value)) {
      if (value.length === 0 && known !== undefined) return undefined;
      return value.map((item) =>
        table.each === undefined ? item : strip(item, table.each)
      );
    }
    const kept = Object.entries(value).map((
      [key, item],
    ) => [key, strip(item, Object.hasOwn(table, key) ? table[key] : undefined)])
      .filter(([, item]) => item !== undefined);
    return kept.length === 0 && known !== undefined
      ? undefined
      : Object.fromEntries(kept);
  };
  const write = (value: unknown): string => {
    if (typeof value !== "object" || value === null) {
      return JSON.stringify(value);
    }
    if (Array.isArray(value)) return `[${value.map(write).join()}]`;
    const record = value as Record<string, unknown>;
    const keys = Object.keys(record).filter((key) => record[key] !== undefined);
    const pairs = keys.sort().map((key) =>
      `${JSON.stringify(key)}:${write(record[key])}`
    );
    return `{${pairs.join()}}`;
  };
  return (specs: readonly VmSpec[]) =>
    write({
      vms: Object.fromEntries(
        specs.map((spec) => [spec.name, strip(spec, defaults)]),
      ),
    });
})();

Deno.test("intentText() is the canonical JSON of the specs without their defaults", () => {
  fc.assert(
    fc.property(fc.array(arbitrary.vmSpec, { maxLength: 4 }), (specs) => {
      assert.equal(intentText(specs), naive(specs));
    }),
  );
});

Deno.test("the canonical text of a spec gives the spec back", () => {
  fc.assert(fc.property(arbitrary.vmSpec, (spec) => {
    assert.deepEqual(VmSpec.parse(withoutDefaults(spec)), spec);
  }));
});

Deno.test("hashes are what they were when generations were stored", () => {
  const spec = vmSpec({
    healthChecks: [check],
    labels: { b: "2", a: "1", "10": "x" },
    network: { ports: [{ name: "http", guest: 80, publish: 8080 }] },
    constraints: [{ attribute: "arch", value: ["x86_64"] }],
    update: { maxParallel: 2 },
  });
  assert.deepEqual(
    [runtimeHash(spec), policyHash(spec), intentHash([spec])],
    [
      "30a4a918b520c7bf0dd5257721dd8d0a6e3f0f5b89ca8bdef8214716ffbccd41",
      "529df750706b82f81dbf23af9540470f7db156e6df36ae283ac0766c84a7b0cf",
      "a11a3f5e6de31fc57201642f41a56840910a9d277cb9b5020223c70ae4be6b80",
    ],
  );
});
