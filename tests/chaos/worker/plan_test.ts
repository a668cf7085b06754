import assert from "node:assert/strict";
import { describeKill, planRounds, POINTS, VM_NAMES } from "./plan.ts";

Deno.test("every failpoint of the worker and every kind of kill has its turn in 200", () => {
  const rounds = planRounds({ seed: 1, kills: 200, hasVmms: true });
  const kinds = new Set(rounds.map(({ kill }) => kill.kind));
  assert.deepEqual([...kinds].sort(), ["guard", "point", "vmm", "worker"]);
  const points = new Set(
    rounds.flatMap(({ kill }) => kill.kind === "point" ? [kill.point] : []),
  );
  assert.deepEqual([...points].sort(), [...POINTS].sort());
});

Deno.test("the seed decides the rounds, and fewer kills are the first of more", () => {
  const some = planRounds({ seed: 7, kills: 5, hasVmms: true });
  const more = planRounds({ seed: 7, kills: 9, hasVmms: true });
  assert.deepEqual(more.slice(0, 5), some);
  assert.notDeepEqual(planRounds({ seed: 8, kills: 5, hasVmms: true }), some);
});

Deno.test("a round changes what its failpoint needs", () => {
  for (
    const { kill, changes } of planRounds({ seed: 3, kills: 60, hasVmms: true })
  ) {
    if (kill.kind !== "point") continue;
    const wanted = kill.point === "worker.rollback.recorded"
      ? "failing"
      : "healthy";
    assert.ok([...changes.values()].includes(wanted), describeKill(kill));
  }
});

Deno.test("without processes no VMM is killed", () => {
  const rounds = planRounds({ seed: 1, kills: 100, hasVmms: false });
  assert.ok(rounds.every(({ kill }) => kill.kind !== "vmm"));
  assert.equal(VM_NAMES.length, 4);
});

Deno.test("a kill between stop and start finds a VM that runs and is replaced", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const running = new Set(VM_NAMES);
    const rounds = planRounds({ seed, kills: 100, hasVmms: true });
    for (const [index, { kill, changes }] of rounds.entries()) {
      if (kill.kind === "point" && kill.point === "worker.vm.stopped") {
        const replaced = VM_NAMES.filter((vm) =>
          running.has(vm) && changes.get(vm) === "healthy"
        );
        assert.ok(replaced.length > 0, `seed ${seed}, round ${index}`);
      }
      for (const [vm, change] of changes) {
        if (change === "healthy") running.add(vm);
        if (change === "gone") running.delete(vm);
      }
    }
  }
});
