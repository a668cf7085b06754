/**
 * `why VM`: why it is there, why it is not placed, or why it was rolled back.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { parseWith, VmId } from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import { formatWhy } from "../core/why_view.ts";
import { examples, printJson, withClientFlags, withMaster } from "../flags.ts";

export function addWhy(program: Command, context: CliContext): void {
  withClientFlags(program.command("why <vm>"))
    .description("say why a VM is where it is, is nowhere, or went back")
    .option("--all", "every worker as a place for it, not only the best")
    .addHelpText("after", examples("why shop/web-0", "why shop/web-0 --all"))
    .action((vm, flags) =>
      withMaster(context, flags, async (master) => {
        const id = parseWith(VmId, vm, {
          what: "the VM's id",
          hint: "see `procurator status`",
        });
        const why = await master.why(id);
        if (flags.json === true) return printJson(context, why);
        context.out(formatWhy(why, {
          nowMs: context.clock.now(),
          all: flags.all === true,
          paint: context.paint,
        }));
      })
    );
}
