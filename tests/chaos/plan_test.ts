import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { FAILPOINTS } from "../../roles/process/mod.ts";
import { chooseByCommit, MOMENTS, moments, planRounds } from "./plan.ts";

Deno.test("a whole run kills at every failpoint once and at ten moments", () => {
  const rounds = planRounds({ seed: 7 });
  equal(rounds.length, FAILPOINTS.length + MOMENTS);
  const points = rounds.flatMap((round) =>
    round.kind === "point" ? [round.point] : []
  );
  deepEqual(points, [...FAILPOINTS]);
});

Deno.test("the same seed gives the same moments, another seed others", () => {
  deepEqual(moments(1, 10), moments(1, 10));
  notDeepEqual(moments(1, 10), moments(2, 10));
  for (const round of moments(3, 100)) {
    ok(round.kind === "moment" && round.fraction >= 0 && round.fraction < 1.2);
  }
});

Deno.test("some moments meet a commit that is taken back", () => {
  const pushes = moments(4, MOMENTS).map(({ push }) => push);
  equal(pushes.filter((push) => push === "failing").length, 2);
});

Deno.test("a rollback's failpoint is driven by a commit that fails", () => {
  deepEqual(planRounds({ seed: 1, point: "worker.rollback.recorded" }), [
    { kind: "point", point: "worker.rollback.recorded", push: "failing" },
  ]);
});

Deno.test("commits choose different points, the same commit the same ones", () => {
  const chosen = chooseByCommit("a".repeat(40), 3);
  equal(new Set(chosen).size, 3);
  deepEqual(chooseByCommit("a".repeat(40), 3), chosen);
  const all = new Set(
    Array.from({ length: 100 }, (_, i) => chooseByCommit(`commit ${i}`, 3))
      .flat(),
  );
  equal(all.size, FAILPOINTS.length, "every point has its turn");
});
