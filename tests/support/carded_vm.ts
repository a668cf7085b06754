/**
 * A real guest with all that a host may give it, in a network namespace of its
 * own: a TAP, control groups, another user, a store image. Started by `unshare`
 * and told what to do as JSON; prints what was seen as JSON.
 *
 * @module
 */
import { runChecked } from "../../roles/process/mod.ts";
import type { VmConfig } from "../../vmm/mod.ts";
import { BOOT_TIMEOUT_MS, httpBodyAt, testQemu } from "./vmm.ts";
import { until } from "./wait.ts";

/** What is started, and where. */
export interface CardedOrder {
  dir: string;
  config: VmConfig;
}

/** What was seen. */
export interface CardedReport {
  host: string;
  ports: { guest: number; host: number }[];
  early: boolean;
  accepts: boolean;
  refuses: boolean;
  store: string | null;
  uid: string;
  cgroups: string;
  figures: { sent: number | null; received: number | null };
  published: { guest: number; host: number }[];
}

/** The guest's address is fixed in the test image. */
export const CARDED_ADDRESS = "10.0.2.15";

async function layCard({ nic, user }: VmConfig): Promise<void> {
  const tap = nic?.tap ?? "";
  const owner = user === undefined ? [] : ["user", String(user.uid)];
  // As udev leaves it: everybody opens the device, a TAP lets in its owner only.
  await runChecked("mount", ["-t", "tmpfs", "none", "/dev/net"]);
  await runChecked("mknod", ["-m", "666", "/dev/net/tun", "c", "10", "200"]);
  await runChecked("ip", ["tuntap", "add", tap, "mode", "tap", ...owner]);
  await runChecked("ip", ["addr", "add", "10.0.2.2/24", "dev", tap]);
  await runChecked("ip", ["link", "set", tap, "up"]);
}

async function see({ dir, config }: CardedOrder): Promise<CardedReport> {
  await layCard(config);
  const vmm = testQemu(dir);
  const { pid, host, ports } = await vmm.start(config);
  try {
    const [port] = ports;
    if (port === undefined) throw new Error("the guest has no port");
    const early = await vmm.accepts(config, port, 100);
    const page = (path: string) => httpBodyAt(host, port.host, path);
    await until(
      "the guest answers",
      async () => await page("/healthz") !== null,
      {
        timeoutMs: BOOT_TIMEOUT_MS,
      },
    );
    const closed = { name: "closed", guest: 81, host: 81 };
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const { networkSentBytes, networkReceivedBytes } = await vmm.figures(
      config,
    );
    return {
      host,
      ports: [...ports],
      early,
      accepts: await vmm.accepts(config, port, 10_000),
      refuses: !await vmm.accepts(config, closed, 10_000),
      store: await page("/store/hello"),
      uid: /^Uid:\s*(\d+)/m.exec(status)?.[1] ?? "",
      cgroups: await Deno.readTextFile(`/proc/${pid}/cgroup`),
      figures: { sent: networkSentBytes, received: networkReceivedBytes },
      published: [
        ...(await vmm.publish(config, [{ name: port.name, publish: 8080 }]))
          .ports,
      ],
    };
  } finally {
    await vmm.stop(config, { graceMs: 0 });
    await vmm.close();
  }
}

/** Starts a guest in a namespace of its own; what was seen of it. */
export async function cardedVm(order: CardedOrder): Promise<CardedReport> {
  const text = await runChecked("unshare", [
    "--net",
    "--mount",
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    new URL(import.meta.url).pathname,
    JSON.stringify(order),
  ]);
  return JSON.parse(text);
}

if (import.meta.main) {
  console.log(JSON.stringify(await see(JSON.parse(Deno.args[0] ?? ""))));
}
