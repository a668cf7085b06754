/**
 * A worker as a program, for tests that kill it: `worker_process.ts DIR DRIVER`.
 *
 * @module
 */
import { run } from "../../roles/worker/mod.ts";
import { testImage } from "./vmm_image.ts";
import { DirectoryMaster, imageClosures, workerConfig } from "./worker.ts";

const [dir = "", driver = ""] = Deno.args;
const worker = await run(workerConfig(dir, { driver }), {
  link: () => new DirectoryMaster(`${dir}/master`),
  closures: imageClosures(await testImage()),
});
await worker.finished;
