import assert from "node:assert/strict";
import { storePath } from "../../tests/support/specs.ts";
import { parseBlueprint, storePathsOf } from "./blueprint.ts";
import { AppError } from "./errors.ts";

const image = {
  toplevel: storePath("image"),
  kernelPath: `${storePath("image")}/bzImage`,
  initrdPath: `${storePath("image")}/initrd`,
};
const web = { cpu: 0.5, memoryMib: 128, image };

function refusal(blueprint: unknown): string {
  try {
    parseBlueprint(
      typeof blueprint === "string" ? blueprint : JSON.stringify(blueprint),
    );
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "invalid");
    return error.message;
  }
  throw new Error("it was accepted");
}

Deno.test("parseBlueprint() fills in the defaults of design.md", () => {
  const { cluster, vmSpecs } = parseBlueprint(
    JSON.stringify({ version: 1, cluster: "shop", vms: { web } }),
  );
  assert.equal(cluster, "shop");
  const [spec] = vmSpecs;
  assert.ok(spec);
  assert.equal(spec.cpuMilli, 500);
  assert.equal(spec.replicas, 1);
  assert.deepEqual(spec.update, {
    strategy: "rolling",
    maxParallel: 1,
    canary: 0,
    minHealthyTimeMs: 10_000,
    healthyDeadlineMs: 300_000,
    progressDeadlineMs: 600_000,
    autoRevert: true,
    autoPromote: false,
  });
  assert.equal(spec.fencing, "none");
});

Deno.test("parseBlueprint() names the path of what is wrong", () => {
  const of = (vm: Record<string, unknown>) =>
    refusal({ version: 1, cluster: "shop", vms: { web: { ...web, ...vm } } });
  const table: [string, RegExp][] = [
    [refusal("{"), /not JSON/],
    [refusal({ version: 2, cluster: "shop", vms: {} }), /version/],
    [
      refusal({ version: 1, cluster: "Shop", vms: {} }),
      /cluster: must be 1 to 63/,
    ],
    [refusal({ version: 1, cluster: "shop", vms: {}, extra: 1 }), /extra/],
    [of({ colour: "red" }), /vms\.web: .*colour/],
    [of({ update: { maxParalel: 1 } }), /vms\.web\.update: .*maxParalel/],
    [of({ cpu: 0.0001 }), /vms\.web\.cpu/],
    [
      of({ image: { ...image, toplevel: "/etc" } }),
      /vms\.web\.image\.toplevel: must be a path below/,
    ],
    [
      of({ image: { ...image, kernelPath: `${image.toplevel}/../x` } }),
      /must not contain \.\./,
    ],
    [of({ dependsOn: ["db"] }), /vms\.web\.dependsOn: there is no VM "db"/],
    [
      of({ network: { allowedPeers: ["db"] } }),
      /vms\.web\.network\.allowedPeers: there is no VM "db"/,
    ],
    [
      of({ healthChecks: [{ name: "up", kind: "http" }] }),
      /healthChecks\[0\]\.port: a http check needs it/,
    ],
    [
      of({ healthChecks: [{ name: "up", kind: "serial" }] }),
      /healthChecks\[0\]\.match/,
    ],
    [
      of({ fencing: "exclusive", update: { strategy: "canary" } }),
      /update\.strategy: canary is not possible/,
    ],
    [
      of({ volumes: [{ name: "a", sizeMib: 1, mount: "data" }] }),
      /volumes\[0\]\.mount/,
    ],
    [
      of({
        network: { ports: [{ name: "a", guest: 1 }, { name: "a", guest: 2 }] },
      }),
      /network\.ports: "a" is there twice/,
    ],
  ];
  for (const [message, expected] of table) assert.match(message, expected);
});

Deno.test("storePathsOf() lists each store path once", () => {
  const { vmSpecs } = parseBlueprint(
    JSON.stringify({ version: 1, cluster: "shop", vms: { web, api: web } }),
  );
  assert.deepEqual(storePathsOf(vmSpecs), [storePath("image")]);
});
