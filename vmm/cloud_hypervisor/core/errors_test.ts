import assert from "node:assert/strict";
import {
  checkVersion,
  codeOfStatus,
  errorWords,
  majorVersion,
  printedWords,
  startError,
} from "./errors.ts";

Deno.test("errorWords() reads the bodies of all versions", () => {
  const bodies: [string, string][] = [
    [
      '["Error from API","The VM could not boot","VM config is missing"]',
      "The VM could not boot: VM config is missing",
    ],
    [
      '["Error from API","The VM could not boot","Cannot load the kernel into memory","Kernel Loader: failed to load bzImage kernel image: Kernel Loader: Invalid bzImage","Kernel Loader: Invalid bzImage"]',
      "The VM could not boot: Cannot load the kernel into memory: Kernel Loader: failed to load bzImage kernel image: Kernel Loader: Invalid bzImage",
    ],
    ["VmBoot(VmNotCreated)", "VmBoot(VmNotCreated)"],
    [
      '{ "error": "Invalid HTTP Method: Unsupported HTTP method.\nAll previous unanswered requests will be dropped." }',
      "Invalid HTTP Method: Unsupported HTTP method. All previous unanswered requests will be dropped.",
    ],
    [
      '{ "error": "Too many open connections" }',
      "Too many open connections",
    ],
    ["", ""],
    ["  \n ", ""],
    ['{"a":1}', '{"a":1}'],
    ["[1,2]", "[1,2]"],
    ['["', '["'],
    [
      '["Error from API","A failed","B: ResizeError(too big\\n\\nStack backtrace:\\n   0: <unknown>\\n   1: <unknown>)"]',
      "A failed: B: ResizeError(too big",
    ],
  ];
  for (const [body, words] of bodies) assert.equal(errorWords(body), words);
  assert.ok(errorWords("x".repeat(100_000)).length <= 1000);
});

Deno.test("printedWords() keeps what went wrong", () => {
  const text = `
cloud-hypervisor:   6.226154s: <vcpu0> WARN:vmm/src/cpu.rs:278 -- Kernel lacks CONFIG_SCHED_CORE support
cloud-hypervisor:  13.235871s: <vmm> ERROR:vmm/src/lib.rs:2760 -- Error when resizing VM: X(Y

Stack backtrace:
   0: <unknown>
  13: start_thread
             at ./nptl/pthread_create.c:442:8
Error: the disk is gone
`;
  assert.equal(
    printedWords(text),
    "Error when resizing VM: X(Y; Error: the disk is gone",
  );
  assert.equal(printedWords("\0\0\n"), "");
  assert.ok(printedWords("x".repeat(10_000)).length <= 1000);
});

Deno.test("codeOfStatus() knows what the server means by its numbers", () => {
  const codes = [400, 404, 409, 429, 500, 503].map(codeOfStatus);
  assert.deepEqual(codes, [
    "failed",
    "not_found",
    "conflict",
    "overloaded",
    "failed",
    "overloaded",
  ]);
});

Deno.test("majorVersion() reads releases, builds and the API's answer", () => {
  assert.equal(majorVersion("cloud-hypervisor v50.0"), 50);
  assert.equal(majorVersion("cloud-hypervisor v53.0-246-gae44c2971-dirty"), 53);
  assert.equal(majorVersion("54.0.0"), 54);
  assert.equal(majorVersion("QEMU emulator version 7.2.9"), null);
  assert.equal(majorVersion("no version at all"), null);
});

Deno.test("checkVersion() refuses what is too old or something else", () => {
  checkVersion("/bin/ch", "cloud-hypervisor v50.0\nMigration 1");
  checkVersion("/bin/ch", "v51.1");
  assert.throws(() => checkVersion("/bin/ch", "cloud-hypervisor v49.1"), {
    code: "missing_dependency",
    message:
      "Cannot use /bin/ch: it is version 49, and versions before 50 are not driven",
  });
  assert.throws(() => checkVersion("/bin/ch", "hello"), {
    code: "missing_dependency",
    message: /it says "hello"/,
  });
});

Deno.test("startError() tells whose fault it was", () => {
  const cases: [string, string][] = [
    [
      "Cannot load the kernel into memory: Kernel Loader: Invalid bzImage",
      "invalid",
    ],
    [
      "Failed to open hypervisor interface (is hypervisor interface available?): Permission denied (os error 13)",
      "missing_dependency",
    ],
    ["Error: mmap: Cannot allocate memory (os error 12)", "overloaded"],
    ["Cannot create X: No space left on device (os error 28)", "storage"],
    ["The disk is already locked", "unavailable"],
    ["Error opening tap: Device busy", "failed"],
    ["No such file or directory (os error 2)", "not_found"],
    ["something new", "failed"],
    ["", "failed"],
  ];
  for (const [words, code] of cases) {
    assert.equal(startError("a/b-0", words).code, code, words);
  }
  assert.match(startError("a/b-0", "").message, /said nothing/);
});
