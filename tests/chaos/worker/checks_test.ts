import assert from "node:assert/strict";
import { isClean, judge, summary } from "./checks.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const NOTHING = { found: new Map(), allowed: new Map() };
const machine = (
  vm: string,
  runtimeHash: string | null,
  identity = "pid 1",
) => ({
  vm,
  runtimeHash,
  identity,
});

Deno.test("what runs as ordered is clean", () => {
  const verdict = judge(
    [{ vm: "web-0", runtimeHash: A }],
    [machine("web-0", A)],
    { found: new Map([["tap", ["t1"]]]), allowed: new Map([["tap", ["t1"]]]) },
  );
  assert.equal(isClean(verdict), true);
});

Deno.test("a VM with other content is lost, and what runs in its place is extra", () => {
  const verdict = judge(
    [{ vm: "web-0", runtimeHash: A }],
    [machine("web-0", B)],
    NOTHING,
  );
  assert.deepEqual(verdict.lost, ["web-0 with aaaaaaaa"]);
  assert.deepEqual(verdict.extra, ["web-0 with bbbbbbbb (pid 1)"]);
});

Deno.test("the second of two equal machines is extra", () => {
  const verdict = judge(
    [{ vm: "web-0", runtimeHash: A }],
    [machine("web-0", A), machine("web-0", A, "pid 2"), machine("x", null)],
    NOTHING,
  );
  assert.deepEqual(verdict.lost, []);
  assert.deepEqual(verdict.extra, [
    "web-0 with aaaaaaaa (pid 2)",
    "x with no record (pid 1)",
  ]);
});

Deno.test("things that no VM needs have leaked", () => {
  const verdict = judge([], [], {
    found: new Map([["tap", ["t1", "t2"]], ["socket", ["s"]]]),
    allowed: new Map([["tap", ["t1"]]]),
  });
  assert.deepEqual(verdict.leaked, ["tap t2", "socket s"]);
  assert.equal(
    summary([verdict, verdict]),
    "kills 2, lost 0, extra 0, leaked 4",
  );
});
