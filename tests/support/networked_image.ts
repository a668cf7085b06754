/**
 * The test image with another init: takes a lease, serves `/healthz` on port
 * 80, and asks for the pages that `ASK=` on the command line names, a comma
 * between two, again and again. What came of the last round is served as
 * `/asked`, a line `URL gives TEXT` or `URL fails` for each.
 *
 * @module
 */
import { runChecked } from "../../roles/process/mod.ts";
import { type TestImage, testImage } from "./vmm_image.ts";

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

const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in ${MODULES.join(" ")}; do insmod /lib/$module.ko; done
ip link set lo up; ip link set eth0 up
busybox udhcpc -i eth0 -n -q -t 20 -T 1 -O search -s /lease
echo "networked: $(busybox ip -4 -o addr show eth0)"
echo none > /www/asked
httpd -p 80 -h /www
while true; do
  : > /www/asked.new
  for url in $(echo "$ASK" | busybox tr , ' '); do
    if busybox wget -q -O /page $url; then
      echo "$url gives $(cat /page)" >> /www/asked.new
    else
      echo "$url fails" >> /www/asked.new
    fi
  done
  mv /www/asked.new /www/asked
  sleep 1
done
`;
const LEASE = `#!/bin/sh
[ "$1" = bound ] || exit 0
busybox ip addr add $ip/$mask dev eth0
busybox ip route add default via $router
busybox mkdir -p /etc
echo "search $search" > /etc/resolv.conf
echo "nameserver $dns" >> /etc/resolv.conf
`;

/** Makes it in a directory of the test's. */
export async function networkedImage(dir: string): Promise<TestImage> {
  const { kernel, initrd } = await testImage();
  const root = `${dir}/initrd-root`;
  await Deno.mkdir(root);
  await Deno.writeTextFile(`${root}/init`, INIT, { mode: 0o755 });
  await Deno.writeTextFile(`${root}/lease`, LEASE, { mode: 0o755 });
  // A later archive of an initrd wins.
  const script =
    'cd "$1" && printf "init\\nlease\\n" | cpio -o -H newc --quiet > ../more && cat "$2" ../more > ../networked-initrd';
  await runChecked("sh", ["-c", script, "sh", root, initrd]);
  return { kernel, initrd: `${dir}/networked-initrd` };
}
