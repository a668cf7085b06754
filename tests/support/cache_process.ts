/**
 * The cache alone in a process, for tests that kill it. The argument is its
 * configuration as JSON; one line of JSON says where it listens.
 *
 * @module
 */
import { CacheConfig, run } from "../../roles/cache/mod.ts";

const cache = await run(CacheConfig.parse(JSON.parse(Deno.args[0] ?? "{}")));
console.log(
  JSON.stringify({
    url: cache.endpoints["http"],
    publicKey: cache.publicKeys[0],
  }),
);
await cache.finished;
