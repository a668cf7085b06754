import assert from "node:assert/strict";
import {
  type Candidate,
  CANDIDATES,
  changedFacts,
  choiceAttributes,
  describeChoice,
  nextStep,
  refusals,
  type Step,
  type Trial,
} from "./driver_choice.ts";

/** Tries as a host would on which `fails` names what fails, as `driver/accel/step` or a part of it. */
function choose(
  fails: readonly string[],
  candidates: readonly Candidate[] = CANDIDATES,
): { chosen: Candidate | null; tried: Trial[] } {
  const tried: Trial[] = [];
  for (let left = 32; left > 0; left--) {
    const next = nextStep(tried, candidates);
    if (next.kind === "none") return { chosen: null, tried };
    if (next.kind === "chosen") return { chosen: next.candidate, tried };
    const { candidate, step } = next;
    const name = `${candidate.driver}/${candidate.accel}/${step}`;
    const ok = !fails.some((word) => name.includes(word));
    const note = ok ? `${name} works` : `${name} fails`;
    tried.push({ ...candidate, step, ok, note, tookMs: 1 });
  }
  throw new Error("it never ends");
}

const CASES: [fails: string[], chosen: string | null][] = [
  [[], "cloud-hypervisor kvm"],
  [["cloud-hypervisor/kvm/program"], "qemu kvm"],
  [["cloud-hypervisor/kvm/linux"], "qemu kvm"],
  [["/linux"], "qemu tcg"],
  [["/kernel"], "qemu tcg"],
  [["/kvm/kvm"], "qemu tcg"],
  [["qemu/"], "cloud-hypervisor kvm"],
  [["/kvm/kvm", "qemu/kvm/program", "qemu/tcg/program"], null],
  [["/pvh"], null],
];

for (const [fails, expected] of CASES) {
  Deno.test(`nextStep() comes to ${expected} when ${fails.join(" and ") || "nothing"} fails`, () => {
    const { chosen } = choose(fails);
    const name = chosen === null ? null : `${chosen.driver} ${chosen.accel}`;
    assert.equal(name, expected);
  });
}

Deno.test("nextStep() tries nothing twice, and nothing of a candidate that is out", () => {
  const { tried } = choose(["/kvm/kvm"]);
  const steps: Step[] = tried.map(({ step }) => step);
  assert.deepEqual(steps, ["kvm", "program", "pvh"]);
});

Deno.test("nextStep() keeps to the candidates it is given", () => {
  const { chosen, tried } = choose([], [{ driver: "qemu", accel: "tcg" }]);
  assert.deepEqual(chosen, { driver: "qemu", accel: "tcg" });
  assert.deepEqual(tried.map(({ accel }) => accel), ["tcg", "tcg"]);
});

Deno.test("refusals() tell of each candidate what failed first", () => {
  const { tried } = choose(["/kernel"]);
  assert.deepEqual(
    refusals(tried).map(({ candidate, why }) => [candidate.driver, why]),
    [
      ["cloud-hypervisor", "cloud-hypervisor/kvm/kernel fails"],
      ["qemu", "cloud-hypervisor/kvm/kernel fails"],
    ],
  );
});

Deno.test("choiceAttributes() tell what boots, and why not on KVM", () => {
  const { chosen, tried } = choose(["/linux"]);
  const attributes = choiceAttributes(chosen, tried);
  assert.equal(attributes["driver"], "qemu");
  assert.equal(attributes["accel"], "tcg");
  assert.equal(attributes["kvm"], "false");
  assert.equal(attributes["boots.linux"], "true");
  assert.match(attributes["kvm.why"] ?? "", /linux fails/);
});

Deno.test("choiceAttributes() say that nothing boots, in so many characters as an attribute may have", () => {
  const tried: Trial[] = choose(["program"]).tried.map((trial) => ({
    ...trial,
    note: "x".repeat(1000),
  }));
  const attributes = choiceAttributes(null, tried);
  assert.equal(attributes["driver"], "none");
  assert.equal(attributes["boots.linux"], "false");
  for (const value of Object.values(attributes)) {
    assert.ok(value.length <= 255);
  }
});

Deno.test("describeChoice() names what was not chosen and why", () => {
  const { chosen, tried } = choose(["/kvm/kvm"]);
  assert.equal(
    describeChoice(chosen, tried),
    "guests run by qemu without KVM; cloud-hypervisor on KVM and qemu on KVM: cloud-hypervisor/kvm/kvm fails",
  );
});

Deno.test("changedFacts() names what is another, new or gone", () => {
  assert.deepEqual(
    changedFacts({ a: "1", b: "1", c: "1" }, { a: "1", b: "2", d: "1" }),
    ["b", "c", "d"],
  );
});
