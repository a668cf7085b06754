/**
 * `logs VM`: the end of a VM's serial console, asked of the worker that runs it.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { parseWith, VmId } from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import { plainLines } from "../core/table.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withMaster,
} from "../flags.ts";

/** What one answer may carry. */
const MAX_BYTES = 16 * 1024 * 1024;

export function addLogs(program: Command, context: CliContext): void {
  withClientFlags(program.command("logs <vm>"))
    .description("print the end of a VM's console")
    .option(
      "--bytes <count>",
      "at most so much of it",
      wholeNumber(1, MAX_BYTES),
      65_536,
    )
    .addHelpText("after", examples("logs shop/web-0"))
    .action((vm, flags) =>
      withMaster(context, flags, async (master) => {
        const id = parseWith(VmId, vm, {
          what: "the VM's id",
          hint: "see `procurator status`",
        });
        const { text, truncated } = await master.logs(id, flags.bytes);
        if (flags.json === true) {
          return printJson(context, { vm: id, text, truncated });
        }
        if (truncated) {
          context.err(`(the last ${flags.bytes} bytes)\n`);
        }
        const shown = context.terminal ? plainLines(text) : text;
        context.out(
          shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`,
        );
      })
    );
}
