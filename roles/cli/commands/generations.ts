/**
 * `generations`: what was published, and what became of it.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../context.ts";
import { formatGenerations } from "../core/status_view.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withCluster,
  withMaster,
} from "../flags.ts";

/** More than a master keeps. */
const MAX_LIMIT = 1000;

export function addGenerations(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("generations")))
    .description("list the published generations, newest first")
    .option("--limit <count>", "how many", wholeNumber(1, MAX_LIMIT), 20)
    .addHelpText("after", examples("generations --limit 5"))
    .action((flags) =>
      withMaster(context, flags, async (master) => {
        const list = await master.generations(flags.cluster ?? "", flags.limit);
        if (flags.json === true) printJson(context, list);
        else {context.out(
            formatGenerations(list, context.clock.now(), context.paint),
          );}
      })
    );
}
