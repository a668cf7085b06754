/**
 * A worker with closures of its own and a master that is a directory, as a
 * program, for tests that kill it: `closure_worker.ts MASTER CONFIG`, the
 * configuration as JSON.
 *
 * @module
 */
import { WorkerConfig } from "../../roles/worker/config.ts";
import { run } from "../../roles/worker/mod.ts";
import { DirectoryMaster } from "./worker.ts";

const [master = "", config = ""] = Deno.args;
const worker = await run(WorkerConfig.parse(JSON.parse(config)), {
  link: () => new DirectoryMaster(master),
});
await worker.finished;
