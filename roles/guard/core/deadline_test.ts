import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Deadline,
  deadlineAt,
  extended,
  leaseName,
  leaseNumber,
  MAX_LEASE_MS,
  NO_DEADLINE,
  startRefusal,
} from "./deadline.ts";

const none = { running: [], count: 0 };

Deno.test("deadline: nothing may run before the first lease, nor from its deadline on", () => {
  const start = { vm: "a/b-0", lease: 1 };
  assert.match(
    startRefusal(NO_DEADLINE, start, { at: 0, ...none })?.why ?? "",
    /no lease/,
  );
  const held = extended(NO_DEADLINE, 100, 0);
  assert.equal(startRefusal(held, start, { at: 99, ...none }), null);
  assert.match(
    startRefusal(held, start, { at: 100, ...none })?.why ?? "",
    /no lease/,
  );
});

Deno.test("deadline: a start decided before a gap is refused after it", () => {
  const first = extended(NO_DEADLINE, 100, 0);
  const renewed = extended(first, 150, 99);
  assert.equal(renewed.lease, first.lease);
  const after = extended(renewed, 300, 200);
  const stale = startRefusal(after, { vm: "a/b-0", lease: first.lease }, {
    at: 201,
    ...none,
  });
  assert.match(stale?.why ?? "", /has ended since/);
});

Deno.test("deadline: a VM that runs is not started again", () => {
  const held = extended(NO_DEADLINE, 100, 0);
  const refusal = startRefusal(held, { vm: "a/b-0", lease: 1 }, {
    at: 1,
    running: [{ vm: "a/b-0" }],
    count: 1,
  });
  assert.equal(refusal?.code, "conflict");
});

Deno.test("deadline: a renewal from the past or without an end is none", () => {
  assert.deepEqual(extended(NO_DEADLINE, 50, 50), NO_DEADLINE);
  assert.deepEqual(extended(NO_DEADLINE, NaN, 50), NO_DEADLINE);
  assert.equal(
    extended(NO_DEADLINE, Infinity, 50).deadlineMs,
    50 + MAX_LEASE_MS,
  );
});

Deno.test("deadline: whatever is renewed when, it never falls within a lease and a gap always ends it", () => {
  const moves = fc.array(
    fc.tuple(fc.nat(50), fc.integer({ max: 120, min: -50 })),
  );
  fc.assert(fc.property(moves, (steps) => {
    let at = 0;
    let deadline: Deadline = NO_DEADLINE;
    for (const [passes, ahead] of steps) {
      at += passes;
      const before = deadlineAt(deadline, at);
      deadline = extended(deadline, at + ahead, at);
      if (before.deadlineMs === null) {
        assert.equal(deadline.lease, before.lease + (ahead > 0 ? 1 : 0));
      } else {
        assert.equal(deadline.lease, before.lease);
        assert.ok((deadline.deadlineMs ?? 0) >= before.deadlineMs);
      }
    }
  }));
});

Deno.test("lease names: only the guard that gave one knows it again", () => {
  assert.equal(leaseNumber("ab", leaseName("ab", 7)), 7);
  assert.equal(leaseNumber("cd", leaseName("ab", 7)), -1);
  assert.equal(leaseNumber("ab", "ab."), -1);
  assert.equal(leaseNumber("ab", "ab.-1"), -1);
});
