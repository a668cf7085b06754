/**
 * `bench worker`: what the worker adds to the program it starts, one VM at a
 * time and twenty at once; how long the rules of fifty VMs take to load; what
 * a hundred VMs cost in memory.
 *
 * `ours` counts from the order received to boot answered, the closure present,
 * TAP and rules included; a bare script that drives the same program in the
 * same run is taken off. The program is the one that CLOUD_HYPERVISOR names,
 * else the tests' stand-in, which is said.
 *
 * @module
 */
import { runChecked } from "../../../roles/process/mod.ts";
import { WORKER_V8_FLAGS } from "../../../roles/worker/life_cycle/core/service_units.ts";
import { pvhImage } from "../../../vmm/choice/core/pvh_image.ts";
import { installStandIn } from "../../support/cloud_hypervisor/install.ts";
import { createNetwork } from "../../support/netns.ts";
import { tempDir } from "../../support/temp.ts";
import type { InsideOptions, InsideResult } from "./inside.ts";

const INSIDE = new URL("./inside.ts", import.meta.url).pathname;
/** A hundred starts are some minutes with the stand-in. */
const TIMEOUT_MS = 20 * 60_000;
/**
 * A network namespace shows its interfaces in a /sys of its own, which would
 * hide the control groups; and a run directory is in memory.
 */
const INSIDE_MOUNTS = `
dir=$1; shift
mkdir "$dir/groups" "$dir/run"
mount --rbind /sys/fs/cgroup "$dir/groups"
mount -t sysfs sysfs /sys
mount --rbind "$dir/groups" /sys/fs/cgroup
mount -t tmpfs -o mode=711 tmpfs "$dir/run"
exec "$@"
`;
/** cli; hlt; back to the hlt: a guest that runs for ever and takes no time. */
const IDLE_GUEST = Uint8Array.from([0xfa, 0xf4, 0xeb, 0xfd]);

export interface WorkerBench extends InsideResult {
  /** What was started. */
  program: string;
}

export async function run(): Promise<WorkerBench> {
  await using dir = await tempDir("bw");
  await using network = await createNetwork(["w1"]);
  // dnsmasq gives its rights up and reads its files all the same.
  await Deno.chmod(dir.path, 0o711);
  const real = Deno.env.get("CLOUD_HYPERVISOR");
  const program = real ??
    await installStandIn(`${dir.path}/cloud-hypervisor`);
  console.error(
    real === undefined
      ? "starting the tests' stand-in: CLOUD_HYPERVISOR names no program"
      : `starting ${real}`,
  );
  const kernelPath = `${dir.path}/kernel`;
  const initrdPath = `${dir.path}/initrd`;
  await Deno.writeFile(kernelPath, pvhImage(IDLE_GUEST));
  await Deno.writeFile(initrdPath, new Uint8Array(512));
  const options: InsideOptions = {
    dir: dir.path,
    program,
    kernelPath,
    initrdPath,
    starts: 100,
    burst: 20,
    held: 100,
  };
  const { namespace } = network.host("w1");
  const text = await runChecked("nsenter", [
    `--net=/run/netns/${namespace}`,
    "--",
    "unshare",
    "-m",
    "sh",
    "-ec",
    INSIDE_MOUNTS,
    "sh",
    dir.path,
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    // As its unit runs it.
    `--v8-flags=${WORKER_V8_FLAGS}`,
    INSIDE,
    JSON.stringify(options),
  ], { timeoutMs: TIMEOUT_MS });
  const line = text.trim().split("\n").at(-1) ?? "";
  return {
    ...JSON.parse(line),
    program: real === undefined ? "stand-in" : "cloud-hypervisor",
  };
}
