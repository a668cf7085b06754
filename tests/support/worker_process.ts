/**
 * A worker as a program, for tests that kill it: `worker_process.ts DIR DRIVER
 * CONFIG`. Its master is the directory `DIR/master`, or the one that CONFIG
 * names; its closures are those of the test image unless CONFIG says other
 * ones. SIGTERM ends it as it ends the real program.
 *
 * @module
 */
import { run } from "../../roles/worker/mod.ts";
import { testImage } from "./vmm_image.ts";
import { DirectoryMaster, imageClosures, workerConfig } from "./worker.ts";

const [dir = "", driver = "", more = "{}"] = Deno.args;
const keys: Record<string, unknown> = JSON.parse(more);
const worker = await run(
  workerConfig(dir, { driver, ...keys }),
  {
    ...("masterUrl" in keys
      ? {}
      : { link: () => new DirectoryMaster(`${dir}/master`) }),
    ...("closures" in keys
      ? {}
      : { closures: imageClosures(await testImage()) }),
  },
);
Deno.addSignalListener("SIGTERM", () => void worker.stop());
await worker.finished;
// As main.ts does: a listener would keep it alive.
Deno.exit(0);
