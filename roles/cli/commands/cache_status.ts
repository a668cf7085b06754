/**
 * `cache status`: how much is in the cache, how well it serves, what came and
 * what is kept.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { cacheWord, withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import { formatCacheStatus } from "../core/cache_status_view.ts";
import { examples, printJson } from "../flags.ts";

export function addCacheStatus(program: Command, context: CliContext): void {
  cacheWord(program, "status")
    .description(
      "show size, hit rate, pushes, the largest closures, upstreams and what is kept",
    )
    .addHelpText("after", examples("cache status", "cache status --json"))
    .action((_flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const status = await cache.overview();
        if (json) return printJson(context, status);
        context.out(
          formatCacheStatus(status, context.clock.now(), context.paint),
        );
      })
    );
}
