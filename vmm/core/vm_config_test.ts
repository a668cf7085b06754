import assert from "node:assert/strict";
import { VmSpec } from "../../roles/model/mod.ts";
import { kernelCmdline, vmConfigOf } from "./vm_config.ts";

const STORE = `/nix/store/${"a".repeat(32)}-image`;

function spec(more: Record<string, unknown> = {}): VmSpec {
  return VmSpec.parse({
    name: "web",
    cpuMilli: 250,
    memoryMib: 128,
    image: {
      toplevel: STORE,
      kernelPath: `${STORE}/kernel`,
      initrdPath: `${STORE}/initrd`,
    },
    ...more,
  });
}

Deno.test("kernelCmdline() adds a console and an end to panics unless the image has its own", () => {
  assert.equal(kernelCmdline(spec()), "console=ttyS0 panic=1");
  const image = { ...spec().image, cmdline: "quiet console=hvc0 panic=0" };
  assert.equal(kernelCmdline(spec({ image })), "quiet console=hvc0 panic=0");
});

Deno.test("kernelCmdline() hands env to init, sorted and quoted", () => {
  const env = { ZONE: "a", GREETING: "hello you" };
  assert.equal(
    kernelCmdline(spec({ env })),
    `console=ttyS0 panic=1 GREETING="hello you" ZONE=a`,
  );
});

Deno.test("kernelCmdline() refuses env that the kernel would read as something else", () => {
  for (
    const env of [{ "a.b": "1" }, { A: 'x" init=/bin/sh "' }, { A: "1\n2" }, {
      "A B": "1",
    }]
  ) {
    assert.throws(() => kernelCmdline(spec({ env })), { code: "invalid" });
  }
  const image = { ...spec().image, cmdline: "x".repeat(2040) };
  assert.throws(() => kernelCmdline(spec({ image })), { code: "invalid" });
});

Deno.test("vmConfigOf() rounds shares up to whole processors and uses physical paths", () => {
  const config = vmConfigOf(
    {
      id: "shop/web-0",
      incarnation: 3,
      runtimeHash: "b".repeat(64),
      spec: spec({ volumes: [{ name: "data", sizeMib: 8, mount: "/data" }] }),
      publishes: true,
    },
    { physical: (path) => `/root${path}`, volumesDir: "/state/volumes/x" },
  );
  assert.equal(config.cpus, 1);
  assert.equal(config.kernelPath, `/root${STORE}/kernel`);
  assert.deepEqual(config.volumes, [{
    name: "data",
    sizeMib: 8,
    path: "/state/volumes/x/data.raw",
  }]);
});

Deno.test("vmConfigOf() refuses volumes that a guest could take for another disk", () => {
  const configOf = (...names: string[]) =>
    vmConfigOf(
      {
        id: "shop/web-0",
        incarnation: 3,
        runtimeHash: "b".repeat(64),
        spec: spec({
          volumes: names.map((name) => ({
            name,
            sizeMib: 8,
            mount: `/${name}`,
          })),
        }),
        publishes: true,
      },
      { physical: (path) => path, volumesDir: "/state" },
    );
  assert.equal(configOf("data", "logs").volumes.length, 2);
  for (
    const names of [
      ["nix-store"],
      ["a-volume-of-twenty-characters", "a-volume-of-twenty-cats"],
    ]
  ) {
    assert.throws(() => configOf(...names), { code: "invalid" });
  }
});

Deno.test("vmConfigOf() leaves published ports to the main copy", () => {
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  const portsOf = (publishes: boolean) =>
    vmConfigOf(
      {
        id: "shop/web-0",
        incarnation: 3,
        runtimeHash: "b".repeat(64),
        spec: spec({ network: { ports } }),
        publishes,
      },
      { physical: (path) => path, volumesDir: "/state" },
    ).ports;
  assert.deepEqual(portsOf(true), ports);
  assert.deepEqual(portsOf(false), [{ name: "http", guest: 80 }]);
});
