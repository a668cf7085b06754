import assert from "node:assert/strict";
import {
  copyDirectoryName,
  directoryName,
  driverOfCommand,
  isOurs,
  parseProcStat,
  recordEnv,
  recordInEnv,
  type RunRecord,
} from "./run_record.ts";
import { qemuStartError } from "../qemu/core/errors.ts";
import { qemuArgs } from "../qemu/core/args.ts";
import { vmmArgs } from "../cloud_hypervisor/core/args.ts";
import { simulatedScript } from "../simulated/core/script.ts";

const RECORD: RunRecord = {
  version: 1,
  id: "shop/web-0",
  incarnation: 1,
  runtimeHash: "a".repeat(64),
  bootId: "boot",
  marker: "0f8fad5b-d9cb-469f-a165-70867728950e",
  host: "127.0.0.1",
  ports: [],
  startedAtMs: 1,
  state: { kind: "running", pid: 7, startTicks: 100 },
};
const FACTS = {
  pid: 7,
  startTicks: 100,
  zombie: false,
  cmdline: `qemu -uuid ${RECORD.marker}`,
};

Deno.test("isOurs() takes only the very process of the record", () => {
  assert.equal(isOurs(RECORD, FACTS), true);
  assert.equal(isOurs(RECORD, { ...FACTS, startTicks: 101 }), false);
  assert.equal(isOurs(RECORD, { ...FACTS, cmdline: "sleep 600" }), false);
  assert.equal(isOurs(RECORD, { ...FACTS, zombie: true }), false);
  const starting: RunRecord = { ...RECORD, state: { kind: "starting" } };
  assert.equal(isOurs(starting, { ...FACTS, pid: 8 }), true);
});

Deno.test("a record is found in its VMM's environment, and nothing else is taken for one", () => {
  const env = Object.entries({ PATH: "/bin", ...recordEnv(RECORD), A: "b" })
    .map(([name, value]) => `${name}=${value}\0`).join("");
  assert.deepEqual(recordInEnv(env), RECORD);
  for (
    const other of [
      "",
      "PATH=/bin\0",
      "PROCURATOR_VM=\0",
      "PROCURATOR_VM={\0",
      "PROCURATOR_VM=null\0",
      env.replace('"version":1', '"version":2'),
    ]
  ) assert.equal(recordInEnv(other), null, other);
});

Deno.test("driverOfCommand() knows each driver's own start, and nobody else's", () => {
  const placement = {
    accel: "tcg",
    marker: RECORD.marker,
    hostAddress: "127.0.0.1",
    hostPorts: new Map(),
    pidPath: "/run/pid",
    socketPath: "/run/qmp",
    consolePath: "/run/console",
    channelPath: "/run/channel",
    serialPath: "/run/serial",
    isRestored: false,
    daemonize: true,
  } as const;
  const machine = {
    id: RECORD.id,
    incarnation: 1,
    runtimeHash: RECORD.runtimeHash,
    cpus: 1,
    memoryMib: 64,
    kernelPath: "/kernel",
    initrdPath: "/initrd",
    cmdline: "quiet",
    ports: [],
    volumes: [],
  };
  const lineOf = (...words: string[]) => words.join(" ");
  assert.equal(
    driverOfCommand(lineOf("qemu", ...qemuArgs(machine, placement))),
    "qemu",
  );
  const paths = { apiPath: "/run/api", eventsPath: "/run/events" };
  assert.equal(
    driverOfCommand(lineOf("ch", ...vmmArgs(paths))),
    "cloud-hypervisor",
  );
  assert.equal(driverOfCommand("sleep 600"), null);
});

Deno.test("parseProcStat() reads names with spaces and parentheses", () => {
  const rest = Array.from({ length: 30 }, (_, index) => String(index + 1));
  const text = `42 (a (b) c) S ${rest.join(" ")}`;
  assert.deepEqual(parseProcStat(text), {
    pid: 42,
    state: "S",
    startTicks: 19,
  });
  for (const bad of ["", "x", "1 (", "1 (a) S", ") ("]) {
    assert.equal(parseProcStat(bad), null, bad);
  }
});

Deno.test("directoryName() is short and differs by VM and by copy", () => {
  const id = `${"a".repeat(63)}/${"b".repeat(63)}-10`;
  const names = [
    directoryName(id),
    directoryName("shop/web-0"),
    copyDirectoryName({ id, incarnation: 1 }),
    copyDirectoryName({ id, incarnation: Number.MAX_SAFE_INTEGER }),
  ];
  assert.deepEqual(names.map(({ length }) => length), [16, 16, 16, 16]);
  assert.equal(new Set(names).size, 4);
});

Deno.test("qemuStartError() tells whose fault a failed start is", () => {
  const cases = [
    ["Could not set up host forwarding rule 'tcp::1-:80'", "overloaded"],
    [
      "cannot set up guest memory 'pc.ram': Cannot allocate memory",
      "overloaded",
    ],
    ["write failed: No space left on device", "storage"],
    [
      "qemu: could not load kernel '/x': No such file or directory",
      "not_found",
    ],
    ["qemu: invalid kernel header", "invalid"],
    [
      "Could not access KVM kernel module: Permission denied",
      "missing_dependency",
    ],
    ["qemu: could not open kernel file '/x': Permission denied", "failed"],
    ["", "failed"],
  ] as const;
  for (const [stderr, code] of cases) {
    assert.equal(qemuStartError("shop/web-0", stderr).code, code, stderr);
  }
});

Deno.test("simulatedScript() reads the command line and ignores what it cannot read", () => {
  assert.deepEqual(
    simulatedScript("quiet simulated.boot_ms=20 simulated.outcome=crash"),
    { ...simulatedScript(""), bootMs: 20, outcome: "crash" },
  );
  assert.deepEqual(
    simulatedScript("simulated.boot_ms=-1"),
    simulatedScript(""),
  );
});
