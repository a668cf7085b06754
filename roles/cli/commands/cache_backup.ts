/**
 * `cache backup` and `cache restore`: the cache as a directory.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { cacheFilesWord, withCacheFiles } from "../cache_files_word.ts";
import type { CliContext } from "../context.ts";
import {
  formatCacheBackup,
  formatCacheRestore,
} from "../core/cache_files_view.ts";
import { examples, printJson } from "../flags.ts";
import type { RoleTable } from "../roles.ts";

export function addCacheBackup(
  program: Command,
  context: CliContext,
  { cacheFiles }: RoleTable,
): void {
  cacheFilesWord(program, "backup")
    .description(
      "write the cache with its keys and tokens into a directory, while it runs or not; again: only what is new",
    )
    .argument("<dir>", "an empty directory, or one of an earlier backup")
    .addHelpText(
      "after",
      examples(
        "cache backup /backup/cache",
        "cache backup /backup/cache --state-dir /var/lib/procurator/cache --json",
      ),
    )
    .action((directory, _flags, command) =>
      withCacheFiles(context, command, async ({ load, options, json }) => {
        const info = await cacheFiles.backup(load, directory, options);
        if (json) printJson(context, info);
        else context.out(formatCacheBackup(info));
        if (info.damaged.length > 0) context.exitStatus = 1;
      })
    );
}

export function addCacheRestore(
  program: Command,
  context: CliContext,
  { cacheFiles }: RoleTable,
): void {
  cacheFilesWord(program, "restore")
    .description(
      "make a stopped cache what a backup has; the replaced database is kept",
    )
    .argument("<dir>", "what `cache backup` wrote")
    .addHelpText(
      "after",
      examples(
        "cache restore /backup/cache --state-dir /var/lib/procurator/cache",
      ),
    )
    .action((directory, _flags, command) =>
      withCacheFiles(context, command, async ({ load, options, json }) => {
        const info = await cacheFiles.restore(load, directory, {
          ...options,
          nowMs: context.clock.now(),
        });
        if (json) printJson(context, info);
        else context.out(formatCacheRestore(info));
        if (info.damaged.length > 0) context.exitStatus = 1;
      })
    );
}
