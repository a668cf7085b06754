/**
 * A worker with a real master as a program, for tests that stop and kill it:
 * `fenced_worker.ts CONFIG`, the configuration as JSON. Closures are the test
 * image's.
 *
 * @module
 */
import { run } from "../../roles/worker/mod.ts";
import { WorkerConfig } from "../../roles/worker/config.ts";
import { testImage } from "./vmm_image.ts";
import { imageClosures } from "./worker.ts";

if (import.meta.main) {
  const config = WorkerConfig.parse(JSON.parse(Deno.args[0] ?? ""));
  const worker = await run(
    config,
    config.driver === "qemu"
      ? { closures: imageClosures(await testImage()) }
      : {},
  );
  console.log(worker.endpoints.http);
  await worker.finished;
}
