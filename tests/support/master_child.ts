/**
 * A master as a process of its own, for tests that kill it. The arguments are
 * its directory and keys of its configuration; it prints its endpoints as one
 * line of JSON.
 *
 * @module
 */
import { startMaster } from "./master_process.ts";

if (import.meta.main) {
  const [directory, more = "{}"] = Deno.args;
  if (directory === undefined) throw new Error("the directory is missing");
  const master = await startMaster(directory, JSON.parse(more));
  console.log(JSON.stringify(master.endpoints));
  await master.finished;
}
