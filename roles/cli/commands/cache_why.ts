/**
 * `cache why`: what keeps a path in the cache.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { cacheWord, storePathOf, withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import { formatKept } from "../core/cache_view.ts";
import { examples, printJson } from "../flags.ts";

export function addCacheWhy(program: Command, context: CliContext): void {
  cacheWord(program, "why")
    .description(
      "say what keeps a path: generations, branches and pins, and how they come to it",
    )
    .argument("<path>", "a store path, or its hash")
    .addHelpText(
      "after",
      examples(
        "cache why /nix/store/7h2v...-glibc-2.36",
        "cache why ./result --json",
      ),
    )
    .action((path, _flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const why = await cache.why(await storePathOf(path));
        if (json) return printJson(context, why);
        context.out(formatKept(why, context.clock.now(), context.paint));
      })
    );
}
