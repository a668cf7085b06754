/**
 * The worker under chaos, as a program: `child.ts CONFIG`, the configuration as
 * JSON. Its master is the directory `master` beside its state, its closures are
 * the test image with roots that are links.
 *
 * @module
 */
import { run } from "../../../roles/worker/mod.ts";
import { WorkerConfig } from "../../../roles/worker/config.ts";
import { testImage } from "../../support/vmm_image.ts";
import { DirectoryMaster } from "../../support/worker.ts";
import { linkClosures } from "./link_closures.ts";

if (import.meta.main) {
  const config = WorkerConfig.parse(JSON.parse(Deno.args[0] ?? ""));
  const worker = await run(config, {
    link: () => new DirectoryMaster(`${config.stateDir}/../master`),
    closures: linkClosures(
      `${config.stateDir}/roots`,
      config.driver === "simulated"
        ? { kernel: "/kernel", initrd: "/initrd" }
        : await testImage(),
    ),
  });
  // As a service manager asks for it: the VMs run on.
  Deno.addSignalListener("SIGTERM", () => void worker.stop());
  await worker.finished;
  Deno.exit(0);
}
