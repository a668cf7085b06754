/**
 * A word below `cache` that works on the files of a cache on this machine, as
 * its role's flags say where they are.
 *
 * @module
 */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { loadConfig } from "../config/mod.ts";
import { AppError } from "../model/errors.ts";
import type { CliContext } from "./context.ts";
import { formatFilesProgress } from "./core/cache_files_view.ts";
import { commandNamed } from "./flags.ts";
import type { CacheFilesOptions, LoadRoleConfig } from "./roles.ts";

/** How often a terminal is told. */
const TOLD_MS = 100;

interface PlaceFlags {
  config?: string | undefined;
  stateDir?: string | undefined;
  json?: true | undefined;
}

/** What such a word is given. */
export interface CacheFilesWord {
  load: LoadRoleConfig;
  options: CacheFilesOptions;
  json: boolean;
}

/** Adds `cache NAME` with the flags that say where the cache is. */
export function cacheFilesWord(program: Command, name: string) {
  const cache = commandNamed(program, "cache");
  return cache.command(name)
    .option("--config <file>", "the cache's configuration")
    .option("--state-dir <dir>", "the cache's directory")
    .option("--json", "print JSON and nothing else");
}

/** Does `action`, with progress on a terminal, until it is done or the user stops it. */
export async function withCacheFiles(
  context: CliContext,
  command: CommandUnknownOpts,
  action: (word: CacheFilesWord) => Promise<void>,
): Promise<void> {
  // Flags that the role has as well are taken by the word before.
  const flags: PlaceFlags = command.optsWithGlobals();
  const json = flags.json === true;
  const stop = new AbortController();
  const stopped = new AppError("failed", "It was stopped", {
    hint: "the same command goes on with what is left",
  });
  void context.untilStopped().then(() => stop.abort(stopped));
  let toldMs = -Infinity;
  const options: CacheFilesOptions = { signal: stop.signal };
  if (context.terminal && !json) {
    options.told = (progress) => {
      const nowMs = performance.now();
      if (nowMs - toldMs < TOLD_MS) return;
      toldMs = nowMs;
      context.err(formatFilesProgress(progress));
    };
  }
  const load: LoadRoleConfig = (schema) =>
    loadConfig(schema, {
      ...(flags.config === undefined ? {} : { file: flags.config }),
      overrides: { stateDir: flags.stateDir },
    });
  try {
    await action({ load, options, json });
  } finally {
    if (toldMs !== -Infinity) context.err("\r\x1b[K");
  }
}
