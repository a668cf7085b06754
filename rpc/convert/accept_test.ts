import assert from "node:assert/strict";
import fc from "fast-check";
import { Assignment } from "../../roles/model/assignment.ts";
import { WorkerReport } from "../../roles/model/observed.ts";
import { ClusterStatus } from "../../roles/model/status.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";
import { observedVm, STORE, vmSpec } from "../../tests/support/arbitraries.ts";
import { overTheWire } from "../../tests/support/over_the_wire.ts";
import { clusterStatus } from "../../tests/support/specs.ts";
import {
  clusterStatusFromWire,
  publishRequestFromWire,
  vmSpecFromWire,
} from "../convert.ts";
import * as common from "../generated/common.ts";
import * as master from "../generated/master.ts";
import { acceptor } from "./accept.ts";

/** Every place in a value, as the object that holds it and its key. */
function places(value: unknown): { holder: object; key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { holder: value, key },
    ...places(item),
  ]);
}

Deno.test("what is accepted fast is what zod returns, unchanged", () => {
  const accepts = acceptor(VmSpec);
  const odd = fc.constantFrom<unknown>(
    undefined,
    null,
    -1,
    0,
    1.5,
    NaN,
    2 ** 60,
    7n,
    "",
    "Not A Name",
    "/nix/store/../etc",
    "x".repeat(5000),
    "blue-green",
    "exclusive",
    true,
    [],
    ["a", "a"],
    {},
    { name: "x" },
    JSON.parse('{"__proto__": 1}'),
  );
  let refused = 0;
  fc.assert(
    fc.property(vmSpec, fc.nat(), odd, fc.boolean(), (spec, at, value, add) => {
      assert.ok(accepts(spec), "a good spec takes the fast way");
      const changed = structuredClone(spec) as unknown as object;
      const all = places(changed);
      const { holder, key } = all[at % all.length]!;
      Object.assign(holder, {
        [add && !Array.isArray(holder) ? `${key}x` : key]: value,
      });
      if (!accepts(changed)) return void refused++;
      const parsed = VmSpec.safeParse(changed);
      assert.ok(parsed.success, parsed.error?.message);
      assert.deepEqual(parsed.data, changed);
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 300, `${refused} changed specs were refused`);
});

Deno.test("every contract of the wire takes the fast way", () => {
  assert.ok(acceptor(ClusterStatus)(clusterStatus()));
  const fallback = { kind: "stop" };
  fc.assert(fc.property(vmSpec, observedVm, (spec, vm) => {
    const hash = "a".repeat(64);
    const order = {
      vm: vm.vm,
      incarnation: 1,
      orderRevision: 1,
      generation: 1,
      commit: "abcdef",
      spec,
      runtimeHash: hash,
      policyHash: hash,
      fallback,
      surge: false,
      network: {
        address: "10.201.0.2",
        peers: [{ name: "db", addresses: ["10.201.1.2"] }],
        sources: ["10.201.1.255"],
      },
    };
    const assignment = {
      worker: "w",
      leaseEpoch: 1,
      revision: 1,
      leaseMs: 1,
      orders: [order],
      network: {
        subnet: "10.201.0.0/24",
        routes: [{ worker: "v", subnet: "10.201.1.0/24", via: "192.0.2.1" }],
      },
    };
    assert.ok(acceptor(Assignment)(assignment));
    const report = {
      worker: "w",
      bootId: "",
      sequence: 1,
      process: "0".repeat(32),
      leaseEpoch: 0,
      revision: 0,
      capacity: { cpuMilli: 1, memoryMib: 1 },
      attributes: {},
      versions: {},
      vms: [JSON.parse(JSON.stringify(vm))],
      metrics: { load: 0.5 },
      roots: [],
    };
    assert.ok(acceptor(WorkerReport)(report));
  }));
});

Deno.test("a generation of 2^64-1 is refused by name", () => {
  const wire = overTheWire(master.PublishRequest, {
    generation: 2n ** 64n - 1n,
  });
  assert.throws(
    () => publishRequestFromWire(wire),
    /generation: 18446744073709551615 is more than 2\^53-1/,
  );
});

Deno.test("bad values are refused with their path", () => {
  const wire = overTheWire(common.VmSpec, {
    name: "web",
    cpuMilli: 1,
    memoryMib: 16,
    image: { toplevel: "/etc", kernelPath: STORE, initrdPath: STORE },
    update: { strategy: 17 },
    labels: [{ key: "a", value: "1" }],
  });
  assert.throws(
    () => vmSpecFromWire(wire),
    /VM "web": image\.toplevel: .*; update\.strategy: /,
  );
  assert.throws(
    () =>
      vmSpecFromWire({
        ...wire,
        env: [{ key: "a", value: "1" }, { key: "a", value: "2" }],
      }),
    /env of VM "web": the key "a" is there twice/,
  );
  assert.throws(() => clusterStatusFromWire(undefined), /status/);
  assert.throws(
    () => overTheWire(common.Port, { name: "http", guest: 70_000 }),
    /Port\.guest must be an integer from 0 to 65535, not 70000/,
  );
});
