/**
 * `cache delete`: take one path out of the cache, unless something keeps it.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { cacheWord, storePathOf, withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import { describeDeleted } from "../core/cache_view.ts";
import { examples, printJson } from "../flags.ts";

export function addCacheDelete(program: Command, context: CliContext): void {
  cacheWord(program, "delete")
    .description(
      "delete one path at once; refused while anything refers to it or keeps it",
    )
    .argument("<path>", "a store path, or its hash")
    .addOption(
      new Option(
        "--force-without <source...>",
        "whatever this source kept: for one that is gone for ever",
      ).choices(["master", "ci"] as const),
    )
    .addHelpText(
      "after",
      examples("cache delete /nix/store/7h2v...-shop-1.4"),
    )
    .action((path, flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const deleted = await cache.remove(
          await storePathOf(path),
          flags.forceWithout ?? [],
        );
        if (json) return printJson(context, deleted);
        context.out(describeDeleted(deleted));
      })
    );
}
