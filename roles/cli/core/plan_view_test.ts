import { equal, match, ok } from "node:assert/strict";
import type { Plan, PlanChange } from "../../model/mod.ts";
import { formatPlan, hasChanges } from "./plan_view.ts";
import { painter } from "./table.ts";

const MIB = 1024 * 1024;

function change(
  kind: PlanChange["kind"],
  vm: string,
  fromWorker = "",
  toWorker = "",
  reason = "because",
): PlanChange {
  return { vm, kind, fromWorker, toWorker, reason };
}

function plan(over: Partial<Plan> = {}): Plan {
  return {
    cluster: "shop",
    planRevision: 12,
    activeGeneration: 3,
    nextGeneration: 4,
    commit: "0123456789abcdef",
    intentHash: "a".repeat(64),
    refused: null,
    held: null,
    changes: [],
    closures: [],
    ...over,
  };
}

const shown = (over: Partial<Plan>) => formatPlan(plan(over), painter(false));

Deno.test("formatPlan() groups by kind, sums closures up in MiB and names the revision", () => {
  const text = shown({
    changes: [
      change("create", "shop/web-3", "", "w2", "generation 4 asks for it"),
      change("keep", "shop/db-0", "w1", "w1", ""),
      change("replace", "shop/web-0", "w1", "w1"),
      change("move", "shop/api-0", "w1", "w2", "w1 is lost"),
      change("pending", "shop/big-0", "", "", "no room"),
      change("destroy", "shop/old-0", "w1"),
    ],
    closures: [{
      vm: "web",
      known: true,
      message: "",
      pathsAdded: 3,
      pathsRemoved: 1,
      bytesAdded: 4 * MIB,
      bytesRemoved: MIB / 2,
      totalBytes: 21 * MIB,
      kernelChanged: true,
      copies: [...Array(6).keys()].map((at) => ({
        worker: `w${at}`,
        bytes: at * MIB,
      })),
    }, {
      vm: "api",
      known: false,
      message: "Cannot reach the cache",
      pathsAdded: 0,
      pathsRemoved: 0,
      bytesAdded: 0,
      bytesRemoved: 0,
      totalBytes: 0,
      kernelChanged: false,
      copies: [],
    }],
  });
  equal(
    text,
    `shop  generation 4 (01234567), generation 3 is active
1 pending, 1 destroy, 1 create, 1 replace, 1 move, 1 keep

CHANGE     VM          WORKER    WHY
? pending  shop/big-0  -         no room
- destroy  shop/old-0  w1        because
+ create   shop/web-3  w2        generation 4 asks for it
~ replace  shop/web-0  w1        because
> move     shop/api-0  w1 -> w2  w1 is lost

CLOSURE  PATHS  MIB        TOTAL MIB  KERNEL   MIB TO COPY
web      +3 -1  +4.0 -0.5  21.0       changed  w0 0.0, w1 1.0, w2 2.0, w3 3.0, and 2 more
sizes of api are not known: Cannot reach the cache

plan revision 12; to publish on this plan only: git push -o check-index=12
`,
  );
});

Deno.test("formatPlan() says when nothing changes, when it would wait and when it would be refused", () => {
  const same = plan({ changes: [change("keep", "shop/db-0", "w1", "w1", "")] });
  equal(hasChanges(same), false);
  match(formatPlan(same, painter(false)), /no changes: 1 VMs stay as they are/);
  match(shown({}), /no VMs, before or after/);
  match(shown({ held: "held at 1: it would wait" }), /^held at 1/m);
  const refused = shown({ refused: "Cannot publish: too\x1b[2J large" });
  match(refused, /^refused: Cannot publish: too \[2J large$/m);
  ok(!refused.includes("git push"), "there is nothing to push");
  match(shown({ activeGeneration: 0 }), /no generation is active/);
});

Deno.test("formatPlan() of ten thousand VMs is read in two screens", () => {
  const text = shown({
    changes: [...Array(10_000).keys()].map((at) =>
      change("create", `shop/web-${at}`, "", "w1")
    ),
  });
  match(text, /^\+ create +and 9900 more$/m);
  ok(text.split("\n").length < 120);
});
