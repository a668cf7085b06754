/**
 * `cache gc`: collect garbage, say what would go, or end a collection.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import type { CacheClient } from "../cache_client.ts";
import { cacheWord, withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import {
  formatCollection,
  formatCollectionStatus,
  formatProgress,
} from "../core/cache_view.ts";
import { examples, printJson } from "../flags.ts";

interface GcFlags {
  dryRun?: true | undefined;
  forceWithout?: ("master" | "ci")[] | undefined;
  status?: true | undefined;
  cancel?: true | undefined;
}

/** Collects until it is done, or the user stops it. */
async function collect(
  context: CliContext,
  cache: CacheClient,
  flags: GcFlags & { json: boolean },
): Promise<void> {
  const stop = new AbortController();
  void context.untilStopped().then(() => stop.abort());
  const shows = context.terminal && !flags.json;
  try {
    const report = await cache.collect({
      dryRun: flags.dryRun === true,
      without: flags.forceWithout ?? [],
    }, {
      signal: stop.signal,
      ...(shows
        ? { told: (progress) => context.err(formatProgress(progress)) }
        : {}),
    });
    if (shows) context.err("\r\x1b[K");
    if (flags.json) printJson(context, report);
    else context.out(formatCollection(report, context.paint));
    if (report.state !== "done") context.exitStatus = 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    context.err("stopped; what has gone so far is gone\n");
    context.exitStatus = 1;
  }
}

export function addCacheGc(program: Command, context: CliContext): void {
  cacheWord(program, "gc")
    .description(
      "collect garbage: what no generation, branch or pin reaches and nobody asked for lately",
    )
    .option("--dry-run", "say what would go, and why the rest stays")
    .addOption(
      new Option(
        "--force-without <source...>",
        "leave out what this source kept: for one that is gone for ever",
      ).choices(["master", "ci"] as const),
    )
    .option("--status", "show what runs, what comes and what the last ones did")
    .option("--cancel", "end the collection that is under way")
    .addHelpText(
      "after",
      examples(
        "cache gc --dry-run",
        "cache gc",
        "cache gc --status --json",
        "cache gc --force-without master",
      ),
    )
    .action((flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        if (flags.cancel === true) {
          await cache.cancel();
          return json
            ? printJson(context, { cancelled: true })
            : context.out("cancelled; what has gone so far is gone\n");
        }
        if (flags.status === true) {
          const status = await cache.status();
          if (json) return printJson(context, status);
          const nowMs = context.clock.now();
          return context.out(
            formatCollectionStatus(status, nowMs, context.paint),
          );
        }
        await collect(context, cache, { ...flags, json });
      })
    );
}
