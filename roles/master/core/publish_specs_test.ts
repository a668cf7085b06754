import assert from "node:assert/strict";
import { storePath, vmSpec } from "../../../tests/support/specs.ts";
import { parseBlueprint } from "../../model/blueprint.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { Room } from "./placing.ts";
import { sizeProblem, specProblem } from "./publish_specs.ts";
import { choosePlace } from "./scheduler.ts";

function regexp(value: string) {
  return [{ attribute: "zone", operator: "regexp" as const, value }];
}

Deno.test("what contradicts itself or could explode is refused with the sentence", () => {
  const published = (name: string, publish: number) => ({
    name,
    guest: 80,
    publish,
  });
  const cases: [string, VmSpec[], RegExp][] = [
    [
      "a circle",
      [
        vmSpec({ name: "a", dependsOn: ["b"] }),
        vmSpec({ name: "b", dependsOn: ["a"] }),
      ],
      /dependsOn goes in a circle: a -> b -> a/,
    ],
    [
      "itself",
      [vmSpec({ name: "a", dependsOn: ["a"] })],
      /dependsOn goes in a circle: a -> a/,
    ],
    [
      "nobody",
      [vmSpec({ name: "a", dependsOn: ["b"] })],
      /"a" depends on "b", which is not in it/,
    ],
    [
      "a port twice",
      [vmSpec({
        network: { ports: [published("a", 80), published("b", 80)] },
      })],
      /"web" publishes host port 80 twice/,
    ],
    [
      "an impossible spread",
      [vmSpec({
        spread: [{ attribute: "zone", weight: 1 }, { attribute: "zone" }],
      })],
      /"web" spreads over "zone" twice/,
    ],
    [
      "a pattern that grows",
      [vmSpec({ constraints: regexp("((a{10}){10}){10}") })],
      /"web" has the rule "zone regexp .*", which expands to 1222 steps/,
    ],
    [
      "a pattern that is none, in an affinity",
      [vmSpec({
        affinities: regexp("(").map((rule) => ({ ...rule, weight: 1 })),
      })],
      /has the rule "zone regexp \(", which is no pattern in RE2's syntax/,
    ],
    [
      "a bad range",
      [vmSpec({
        constraints: [{
          attribute: "kernel",
          operator: "version",
          value: "six",
        }],
      })],
      /which has "six", which is no comparison: write for example >= 1.2, < 2/,
    ],
    [
      "too many instances",
      [
        vmSpec({ name: "a", replicas: 10_000 }),
        vmSpec({ name: "b", replicas: 1 }),
      ],
      /it has 10001 instances, at most 10000/,
    ],
    [
      "too many patterns",
      Array.from(
        { length: 1001 },
        (_, index) =>
          vmSpec({ name: `v${index}`, constraints: regexp(`x${index}`) }),
      ),
      /more than 1000 different regexp patterns/,
    ],
  ];
  for (const [what, specs, says] of cases) {
    assert.match(specProblem(specs)?.why ?? "nothing", says, what);
  }
  assert.equal(specProblem([vmSpec({ constraints: regexp("^eu-") })]), null);
});

Deno.test("what no worker could hold even when empty is refused, also as 10,000 replicas", () => {
  const capacity = { cpuMilli: 4000, memoryMib: 8192 };
  const workers = [{ name: "w1", capacity }];
  const large = vmSpec({ memoryMib: 67_108_864, replicas: 10_000 });
  assert.match(
    sizeProblem([large], workers)?.why ?? "",
    /VM "web" needs 67108864 MiB and 0.5 cores: the largest worker "w1" has 8192 MiB and 4 cores/,
  );
  assert.equal(sizeProblem([large], []), null, "workers may still come");
  assert.equal(
    sizeProblem([{ ...large, replicas: 0 }], workers),
    null,
    "nothing is asked for",
  );
});

Deno.test("what no worker takes now waits, and says for what", () => {
  const room = new Room([{
    name: "w1",
    state: "alive",
    capacity: { cpuMilli: 4000, memoryMib: 8192 },
    attributes: { zone: "eu" },
  }], []);
  const ask = (spec: VmSpec) =>
    choosePlace({
      vm: `shop/${spec.name}-0`,
      spec,
      size: spec,
      avoid: [],
      nowMs: 0,
    }, room).why;
  const zone = { attribute: "zone", operator: "=" as const };
  assert.equal(
    ask(vmSpec({
      constraints: [{ ...zone, value: "us" }, { ...zone, value: "eu" }],
    })),
    '"w1" does not meet zone = us',
  );
  assert.equal(
    ask(vmSpec({ memoryMib: 16_384 })),
    'needs 16384 MiB: largest free is 8192 MiB on "w1"',
  );
  const nowhere = vmSpec({ spread: [{ attribute: "no-such-label" }] });
  assert.equal(ask(nowhere), "", "a label nobody has keeps nothing apart");
});

Deno.test("a blueprint's unknown operators, names and sizes are refused where they stand", () => {
  const image = storePath("image");
  const vm = {
    cpu: 1,
    memoryMib: 128,
    image: {
      toplevel: image,
      kernelPath: `${image}/bzImage`,
      initrdPath: `${image}/initrd`,
    },
  };
  const blueprint = (name: string, over: Record<string, unknown>) =>
    JSON.stringify({
      version: 1,
      cluster: "shop",
      vms: { [name]: { ...vm, ...over } },
    });
  const rule = { attribute: "zone", value: "x" };
  const cases: [string, Record<string, unknown>, RegExp][] = [
    [
      "web",
      { constraints: [{ ...rule, operator: "like" }] },
      /web\.constraints.*operator.*"=".*"!=".*"in".*"version".*"regexp"/s,
    ],
    ["Web", {}, /1 to 63 lower-case letters, digits or inner hyphens/],
    ["web_1", {}, /1 to 63 lower-case letters/],
    ["web", { memoryMib: 1e12 }, /web\.memoryMib/],
    ["web", { cpu: 5000 }, /web\.cpu/],
    ["web", { replicas: 10_001 }, /web\.replicas/],
    ["web", { spread: [{ attribute: "zone", weight: -1 }] }, /web\.spread/],
  ];
  for (const [name, over, says] of cases) {
    assert.throws(() => parseBlueprint(blueprint(name, over)), says);
  }
});
