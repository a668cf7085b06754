import assert from "node:assert/strict";
import {
  boostedMilli,
  cgroupMounts,
  chooseHierarchies,
  holderFiles,
  limitFiles,
  vmmOverheadMib,
} from "./cgroup_layout.ts";

const V2 =
  "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const HYBRID = `
30 29 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw
31 30 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
32 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
33 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
35 30 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
`;

Deno.test("cgroupMounts() reads version 2, version 1 and odd names", () => {
  assert.deepEqual(cgroupMounts(V2), [
    { mount: "/sys/fs/cgroup", version: 2, options: [] },
  ]);
  assert.deepEqual(
    cgroupMounts(HYBRID).map(({ mount }) => mount.split("/").at(-1)),
    ["unified", "systemd", "cpu,cpuacct", "memory", "pids"],
  );
  const odd = String.raw`9 1 0:1 / /my\040groups rw - cgroup2 none rw`;
  assert.equal(cgroupMounts(odd)[0]?.mount, "/my groups");
  assert.deepEqual(cgroupMounts("nonsense\n\n - \n"), []);
});

Deno.test("cgroupMounts() leaves out what another file system lies over", () => {
  const over = `${V2}\n26 25 0:40 / /sys/fs/cgroup rw - tmpfs tmpfs rw`;
  assert.deepEqual(cgroupMounts(over), []);
});

Deno.test("chooseHierarchies() takes the one of version 2", () => {
  assert.deepEqual(
    chooseHierarchies(cgroupMounts(V2), ["cpu", "io", "memory"]),
    [{ mount: "/sys/fs/cgroup", version: 2, controllers: ["cpu", "memory"] }],
  );
});

Deno.test("chooseHierarchies() takes those that limit, and those that processes are followed by", () => {
  const chosen = chooseHierarchies(cgroupMounts(HYBRID), ["hugetlb"]);
  assert.ok(typeof chosen !== "string");
  assert.deepEqual(
    chosen.map(({ mount, controllers }) => [
      mount.split("/").at(-1),
      controllers.join(),
    ]),
    [["unified", ""], ["systemd", ""], ["cpu,cpuacct", "cpu"], [
      "memory",
      "memory",
    ]],
  );
});

Deno.test("chooseHierarchies() says what is missing", () => {
  assert.match(String(chooseHierarchies([], [])), /no cgroup file system/);
  assert.match(
    String(chooseHierarchies(cgroupMounts(V2), ["cpu"])),
    /no cgroup controller for memory$/,
  );
});

Deno.test("limitFiles() writes a share and a ceiling of processors, and one of memory", () => {
  const limits = { shareMilli: 250, ceilingMilli: 1500, memoryMib: 64 };
  const all = { controllers: ["cpu", "memory"] as const };
  assert.deepEqual(limitFiles({ version: 2, ...all }, limits), [
    ["cpu.max", "150000 100000"],
    ["cpu.weight", "25"],
    ["memory.max", String(64 * 1024 * 1024)],
  ]);
  assert.deepEqual(limitFiles({ version: 1, ...all }, limits), [
    ["cpu.cfs_period_us", "100000"],
    ["cpu.cfs_quota_us", "150000"],
    ["cpu.shares", "256"],
    ["memory.limit_in_bytes", String(64 * 1024 * 1024)],
  ]);
  assert.deepEqual(limitFiles({ version: 2, controllers: [] }, limits), []);
});

Deno.test("limitFiles() keeps to what the kernel takes", () => {
  const cpu = { version: 2, controllers: ["cpu"] } as const;
  const of = (milli: number) =>
    limitFiles(cpu, { shareMilli: milli, ceilingMilli: milli, memoryMib: 1 });
  assert.deepEqual(of(1), [["cpu.max", "1000 100000"], ["cpu.weight", "1"]]);
  assert.deepEqual(of(1_000_000)[1], ["cpu.weight", "10000"]);
});

Deno.test("holderFiles() weigh all guests as all processors", () => {
  const cpu = { controllers: ["cpu"] } as const;
  assert.deepEqual(holderFiles({ version: 2, ...cpu }, 8), [[
    "cpu.weight",
    "800",
  ]]);
  assert.deepEqual(holderFiles({ version: 1, ...cpu }, 2), [[
    "cpu.shares",
    "2048",
  ]]);
  assert.deepEqual(holderFiles({ version: 1, controllers: ["memory"] }, 2), []);
});

Deno.test("boostedMilli() is the whole processors a guest sees", () => {
  assert.deepEqual([1, 250, 1000, 1001, 4000].map(boostedMilli), [
    1000,
    1000,
    1000,
    2000,
    4000,
  ]);
});

Deno.test("vmmOverheadMib() leaves a translating VMM room for its code", () => {
  assert.ok(128 + vmmOverheadMib(128, true) > 2 * 298);
  assert.ok(vmmOverheadMib(65_536, false) > 65_536 / 512);
});
