/**
 * `cache pin`, `cache unpin`, `cache pins`: paths that people keep.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { parseWith, PinName } from "../../model/mod.ts";
import { cacheWord, storePathOf, withCache } from "../cache_word.ts";
import type { CliContext } from "../context.ts";
import { describePin, formatPins } from "../core/cache_view.ts";
import { durationBetween } from "../duration_flag.ts";
import { examples, printJson } from "../flags.ts";

const MINUTE_MS = 60_000;
/** Ten years; without it for ever. */
const MAX_FOR_MS = 3650 * 86_400_000;

function pinName(text: string): string {
  return parseWith(PinName, text, { what: "the pin's name" });
}

function addPin(program: Command, context: CliContext): void {
  cacheWord(program, "pin")
    .description("keep a path and all it refers to, until it is unpinned")
    .argument("<path>", "a store path, or its hash")
    .requiredOption(
      "--name <name>",
      "what to call it; a pin of that name moves",
    )
    .option(
      "--for <duration>",
      "let go of it by itself after that: 12h, 30d",
      durationBetween(MINUTE_MS, MAX_FOR_MS),
    )
    .addHelpText(
      "after",
      examples(
        "cache pin /nix/store/7h2v...-shop-1.4 --name shop-1.4",
        "cache pin ./result --name demo --for 30d",
      ),
    )
    .action((path, flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const pin = await cache.pin(pinName(flags.name), {
          path: await storePathOf(path),
          forMs: flags.for ?? null,
        });
        if (json) return printJson(context, pin);
        context.out(`pinned ${describePin(pin, context.clock.now())}\n`);
      })
    );
}

function addUnpin(program: Command, context: CliContext): void {
  cacheWord(program, "unpin")
    .description("let go of what a pin keeps; nothing is deleted by that alone")
    .argument("<name>", "which pin")
    .addHelpText("after", examples("cache unpin demo"))
    .action((name, _flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const pin = await cache.unpin(pinName(name));
        if (json) return printJson(context, pin);
        context.out(`unpinned ${describePin(pin, context.clock.now())}\n`);
      })
    );
}

function addPins(program: Command, context: CliContext): void {
  cacheWord(program, "pins")
    .description("list the pins")
    .addHelpText("after", examples("cache pins", "cache pins --json"))
    .action((_flags, command) =>
      withCache(context, command, async (cache, { json }) => {
        const pins = await cache.pins();
        if (json) return printJson(context, pins);
        context.out(formatPins(pins, context.clock.now(), context.paint));
      })
    );
}

export function addCachePins(program: Command, context: CliContext): void {
  addPin(program, context);
  addUnpin(program, context);
  addPins(program, context);
}
