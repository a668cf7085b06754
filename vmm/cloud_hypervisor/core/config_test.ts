import assert from "node:assert/strict";
import { AppError } from "../../../roles/model/errors.ts";
import {
  createBody,
  maxMemoryMib,
  resizeBody,
  restoredConfig,
} from "./config.ts";
import type { VmConfig } from "../../core/vm_config.ts";

const PLACEMENT = {
  consolePath: "/run/p/vms/0123456789abcdef/console",
  channelPath: "/run/p/vms/0123456789abcdef/channel",
  scratchDir: "/var/lib/p/tmp/0123456789abcdef",
  hostCpus: 8,
  landlock: true,
  seesTap: true,
};

function machine(more: Partial<VmConfig> = {}): VmConfig {
  return {
    id: "shop/web-0",
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 512,
    kernelPath: "/store/kernel",
    initrdPath: "/store/initrd",
    cmdline: "console=ttyS0 panic=1",
    ports: [{ name: "http", guest: 80 }],
    volumes: [],
    nic: { tap: "pcr0123", mac: "02:00:00:00:00:01", address: "10.1.2.3" },
    ...more,
  };
}

Deno.test("createBody() says the whole machine", () => {
  assert.deepEqual(createBody(machine(), PLACEMENT), {
    cpus: { boot_vcpus: 1, max_vcpus: 4 },
    memory: {
      size: 512 * 2 ** 20,
      hotplug_method: "VirtioMem",
      hotplug_size: 512 * 2 ** 20,
    },
    payload: {
      kernel: "/store/kernel",
      initramfs: "/store/initrd",
      cmdline: "console=ttyS0 panic=1",
    },
    net: [{ id: "net0", tap: "pcr0123", mac: "02:00:00:00:00:01" }],
    rng: { src: "/dev/urandom" },
    balloon: { size: 0, deflate_on_oom: true },
    serial: { mode: "Socket", socket: PLACEMENT.consolePath },
    console: { mode: "Off" },
    vsock: { id: "channel", cid: 3, socket: PLACEMENT.channelPath },
    pvpanic: true,
    landlock_enable: true,
    landlock_rules: [
      { path: PLACEMENT.scratchDir, access: "rw" },
      { path: "/sys/devices/virtual/net/pcr0123", access: "r" },
    ],
  });
});

Deno.test("createBody() gives volumes, the root image's overlay and the store as disks found by their serials", () => {
  const { disks, memory } = createBody(
    machine({
      diskImagePath: "/store/root.img",
      volumes: [{
        name: "a-volume-with-a-long-name",
        path: "/v/d.raw",
        sizeMib: 1,
      }],
      store: { kind: "image", path: "/images/x.erofs", format: "erofs" },
    }),
    { ...PLACEMENT, root: { path: "/scratch/overlay", kind: "overlay" } },
  );
  assert.deepEqual(
    disks?.map(({ path, serial, readonly, image_type }) => [
      path,
      serial,
      readonly,
      image_type,
    ]),
    [
      ["/scratch/overlay", "disk", false, "Qcow2"],
      ["/v/d.raw", "a-volume-with-a-long", false, "Raw"],
      ["/images/x.erofs", "nix-store", true, "Raw"],
    ],
  );
  assert.equal(memory.shared, undefined);
});

Deno.test("createBody() shares the guest's memory with virtiofsd and only with it", () => {
  const body = createBody(
    machine({ store: { kind: "virtiofs", socketPath: "/run/fs.sock" } }),
    PLACEMENT,
  );
  assert.equal(body.memory.shared, true);
  assert.deepEqual(body.fs?.map(({ tag, socket }) => [tag, socket]), [
    ["nix-store", "/run/fs.sock"],
  ]);
});

Deno.test("createBody() never gives more processors than the host has, nor fewer than asked", () => {
  const cpus = (asked: number, hostCpus: number) =>
    createBody(machine({ cpus: asked }), { ...PLACEMENT, hostCpus }).cpus;
  assert.deepEqual(cpus(1, 2), { boot_vcpus: 1, max_vcpus: 2 });
  assert.deepEqual(cpus(4, 2), { boot_vcpus: 4, max_vcpus: 4 });
  assert.deepEqual(cpus(100, 500), { boot_vcpus: 100, max_vcpus: 254 });
});

