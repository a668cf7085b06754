import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { formatError } from "../../roles/model/errors.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import { BridgeNetwork } from "../../roles/worker/network/bridge_network.ts";
import { QemuVmm } from "../../vmm/mod.ts";
import {
  createGuestWorld,
  guestPlan,
  networkPlan,
  SITES,
  WAIT,
} from "../support/guest_network.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, testMachine } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";

const ADDRESS = "10.201.3.2";
const MODULES = [
  "virtio_ring",
  "virtio",
  "virtio_pci_legacy_dev",
  "virtio_pci_modern_dev",
  "virtio_pci",
  "failover",
  "net_failover",
  "virtio_net",
];

/** In place of the test image's own: takes a lease, tries what is allowed and what is not, serves. */
const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in ${MODULES.join(" ")}; do insmod /lib/$module.ko; done
ip link set lo up; ip link set eth0 up
busybox udhcpc -i eth0 -n -q -t 20 -T 1 -O search -s /lease
echo "net: address $(busybox ip -4 -o addr show eth0)"
for url in http://${
  SITES["allowed.example"]
}/ http://allowed.example/ http://blocked.example/; do
  if busybox wget -q -O /page $url; then echo "net: $url gives $(cat /page)"; else echo "net: $url fails"; fi
done
httpd -p 80 -h /www
echo "net: done"
while true; do sleep 3600; done
`;
const LEASE = `#!/bin/sh
[ "$1" = bound ] || exit 0
busybox ip addr add $ip/$mask dev eth0
busybox ip route add default via $router
busybox mkdir -p /etc
echo "search $search" > /etc/resolv.conf
echo "nameserver $dns" >> /etc/resolv.conf
`;

/** The test image with another init: a later archive of an initrd wins. */
async function networkedInitrd(dir: string, initrd: string): Promise<string> {
  const root = `${dir}/root`;
  await Deno.mkdir(root);
  await Deno.writeTextFile(`${root}/init`, INIT, { mode: 0o755 });
  await Deno.writeTextFile(`${root}/lease`, LEASE, { mode: 0o755 });
  await runChecked("sh", [
    "-c",
    'cd "$1" && printf "init\\nlease\\n" | cpio -o -H newc --quiet > ../more && cat "$2" ../more > ../initrd',
    "sh",
    root,
    initrd,
  ]);
  return `${dir}/initrd`;
}

Deno.test("a real guest on a real TAP: its lease, its domains, its port", async () => {
  const image = await testImage();
  await using dir = await tempDir("netvm");
  await Deno.chmod(dir.path, 0o755);
  await using world = await createGuestWorld(["w1"]);
  const { host, commands, settings } = world.worker("w1");
  const warnings: string[] = [];
  const plan = guestPlan("web", {
    address: ADDRESS,
    domains: ["allowed.example"],
    rateLimitMbit: 100,
  });
  // Of its own: with TAPs, and for a VMM that is not root.
  const network = new BridgeNetwork({
    settings: { ...settings, bridge: "pcrvm" },
    commands,
    clock: systemClock,
    dir: `${dir.path}/network`,
    dnsServers: [world.outside.address],
    owner: { uid: 65_534, gid: 65_534 },
    onWarning: (message, error) =>
      warnings.push(`${message} ${error === null ? "" : formatError(error)}`),
  });
  const qemu = `${dir.path}/qemu`;
  await Deno.writeTextFile(
    qemu,
    `#!/bin/sh\nexec ${host.inside.join(" ")} qemu-system-x86_64 "$@"\n`,
    { mode: 0o755 },
  );
  const vmm = new QemuVmm({
    runDir: `${dir.path}/vms`,
    tempDir: dir.path,
    clock: systemClock,
    qemuPath: qemu,
  });
  try {
    await network.adopt([]);
    await network.configure(networkPlan("10.201.3.0/24", [{ plan }]));
    await vmm.list();
    const { nic } = await network.provide(plan.copy);
    const taps = await host.run("ip", ["tuntap", "show"]);
    assert.match(
      taps.stdout,
      new RegExp(`^${nic.tap}: tap persist user 65534 group 65534$`, "m"),
    );
    await vmm.start({
      ...testMachine(image, plan.copy, "serves"),
      initrdPath: await networkedInitrd(dir.path, image.initrd),
      nic,
    });
    const said = await until("the guest to have tried all", async () => {
      const { text } = await vmm.serialTail(plan.copy, 65_536);
      return text.includes("net: done") && text.replaceAll("\r", "");
    }, { timeoutMs: BOOT_TIMEOUT_MS * 2 });
    assert.match(said, new RegExp(`net: address .* ${ADDRESS}/24 `));
    assert.match(said, /http:\/\/198\.51\.100\.10\/ fails/);
    assert.match(said, /http:\/\/allowed\.example\/ gives outside/);
    assert.match(said, /http:\/\/blocked\.example\/ fails/);

    // As health checks and people reach it.
    const ports = [{ name: "http", guest: 80, publish: 8080 }];
    await network.publish(plan.copy, ports);
    const get = async (url: string) =>
      (await host.run("curl", ["-sS", "--max-time", "5", url])).stdout;
    await until(
      "its page",
      async () => await get(`http://${ADDRESS}/healthz`) === "ok\n",
      WAIT,
    );
    assert.equal(await get("http://127.0.0.1:8080/healthz"), "ok\n");
    const used = (await network.counters()).get("shop/web-0#1");
    assert.ok(used !== undefined);
    assert.ok(used.receivedBytes > 0 && used.sentBytes > 0);
    assert.ok(used.droppedPackets > 0);

    await vmm.stop(plan.copy, { graceMs: 0 });
    await network.withdraw(plan.copy);
    const links = await runProcess("ip", [
      "-n",
      host.namespace,
      "link",
      "show",
      nic.tap,
    ]);
    assert.notEqual(links.code, 0);
    assert.deepEqual(warnings, []);
  } finally {
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    await vmm.close();
    await network.remove();
  }
});
