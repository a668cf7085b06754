/**
 * `cache key`: the keys that a cache signs with, and how the next one takes
 * the place of the one in use.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { SigningKeyName } from "../../model/cache_keys.ts";
import { parseWith } from "../../model/parse.ts";
import { withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import { formatKeys } from "../core/cache_view.ts";
import {
  commandNamed,
  examples,
  printJson,
  withServiceFlags,
} from "../flags.ts";

function addList(keys: Command, context: CliContext): void {
  withServiceFlags(keys.command("list"), "cache")
    .description("show what signs, and how much of what is stored has it")
    .addHelpText("after", examples("cache key list"))
    .action((_flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const keys = await cache.keys();
        if (json) return printJson(context, { keys });
        context.out(formatKeys(keys, context.paint));
      })
    );
}

function addRotate(keys: Command, context: CliContext): void {
  withServiceFlags(keys.command("rotate"), "cache")
    .description(
      "make the next key: it signs from now on and what is stored, beside the one in use",
    )
    .option("--name <name>", "what to call it; by default it counts on")
    .addHelpText(
      "after",
      examples("cache key rotate", "cache key rotate --name cache-2027"),
    )
    .action((flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const name = flags.name === undefined
          ? undefined
          : parseWith(SigningKeyName, flags.name, { what: "the key's name" });
        const made = await cache.rotateKey(name);
        if (json) return printJson(context, { keys: made });
        context.out(formatKeys(made, context.paint));
        context.out(
          "\nGive clients this line. Once all have it, retire the older key:\n" +
            `  procurator cache key retire ${made[1]?.name ?? "NAME"}\n`,
        );
      })
    );
}

function addRetire(keys: Command, context: CliContext): void {
  withServiceFlags(keys.command("retire"), "cache")
    .description(
      "forget a key that no client needs: it signs no more; refused before the next one has signed all",
    )
    .argument("<name>", "which key")
    .addHelpText("after", examples("cache key retire procurator-cache-1"))
    .action((name, _flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const left = await cache.retireKey(name);
        if (json) return printJson(context, { keys: left });
        context.out(formatKeys(left, context.paint));
      })
    );
}

export function addCacheKey(program: Command, context: CliContext): void {
  const keys = (commandNamed(program, "cache") as Command).command("key")
    .description("list, rotate and retire the keys that the cache signs with")
    .addHelpText("after", examples("cache key list", "cache key rotate"));
  addList(keys, context);
  addRotate(keys, context);
  addRetire(keys, context);
}