Deno.test("createBody() leaves Landlock off where the host has none", () => {
  const body = createBody(machine(), { ...PLACEMENT, landlock: false });
  assert.equal(body.landlock_enable, false);
  assert.equal(body.landlock_rules, undefined);
  const blind = createBody(machine(), { ...PLACEMENT, seesTap: false });
  assert.equal(blind.landlock_rules?.length, 1);
});

Deno.test("createBody() refuses ports without a card: there is no other network", () => {
  const { nic: _nic, ...without } = machine();
  assert.throws(
    () => createBody(without, PLACEMENT),
    (error) =>
      error instanceof AppError && error.code === "missing_dependency" &&
      /ports need a network card/.test(error.message),
  );
  assert.equal(createBody({ ...without, ports: [] }, PLACEMENT).net, undefined);
});

Deno.test("createBody() refuses what the VMM would take and not boot", () => {
  const bad: [Partial<VmConfig>, RegExp][] = [
    [{ cpus: 0 }, /cpus\.boot_vcpus/],
    [{ cpus: 300 }, /cpus/],
    [{ memoryMib: 0 }, /memory\.size/],
    [{ memoryMib: 2 ** 40 }, /memory\.size/],
    [{ kernelPath: "relative" }, /payload\.kernel/],
    [{ kernelPath: "/a\0b" }, /payload\.kernel/],
    [{ cmdline: "x".repeat(2048) }, /payload\.cmdline/],
    [{ cmdline: "a\nb" }, /payload\.cmdline/],
    [{ nic: { tap: "a,b", mac: "02:00:00:00:00:01", address: "" } }, /tap/],
    [{ nic: { tap: "t0", mac: "nonsense", address: "" } }, /mac/],
    [
      { store: { kind: "virtiofs", socketPath: `/${"s".repeat(120)}` } },
      /fs\[0\]\.socket: longer than 107 bytes/,
    ],
    [
      { volumes: [{ name: "é".repeat(20), path: "/v", sizeMib: 1 }] },
      /disks\[0\]\.serial/,
    ],
  ];
  for (const [more, pattern] of bad) {
    assert.throws(() => createBody(machine(more), PLACEMENT), {
      code: "invalid",
      message: pattern,
    });
  }
});

Deno.test("maxMemoryMib() is at least twice as much, in steps that virtio-mem takes", () => {
  assert.equal(maxMemoryMib(128), 256);
  assert.equal(maxMemoryMib(64), 192);
  assert.equal(maxMemoryMib(1000), 2024);
});

Deno.test("resizeBody() grows beyond what was booted with, and shrinks below it", () => {
  const mib = 2 ** 20;
  const booted = { size: 64 * mib };
  assert.deepEqual(resizeBody({ memoryMib: 96 }, booted), {
    desired_ram: 96 * mib,
    desired_balloon: 0,
  });
  assert.deepEqual(resizeBody({ memoryMib: 16 }, booted), {
    desired_balloon: 48 * mib,
  });
  const grown = { ...booted, hotplugged_size: 32 * mib };
  assert.deepEqual(resizeBody({ memoryMib: 96 }, grown), {
    desired_balloon: 0,
  });
  assert.deepEqual(resizeBody({ memoryMib: 16 }, grown), {
    desired_ram: 64 * mib,
    desired_balloon: 48 * mib,
  });
  assert.deepEqual(resizeBody({ cpus: 2 }, booted), { desired_vcpus: 2 });
});

Deno.test("restoredConfig() keeps the saved machine and takes this start's paths", () => {
  const now = createBody(machine(), PLACEMENT);
  const saved = {
    ...createBody(machine({ memoryMib: 256 }), {
      ...PLACEMENT,
      consolePath: "/old/console",
      channelPath: "/old/channel",
    }),
    net: [{ id: "net0", tap: "old", mac: "02:00:00:00:00:01", mtu: 1400 }],
    later: "a field of another version",
  };
  const restored = restoredConfig(saved, now);
  assert.deepEqual(restored.memory, saved.memory);
  assert.deepEqual(restored.serial, now.serial);
  assert.deepEqual(restored.vsock, now.vsock);
  assert.deepEqual(restored.net, [{ ...now.net?.[0], mtu: 1400 }]);
  assert.equal(restored.later, saved.later);
});
