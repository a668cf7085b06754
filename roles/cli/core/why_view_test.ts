import assert from "node:assert/strict";
import type { Why } from "../../model/mod.ts";
import { painter } from "./table.ts";
import { formatWhy } from "./why_view.ts";

const paint = painter(false);

function why(refused: number): Why {
  return {
    vm: "shop/web-0",
    summary: "shop/web-0 is on w1: generation 1 asks for it",
    worker: "w1",
    incarnation: 1,
    decidedAtMs: 1000,
    reason: "generation 1 asks for it; the best of 2 workers looked at",
    rolledBack: null,
    candidates: [
      {
        worker: "w1",
        score: 62.5,
        parts: { freeRoom: 62.5 },
        refusal: null,
        kind: null,
      },
      ...Array.from({ length: refused }, (_, index) => ({
        worker: `x${index}`,
        score: 0,
        parts: {},
        refusal: index === 1 ? "is lost\x1b[2J" : "is cordoned: a disk",
        kind: index === 1 ? "state" as const : "rule" as const,
      })),
    ],
  };
}

Deno.test("a few workers are all shown, the present one marked, without control characters", () => {
  assert.equal(
    formatWhy(why(2), { nowMs: 61_000, all: false, paint }),
    [
      "shop/web-0 is on w1: generation 1 asks for it",
      "decided 60 s ago: generation 1 asks for it; the best of 2 workers looked at",
      "",
      "worker  score  why",
      "w1 *    62.5   freeRoom 62.5",
      "x0      -      is cordoned: a disk",
      "x1      -      is lost [2J",
      "",
    ].join("\n"),
  );
});

Deno.test("of many, one of each kind of refusal is shown, and all when asked for", () => {
  const options = { nowMs: 0, all: false, paint };
  const some = formatWhy(why(20), options);
  assert.match(some, /x0 .*\nx1 .*\n\(and 18 more: --all\)\n$/);
  const all = formatWhy(why(20), { ...options, all: true });
  assert.match(all, /x19 .*\n$/);
});
