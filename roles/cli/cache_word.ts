/**
 * A word below `cache` that talks to the running cache at `services.cache` of
 * client.json. The bare word runs the role.
 *
 * @module
 */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { type CacheClient, openCacheClient } from "./cache_client.ts";
import type { ClientFlags } from "./client_config.ts";
import type { CliContext } from "./context.ts";
import { commandNamed, withService, withServiceFlags } from "./flags.ts";

/** Adds `cache NAME` with the flags of every command that talks to a service. */
export function cacheWord(program: Command, name: string) {
  const cache = commandNamed(program, "cache");
  return withServiceFlags(cache.command(name), "cache");
}

/** Opens a client of the cache that the command's flags mean, does `action`, closes it. */
export function withCache<T>(
  context: CliContext,
  command: CommandUnknownOpts,
  action: (cache: CacheClient, flags: { json: boolean }) => Promise<T>,
): Promise<T> {
  // Flags that the role has as well are taken by the word before.
  const flags: ClientFlags & { url?: string; json?: boolean } = command
    .optsWithGlobals();
  return withService(
    context,
    "cache",
    flags,
    (http) => action(openCacheClient(http), { json: flags.json === true }),
  );
}

/** What a link like `./result` leads to; a path or a hash as it is. */
export async function storePathOf(path: string): Promise<string> {
  if (!path.startsWith(".")) return path;
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}
