/**
 * The worker under chaos, as a program: `child.ts CONFIG`, the configuration as
 * JSON. Its master is the directory `master` beside its state, its closures are
 * the test image with roots that are links.
 *
 * @module
 */
import { run } from "../../../roles/worker/mod.ts";
import { WorkerConfig } from "../../../roles/worker/config.ts";
import { dirname } from "node:path";
import { type TestImage, testImage } from "../../support/vmm_image.ts";
import { DirectoryMaster } from "../../support/worker.ts";
import { linkClosures } from "./link_closures.ts";

/** What specs name as their image: the driver's own. */
async function imageOf({ driver, stateDir }: WorkerConfig): Promise<TestImage> {
  if (driver === "qemu") return await testImage();
  const dir = driver === "simulated" ? "" : dirname(stateDir);
  return { kernel: `${dir}/kernel`, initrd: `${dir}/initrd` };
}

if (import.meta.main) {
  const config = WorkerConfig.parse(JSON.parse(Deno.args[0] ?? ""));
  const worker = await run(config, {
    link: () => new DirectoryMaster(`${config.stateDir}/../master`),
    closures: linkClosures(
      `${config.stateDir}/roots`,
      await imageOf(config),
    ),
  });
  // As a service manager asks for it: the VMs run on.
  Deno.addSignalListener("SIGTERM", () => void worker.stop());
  await worker.finished;
  Deno.exit(0);
}
