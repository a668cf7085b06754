import assert from "node:assert/strict";
import { WorkerConfig } from "./config.ts";

/** A configuration whose defaults need no look at this host. */
function parse(more: Record<string, unknown> = {}) {
  return WorkerConfig.safeParse({
    name: "w1",
    stateDir: "/state",
    runDir: "/run/w1",
    ...more,
  });
}

Deno.test("config: the driver is found by trying unless one is named, and then it is taken at its word", () => {
  const { data } = parse();
  assert.equal(data?.driver, "auto");
  assert.equal(data?.accel, undefined);
  assert.equal(data?.cgroups.mode, "auto");
  assert.equal(data?.vmmUser, undefined);
  assert.equal(data?.takeOver, false);
  assert.equal(parse({ driver: "cloud-hypervisor" }).success, true);
});

const REFUSED: [what: string, more: Record<string, unknown>][] = [
  ["a driver that there is not", { driver: "xen" }],
  ["a group above the mount", { cgroups: { parent: "../procurator" } }],
  ["a group by an absolute path", { cgroups: { parent: "/procurator" } }],
  ["a group with an empty word", { cgroups: { parent: "a//b" } }],
  ["a key that nobody knows", { cgroups: { memory: 1 } }],
  ["root as whom VMMs run", { vmmUser: { uid: 0, gid: 0 } }],
  ["half a user", { vmmUser: { uid: 5 } }],
  ["no time for a probe", { probe: { linuxDeadlineMs: 0 } }],
];

for (const [what, more] of REFUSED) {
  Deno.test(`config: refuses ${what}`, () => {
    assert.equal(parse(more).success, false);
  });
}
