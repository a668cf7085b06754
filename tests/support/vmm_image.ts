/**
 * A tiny guest for tests that boot real machines: Debian's cloud kernel and a
 * busybox initramfs, built once and kept in a cache directory. What the guest
 * does is chosen by `MODE=` on the kernel's command line, which the kernel
 * hands to init as an environment variable:
 *
 * - `healthy` (also when absent): serves `/healthz` on port 80.
 * - `silent`: boots, never answers.
 * - `poweroff`: ends cleanly at once.
 * - `panic`: the kernel panics at once.
 * - `flood`: serves `/healthz`, and writes to the serial port and the guest
 *   channel without end.
 * - `fills`: writes its first disk full, says so, and stays.
 *
 * A healthy one also answers `echo: LINE` to each line on its serial port, sends
 * back what comes on the guest channel, counts seconds in `/up`, shows what it
 * knows of its processors and memory in `/sys`, and mounts the store that it is
 * shown at `/nix/store`, served as `/store`.
 *
 * @module
 */
import { runChecked } from "../../roles/process/mod.ts";

/** Bump when the init script or the module list changes. */
const VERSION = 8;
/** In insertion order: virtio_ring before virtio. */
const MODULES = [
  "virtio/virtio_ring",
  "virtio/virtio",
  "virtio/virtio_pci_legacy_dev",
  "virtio/virtio_pci_modern_dev",
  "virtio/virtio_pci",
  "core/failover",
  "net/net_failover",
  "net/virtio_net",
  "block/virtio_blk",
  "virtio/virtio_balloon",
  "char/virtio_console",
  "acpi/button",
  "input/evdev",
];

/** Loaded only where a guest mounts a store: each costs boot time. */
const STORE_MODULES = [
  "lib/libcrc32c",
  "erofs/erofs",
  "squashfs/squashfs",
  "fuse/fuse",
  "fuse/virtiofs",
];

const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in ${
  MODULES.map((path) => path.split("/").at(-1)).join(" ")
}; do insmod /lib/$module.ko; done
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
acpid -d -c /etc/acpi >/dev/null 2>&1 &
echo "test-vm: MODE=$MODE"
[ -e /dev/vda ] && echo "test-vm: disk $(cat /sys/block/vda/size)"
case "$MODE" in
  poweroff) poweroff -f ;;
  panic) echo 1 > /proc/sys/kernel/panic; echo c > /proc/sysrq-trigger ;;
  silent) echo "test-vm: silent"; while true; do sleep 3600; done ;;
  fills) cat /dev/zero > /dev/vda 2>/dev/null; echo "test-vm: filled"
    while true; do sleep 3600; done ;;
  flood) httpd -p 80 -h /www
    for port in /dev/vport*; do cat /dev/zero > $port & done
    while true; do cat /www/noise; done ;;
esac
mkdir -p /nix/store
for disk in /sys/block/vd*; do
  [ "$(cat $disk/serial)" = nix-store ] || continue
  for module in libcrc32c erofs squashfs; do insmod /lib/$module.ko; done
  mount -o ro /dev/\${disk##*/} /nix/store
done
case "$STORE" in
  virtiofs) insmod /lib/fuse.ko; insmod /lib/virtiofs.ko
    mount -t virtiofs nix-store /nix/store ;;
esac
for port in /sys/class/virtio-ports/*; do
  [ "$(cat $port/name)" = org.procurator.channel ] || continue
  # A port is opened by one only; cat ends with each connection of the host.
  (exec 3<>/dev/\${port##*/}; while true; do cat <&3 >&3; sleep 0.1; done) &
