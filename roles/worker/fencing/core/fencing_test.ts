import assert from "node:assert/strict";
import { fencingOf, sameFencing, startHindrance } from "./fencing.ts";

const pair = (leaseEpoch: number, revision: number) => ({
  leaseEpoch,
  revision,
});
const held = { kind: "held", lease: "g.1", deadlineMs: 100 } as const;
const exclusive = { fencing: "exclusive" } as const;

Deno.test("fencing: an exclusive VM starts only with a guard, a deadline ahead and the newest orders", () => {
  const cases = [
    [{ kind: "absent", reason: "none" } as const, pair(1, 1), "shut"],
    [{ kind: "lapsed" } as const, pair(1, 1), "shut"],
    [{ ...held, deadlineMs: 50 }, pair(1, 1), "shut"],
    [held, null, "holding"],
    [held, pair(1, 2), "holding"],
    [held, pair(2, 0), "holding"],
    [held, pair(1, 1), "open"],
    // The answer to a report that was sent before the last orders came.
    [held, pair(1, 0), "open"],
  ] as const;
  for (const [fence, newest, kind] of cases) {
    const fencing = fencingOf({ fence, newest, accepted: pair(1, 1) }, 50);
    assert.equal(fencing.kind, kind);
    assert.equal(startHindrance(exclusive, fencing) === null, kind === "open");
    assert.equal(startHindrance({ fencing: "none" }, fencing), null);
  }
});

Deno.test("fencing: another lease is another permission", () => {
  const open = { kind: "open", lease: "g.1" } as const;
  assert.ok(sameFencing(open, { ...open }));
  assert.ok(!sameFencing(open, { kind: "open", lease: "g.2" }));
});
