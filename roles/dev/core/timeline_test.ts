import assert from "node:assert/strict";
import { formatTimeline } from "./timeline.ts";

const seconds = { eval: 1, build: 2, copy: 1, place: 0, boot: 4, healthy: 2 };

Deno.test("formatTimeline() shows each stage, a dash for one not reached, and bars to one scale", () => {
  const text = formatTimeline([
    {
      commit: "a".repeat(40),
      generation: 1,
      title: "two VMs",
      outcome: "healthy",
      seconds,
      totalSeconds: 12,
    },
    {
      commit: "b".repeat(40),
      generation: 2,
      title: "never healthy",
      outcome: "rolled-back",
      seconds: { ...seconds, boot: null, healthy: null },
      totalSeconds: 6,
    },
  ]);
  const [, first, second, , firstBar, secondBar] = text.split("\n");
  assert.match(
    first ?? "",
    /^aaaaaaa +1 +two VMs +1\.0 +2\.0 +1\.0 +0\.0 +4\.0 +2\.0 +12\.0 +healthy$/,
  );
  assert.match(
    second ?? "",
    /^bbbbbbb +2 +never healthy +1\.0 +2\.0 +1\.0 +0\.0 +- +- +6\.0 +rolled-back$/,
  );
  assert.equal(
    firstBar,
    `aaaaaaa  ${"e".repeat(4)}${"b".repeat(8)}${"c".repeat(4)}${
      "B".repeat(16)
    }${"h".repeat(8)}${".".repeat(8)}`,
  );
  assert.equal(
    secondBar,
    `bbbbbbb  ${"e".repeat(4)}${"b".repeat(8)}${"c".repeat(4)}${".".repeat(8)}`,
  );
});
