import assert from "node:assert/strict";
import { escapeValue, macAddress, qemuArgs } from "./args.ts";
import type { VmConfig } from "../../core/vm_config.ts";

const MARKER = "0f8fad5b-d9cb-469f-a165-70867728950e";
const CONFIG: VmConfig = {
  id: "shop/web-0",
  incarnation: 1,
  runtimeHash: "a".repeat(64),
  cpus: 2,
  memoryMib: 128,
  kernelPath: "/store/kernel",
  initrdPath: "/store/initrd",
  cmdline: "console=ttyS0",
  ports: [{ name: "http", guest: 80 }, { name: "ssh", guest: 22 }],
  volumes: [],
};

function args(config: VmConfig, accel: "tcg" | "kvm" = "tcg"): string[] {
  return qemuArgs(config, {
    accel,
    marker: MARKER,
    hostAddress: "127.0.0.1",
    hostPorts: new Map([["http", 20_000], ["ssh", 20_001]]),
    pidPath: "/run/pid",
    socketPath: "/run/a,b/qmp",
    consolePath: "/run/console",
    channelPath: "/run/channel",
    serialPath: "/run/a,b/serial.log",
    isRestored: false,
    daemonize: true,
  });
}

function valueOf(list: string[], option: string): string[] {
  return list.flatMap((word, index) =>
    word === option ? [list[index + 1] ?? ""] : []
  );
}

Deno.test("qemuArgs() forwards each port from the host's address", () => {
  assert.deepEqual(valueOf(args(CONFIG), "-netdev"), [
    "user,id=net0,hostfwd=tcp:127.0.0.1:20000-:80,hostfwd=tcp:127.0.0.1:20001-:22",
  ]);
});

Deno.test("qemuArgs() puts a guest with a card on its TAP, with its own MAC, and forwards nothing", () => {
  const nic = { tap: "pt0", mac: "02:00:00:00:00:01", address: "10.1.0.2" };
  const list = args({ ...CONFIG, nic });
  assert.deepEqual(valueOf(list, "-netdev"), [
    "tap,id=net0,ifname=pt0,script=no,downscript=no",
  ]);
  assert.ok(
    valueOf(list, "-device").includes(
      "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01",
    ),
  );
  assert.doesNotMatch(list.join(" "), /hostfwd/);
});

Deno.test("qemuArgs() shows a guest its store by one name, never to be written", () => {
  const image = args({
    ...CONFIG,
    store: { kind: "image", path: "/images/a,b", format: "erofs" },
  });
  assert.deepEqual(valueOf(image, "-drive"), [
    "file=/images/a,,b,if=none,id=store,format=raw,readonly=on",
  ]);
  assert.match(image.join(" "), /virtio-blk-pci,drive=store,serial=nix-store/);
  const shared = args({
    ...CONFIG,
    store: { kind: "virtiofs", socketPath: "/run/fs" },
  });
  assert.match(
    shared.join(" "),
    /vhost-user-fs-pci,chardev=store,tag=nix-store/,
  );
  // Another process can read the guest's memory only when all of it is shared.
  assert.deepEqual(valueOf(shared, "-machine"), ["q35,memory-backend=memory"]);
  assert.match(
    shared.join(" "),
    /memory-backend-memfd,id=memory,size=128M,share=on/,
  );
});

Deno.test("qemuArgs() never lets a path be read as options", () => {
  const list = args({
    ...CONFIG,
    diskImagePath: "/store/x,readonly=off",
    volumes: [{ name: "data", path: "/v/a,b.raw", sizeMib: 1 }],
  });
  assert.equal(escapeValue("a,b"), "a,,b");
  assert.deepEqual(valueOf(list, "-drive"), [
    "file=/store/x,,readonly=off,if=none,id=disk,format=raw,snapshot=on",
    "file=/v/a,,b.raw,if=none,id=volume0,format=raw,discard=unmap",
  ]);
  const sockets = valueOf(list, "-chardev").join(" ");
  assert.match(sockets, /path=\/run\/a,,b\/qmp/);
  assert.match(sockets, /logfile=\/run\/a,,b\/serial.log/);
});

Deno.test("qemuArgs() boots the kernel, keeps nothing of ours and carries its marker", () => {
  const list = args(CONFIG);
  assert.deepEqual(valueOf(list, "-kernel"), ["/store/kernel"]);
  assert.deepEqual(valueOf(list, "-append"), ["console=ttyS0"]);
  assert.deepEqual(valueOf(list, "-uuid"), [MARKER]);
  assert.deepEqual(valueOf(list, "-smp"), ["2"]);
  for (const flag of ["-daemonize", "-no-reboot", "-nodefaults"]) {
    assert.ok(list.includes(flag), flag);
  }
});

Deno.test("qemuArgs() asks for KVM only when told to", () => {
  assert.ok(!args(CONFIG).join(" ").includes("kvm"));
  assert.ok(args(CONFIG, "kvm").includes("host,-arch-capabilities"));
});

Deno.test("macAddress() is unicast, local and the marker's own", () => {
  assert.equal(macAddress(MARKER), "02:0f:8f:ad:5b:d9");
});
