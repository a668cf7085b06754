import assert from "node:assert/strict";
import { inOrder, judge, kindOf, parseSummary } from "./summary.ts";

Deno.test("deno's closing lines are read", () => {
  assert.deepEqual(parseSummary("x\n\nok | 8 passed | 0 failed (47ms)\n\n"), {
    passed: 8,
    failed: 0,
    ignored: 0,
  });
  assert.deepEqual(
    parseSummary(
      "FAILED | 2 passed (3 steps) | 1 failed (1 step) | 4 ignored (3s)\n",
    ),
    { passed: 2, failed: 1, ignored: 4 },
  );
  assert.equal(parseSummary("error: Module not found"), null);
});

Deno.test("nothing that went wrong counts as passed", () => {
  const isTest = true;
  assert.deepEqual(
    judge({
      ok: true,
      output: "ok | 3 passed | 0 failed | 1 ignored (1s)",
      isTest,
    }),
    { passed: 3, failed: 1 },
  );
  assert.deepEqual(
    judge({ ok: false, output: "ok | 3 passed | 0 failed (1s)", isTest }),
    { passed: 3, failed: 1 },
  );
  assert.deepEqual(judge({ ok: true, output: "", isTest }), {
    passed: 0,
    failed: 1,
  });
  assert.deepEqual(judge({ ok: false, output: "", isTest: false }), {
    passed: 0,
    failed: 1,
  });
  assert.deepEqual(judge({ ok: true, output: "", isTest: false }), {
    passed: 1,
    failed: 0,
  });
});

Deno.test("files are sorted into groups by where they are", () => {
  assert.equal(kindOf("roles/master/core/plan_test.ts"), "core");
  assert.equal(kindOf("roles/model/ids_test.ts"), "core");
  assert.equal(kindOf("roles/http/base_test.ts"), "unit");
  assert.equal(kindOf("tests/integration/tls_test.ts"), "integration");
  assert.equal(kindOf("tests/integration/vmm_qemu_test.ts"), "heavy");
  assert.equal(
    kindOf("tests/integration/vmm_cloud_hypervisor_test.ts"),
    "integration",
  );
  assert.equal(kindOf("tests/integration/chaos_worker_test.ts"), "whole");
  assert.deepEqual(inOrder(["b", "a/z", "a"]), ["a", "a/z", "b"]);
});

Deno.test("long suites begin first, the others by name", () => {
  const of = (name: string) => `tests/integration/${name}_test.ts`;
  const names = ["ci_job", "worker_qemu", "cli", "guard_qemu", "vmm_qemu_host"];
  assert.deepEqual(
    inOrder(names.map(of)),
    ["worker_qemu", "guard_qemu", "ci_job", "cli", "vmm_qemu_host"].map(of),
  );
});
