/**
 * One fetch as a program, for tests that kill it: `transfer_child.ts DIR URL
 * PUBLIC_KEY TOP`.
 *
 * @module
 */
import { testWorker } from "./transferred.ts";

const [dir = "", url = "", publicKey = "", top = ""] = Deno.args;
await using worker = await testWorker(dir, { url, publicKey });
await worker.fetch(top);