done
(count=0; while true; do
  echo $count > /www/up; count=$((count + 1))
  cat /sys/devices/system/cpu/online /proc/meminfo > /www/sys.new
  mv /www/sys.new /www/sys; sleep 0.2
done) &
echo "test-vm: ready"
httpd -p 80 -h /www
while read line; do echo "echo: $line"; done
while true; do sleep 3600; done
`;

/** Lines of 64 bytes, written as fast as the serial port takes them. */
const NOISE = `${"noise ".repeat(10)}...\n`.repeat(1024);

/** Where the guest's files are. */
export interface TestImage {
  kernel: string;
  initrd: string;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function moduleFiles(root: string): Promise<Map<string, string>> {
  const listing = await runChecked("find", [root, "-name", "*.ko*"]);
  return new Map(
    listing.trim().split("\n").map((path) => [
      path.split("/").slice(-2).join("/").replace(/\.ko.*$/, ""),
      path,
    ]),
  );
}

async function buildInto(dir: string): Promise<void> {
  const depends = await runChecked("apt-cache", [
    "depends",
    "linux-image-cloud-amd64",
  ]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) {
    throw new Error("Debian's linux-image-cloud-amd64 is not in the apt lists");
  }
  await runChecked("apt-get", ["download", name], { cwd: dir });
  const deb = (await runChecked("find", [dir, "-name", "*.deb"])).trim();
  await runChecked("dpkg", ["-x", deb, `${dir}/x`]);
  const kernel =
    (await runChecked("find", [`${dir}/x/boot`, "-name", "vmlinuz-*"])).trim();
  const root = `${dir}/root`;
  for (
    const sub of ["bin", "lib", "etc/acpi/PWRF", "www", "proc", "sys", "dev"]
  ) {
    await Deno.mkdir(`${root}/${sub}`, { recursive: true });
  }
  const modules = await moduleFiles(`${dir}/x/lib/modules`);
  for (const module of [...MODULES, ...STORE_MODULES]) {
    const file = modules.get(module);
    if (file === undefined) {
      throw new Error(`there is no kernel module ${module}`);
    }
    await Deno.copyFile(file, `${root}/lib/${module.split("/").at(-1)}.ko`);
  }
  await Deno.copyFile("/bin/busybox", `${root}/bin/busybox`);
  for (
    const applet of [
      "sh",
      "mount",
      "insmod",
      "ip",
      "acpid",
      "echo",
      "cat",
      "poweroff",
      "sleep",
      "httpd",
      "mkdir",
      "mv",
    ]
  ) {
    await Deno.symlink("busybox", `${root}/bin/${applet}`);
  }
  await Deno.writeTextFile(`${root}/init`, INIT, { mode: 0o755 });
  const powerOff = `${root}/etc/acpi/PWRF/00000080`;
  await Deno.writeTextFile(powerOff, "#!/bin/sh\npoweroff -f\n", {
    mode: 0o755,
  });
  await Deno.writeTextFile(
    `${root}/www/index.html`,
    "hello from a test machine\n",
  );
  await Deno.writeTextFile(`${root}/www/healthz`, "ok\n");
  await Deno.writeTextFile(`${root}/www/noise`, NOISE);
  await Deno.symlink("/nix/store", `${root}/www/store`);
  const names = await runChecked("find", ["."], { cwd: root });
  const archive = await new Deno.Command("cpio", {
    args: ["-o", "-H", "newc", "--quiet"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = archive.stdin.getWriter();
  await writer.write(new TextEncoder().encode(names));
  await writer.close();
  await Deno.writeFile(`${dir}/initrd`, (await archive.output()).stdout);
  await Deno.copyFile(kernel, `${dir}/kernel`);
  await Deno.remove(`${dir}/x`, { recursive: true });
  await Deno.remove(deb);
}

/** The test guest's kernel and initrd; builds them when they are not in the cache. */
export async function testImage(): Promise<TestImage> {
  const base = Deno.env.get("PROCURATOR_TEST_CACHE") ??
    "/var/tmp/procurator-test-cache";
  const dir = `${base}/test-vm-${VERSION}`;
  const image = { kernel: `${dir}/kernel`, initrd: `${dir}/initrd` };
  if (await exists(image.initrd)) return image;
  await Deno.mkdir(base, { recursive: true });
  const building = await Deno.makeTempDir({ dir: base });
  // As a store: VMMs of other users read it.
  await Deno.chmod(building, 0o755);
  await buildInto(building);
  // Two builders may race: the first one in wins, both images are the same.
  await Deno.rename(building, dir).catch(() =>
    Deno.remove(building, { recursive: true })
  );
  return image;
}
