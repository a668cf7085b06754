/**
 * `cache fsck`: finds and mends damage of a stopped cache.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { cacheFilesWord, withCacheFiles } from "../cache_files_word.ts";
import type { CliContext } from "../context.ts";
import { formatCheck } from "../core/cache_files_view.ts";
import { examples, printJson } from "../flags.ts";
import type { RoleTable } from "../roles.ts";

export function addCacheFsck(
  program: Command,
  context: CliContext,
  { cacheFiles }: RoleTable,
): void {
  cacheFilesWord(program, "fsck")
    .description(
      "find what is missing, cut, changed or belongs to nothing in a stopped cache, and mend it",
    )
    .option("--deep", "read every nar; goes on where it was stopped")
    .option(
      "--repair",
      "mend what can be mended, move the rest to quarantine/, fetch what an upstream has",
    )
    .option("--restart", "read every nar from the beginning")
    .addHelpText(
      "after",
      "\nExit status: 0 when nothing is wrong or all of it was mended, 1 when something is, or must be pushed again.\n" +
        examples(
          "cache fsck --state-dir /var/lib/procurator/cache",
          "cache fsck --deep --repair --config /etc/procurator/cache.json",
        ),
    )
    .action((flags, command) =>
      withCacheFiles(context, command, async ({ load, options, json }) => {
        const report = await cacheFiles.check(load, {
          ...options,
          deep: flags.deep === true,
          repair: flags.repair === true,
          restart: flags.restart === true,
          now: () => context.clock.now(),
        });
        if (json) printJson(context, report);
        else context.out(formatCheck(report, context.paint));
        const { state } = report;
        if (state !== "clean" && state !== "mended") context.exitStatus = 1;
      })
    );
}
